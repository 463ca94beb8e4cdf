'use strict';
// `npm run sanitize`: the native tests under AddressSanitizer (with a nightly compiler) and under valgrind,
// and the addon in a Node under both. What is missing on this machine is said and counts as failed, unless
// it was not asked for.
//
//   npm run sanitize [-- tests-asan|tests-valgrind|addon-asan|addon-valgrind ...]     all, if none is named

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');
const TARGET = path.join(ROOT, 'target', 'sanitize');
const SMOKE = path.join(__dirname, 'smoke.js');
const LIMIT_MS = 30 * 60_000;
/** What valgrind exits with if it has found something. */
const FOUND = 99;
/** Leaks are not looked for in a Node, which frees little at its end. */
const ASAN_OPTIONS = 'detect_leaks=0:abort_on_error=1';

function run(command, args, env = {}, options = {}) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: LIMIT_MS,
    ...options,
  });
  if (result.error) throw result.error;
  return result;
}

function must(command, args, env) {
  const { status, signal, stdout, stderr } = run(command, args, env);
  if (status !== 0)
    throw new Error(`${command} ${args[0]}: ${status ?? signal}\n${stdout}${stderr}`);
  return { stdout, stderr };
}

function host() {
  const { stdout } = must('rustc', ['+nightly', '-vV']);
  return /** @type {RegExpExecArray} */ (/^host: (.+)$/m.exec(stdout))[1];
}

const ASAN_FLAGS = { RUSTFLAGS: '-Zsanitizer=address -Cforce-frame-pointers' };

/** The figures of libtest. */
function counted(stdout) {
  const results = [...stdout.matchAll(/test result: .*?(\d+) passed; (\d+) failed/g)];
  return `${results.reduce((sum, [, passed]) => sum + Number(passed), 0)} tests passed`;
}

const PARTS = {
  'tests-asan'() {
    const place = ['--target', host(), '--target-dir', TARGET];
    const args = ['+nightly', 'test', '--workspace', '--lib', ...place];
    return counted(must('cargo', args, ASAN_FLAGS).stdout);
  },

  'tests-valgrind'() {
    const built = ['test', '--workspace', '--lib', '--no-run', '--message-format=json'];
    const { stdout } = must('cargo', built);
    const binaries = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
      .filter(({ executable, profile }) => executable && profile?.test)
      .map(({ executable }) => executable);
    const flags = ['-q', `--error-exitcode=${FOUND}`, '--leak-check=full'];
    flags.push('--errors-for-leak-kinds=definite', '--show-leak-kinds=definite');
    const said = binaries.map((binary) => {
      return must('valgrind', [...flags, binary, '--test-threads=1']).stdout;
    });
    return counted(said.join('\n'));
  },

  'addon-asan'() {
    const triple = host();
    const args = ['+nightly', 'build', '--lib', '--target', triple, '--target-dir', TARGET];
    must('cargo', args, ASAN_FLAGS);
    const addon = path.join(TARGET, triple, 'debug', 'sprog.asan.node');
    fs.copyFileSync(path.join(TARGET, triple, 'debug', 'libsprog.so'), addon);
    const runtime = must('cc', ['-print-file-name=libasan.so']).stdout.trim();
    return must(process.execPath, [SMOKE], {
      NAPI_RS_NATIVE_LIBRARY_PATH: addon,
      LD_PRELOAD: fs.realpathSync(runtime),
      ASAN_OPTIONS,
      // A child that shares our memory leaves its stack by exec, and the marks of its frames stay behind
      // for whoever is given that memory next.
      SPROG_SPAWN: 'fork',
    }).stdout.trim();
  },

  /** Node itself is full of what valgrind does not like: only errors with a frame of ours count. */
  'addon-valgrind'() {
    const log = path.join(TARGET, 'valgrind.xml');
    fs.mkdirSync(TARGET, { recursive: true });
    const flags = ['--smc-check=all-non-file', '--xml=yes', `--xml-file=${log}`];
    const { stdout } = must('valgrind', [...flags, process.execPath, '--jitless', SMOKE]);
    const all = fs.readFileSync(log, 'utf8').split('<error>').slice(1);
    // Leaks are told in this form of the log, asked for or not: what is registered as an addon is loaded
    // stays for good.
    const errors = all.filter((error) => !error.includes('<kind>Leak_'));
    const ours = errors.filter((error) => error.includes('.node</obj>'));
    if (ours.length > 0) throw new Error(`${ours.length} errors in our code\n${ours[0]}`);
    return `${stdout.trim()}, ${errors.length} errors of Node's own`;
  },
};

function main() {
  const chosen = process.argv.slice(2);
  const unknown = chosen.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0) throw new Error(`no part ${unknown}; there are ${Object.keys(PARTS)}`);
  let isWell = true;
  for (const [name, part] of Object.entries(PARTS)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    try {
      console.log(`${name}: well, ${part()}`);
    } catch (error) {
      isWell = false;
      console.log(`${name}: NOT WELL\n${/** @type {any} */ (error).message}`);
    }
  }
  return isWell;
}

try {
  process.exitCode = main() ? 0 : 1;
} catch (error) {
  process.stderr.write(`sanitize: ${/** @type {any} */ (error).message}\n`);
  process.exitCode = 1;
}
