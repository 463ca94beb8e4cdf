'use strict';
// `npm run fuzz`: builds the targets of fuzz/ (a nightly compiler is needed), seeds them from real
// traffic, runs each for a time with AddressSanitizer, and prints what came of it. What a run finds is
// kept in fuzz/artifacts and tried first in the next. Exits with 1 if anything was found.
//
//   npm run fuzz [-- SECONDS] [TARGET...]     each target for SECONDS (30)

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { fuzzControlFrames } = require('./control.js');
const { writeSeeds } = require('./traffic.js');

const ROOT = path.join(__dirname, '..', '..');
const FUZZ = path.join(ROOT, 'fuzz');
const CORPUS = path.join(FUZZ, 'corpus');
const ARTIFACTS = path.join(FUZZ, 'artifacts');
const DEFAULT_SECONDS = 30;
const INPUT_MS = 20_000;
const MEMORY_MIB = 2048;
/** The parser that is JavaScript: it has a runner of its own. */
const CONTROL = 'control_frames';

/** What `cargo fuzz` would set: coverage that libFuzzer can read, and AddressSanitizer. */
const RUSTFLAGS = [
  '--cfg fuzzing',
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
  '-Cllvm-args=-sanitizer-coverage-trace-compares',
  '-Zsanitizer=address',
  '-Crelro-level=partial',
].join(' ');

function targets() {
  const sources = fs.readdirSync(path.join(FUZZ, 'fuzz_targets'));
  return sources.map((name) => path.basename(name, '.rs')).sort();
}

function hostTriple() {
  const { stdout } = spawnSync('rustc', ['+nightly', '-vV'], { encoding: 'utf8' });
  const host = /^host: (.+)$/m.exec(stdout ?? '')?.[1];
  if (!host) throw new Error('a nightly compiler is needed: rustup toolchain install nightly');
  return host;
}

/** @returns {string} the directory of the binaries */
function build() {
  const host = hostTriple();
  const args = ['+nightly', 'build', '--release', '--target', host];
  const { status } = spawnSync('cargo', args, {
    cwd: FUZZ,
    env: { ...process.env, RUSTFLAGS },
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the targets do not build');
  return path.join(FUZZ, 'target', host, 'release');
}

function list(place) {
  return fs.existsSync(place) ? fs.readdirSync(place).map((name) => path.join(place, name)) : [];
}

/** One target: what earlier runs found is tried again, then it runs for its time. */
function run(binary, target, seconds) {
  const corpus = path.join(CORPUS, target);
  const artifacts = path.join(ARTIFACTS, target);
  for (const place of [corpus, artifacts]) fs.mkdirSync(place, { recursive: true });
  const args = [`-timeout=${INPUT_MS / 1000}`, `-rss_limit_mb=${MEMORY_MIB}`];
  const known = list(artifacts);
  if (known.length > 0) {
    const again = spawnSync(binary, [...args, ...known], { encoding: 'utf8' });
    if (again.status !== 0) return { target, executions: 0, finding: lastLines(again.stderr) };
  }
  args.push(`-max_total_time=${seconds}`, `-artifact_prefix=${artifacts}/`, '-print_final_stats=1');
  const { status, stderr } = spawnSync(binary, [...args, corpus], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const executions = Number(/stat::number_of_executed_units:\s+(\d+)/.exec(stderr)?.[1] ?? 0);
  const coverage = Number([...stderr.matchAll(/\bcov: (\d+)/g)].at(-1)?.[1] ?? 0);
  const finding = status === 0 ? '' : lastLines(stderr);
  return { target, executions, coverage, corpus: list(corpus).length, finding };
}

function lastLines(text) {
  const telling = text.split('\n').filter((line) => /panicked|SUMMARY|Test unit|assert/.test(line));
  return (telling.length > 0 ? telling : text.split('\n').slice(-10)).join('\n');
}

async function main() {
  const args = process.argv.slice(2);
  const seconds = /^\d+$/.test(args[0] ?? '') ? Number(args.shift()) : DEFAULT_SECONDS;
  const chosen = args.length > 0 ? args : [...targets(), CONTROL];
  const unknown = chosen.filter((target) => target !== CONTROL && !targets().includes(target));
  if (unknown.length > 0)
    throw new Error(`no target ${unknown}; there are ${targets()} ${CONTROL}`);

  await writeSeeds(CORPUS);
  const natives = chosen.filter((target) => target !== CONTROL);
  const binaries = natives.length > 0 ? build() : '';
  const results = [];
  for (const target of chosen) {
    const result =
      target === CONTROL
        ? await fuzzControlFrames(seconds)
        : run(path.join(binaries, target), target, seconds);
    results.push(result);
    console.log(`${target}: ${result.executions} executions, ${result.finding || 'nothing found'}`);
  }
  console.table(results.map((result) => ({ ...result, finding: result.finding ? 'YES' : 'none' })));
  process.exitCode = results.some(({ finding }) => finding) ? 1 : 0;
}

main().catch((error) => {
  process.stderr.write(`fuzz: ${error.message}\n`);
  process.exitCode = 1;
});
