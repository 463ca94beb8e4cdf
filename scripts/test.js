'use strict';
// `npm test`: everything a fresh clone needs, then the Rust unit tests, then node's test runner over
// __test__/*.test.js. The runner comes last, so that its summary and exit code are those of the run.
//
//   npm test [-- FILE...]    only these test files

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { nodeBinary, selectedLines } = require('../__test__/helpers/nodes.js');
const { ROOT, setup } = require('./setup.js');

const TESTS = path.join(ROOT, '__test__');
const WARNINGS_HOOK = path.join(TESTS, 'helpers', 'warnings.js');
const WARNINGS = path.join(ROOT, '.cache', 'warnings');
const FAILED_REPORTER = path.join(__dirname, 'support', 'failed-files.js');
const FAILED = path.join(ROOT, '.cache', 'failed-files');
// More than this many files is not bad luck.
const MOST_TO_REPEAT = 6;
// A hang must end the run with a name, not with the patience of whoever runs it.
const FILE_TIMEOUT_MS = 20 * 60_000;

function main() {
  setup();
  for (const major of selectedLines()) nodeBinary(major);
  say(`Node ${selectedLines().join(', ')} at hand`);

  const rust = run('cargo', ['test', '--workspace', '--lib']);
  if (rust !== 0) return rust;

  fs.rmSync(WARNINGS, { recursive: true, force: true });
  const status = runFiles(testFiles(process.argv.slice(2)), os.availableParallelism());
  const failed = status === 0 ? [] : failedFiles();
  if (failed.length === 0 || failed.length > MOST_TO_REPEAT) return verdict(status);
  return repeatAlone(failed);
}

/** Runs test files by node's test runner, so many at a time, and answers with its exit code. */
function runFiles(files, concurrency) {
  fs.rmSync(FAILED, { force: true });
  return run(process.execPath, [
    '--require',
    WARNINGS_HOOK,
    '--test',
    `--test-reporter=${process.stdout.isTTY ? 'spec' : 'tap'}`,
    '--test-reporter-destination=stdout',
    `--test-reporter=${FAILED_REPORTER}`,
    `--test-reporter-destination=${FAILED}`,
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${FILE_TIMEOUT_MS}`,
    ...files,
  ]);
}

function failedFiles() {
  if (!fs.existsSync(FAILED)) return [];
  const names = fs.readFileSync(FAILED, 'utf8').split('\n').filter(Boolean);
  return [...new Set(names.map((name) => path.resolve(name)))];
}

/**
 * Asks a few failed files again with the machine to themselves, so that one run tells a defect from a
 * test that another one's load has upset. The second is a defect too, of the test or of what it tests,
 * and is named for whoever mends it.
 */
function repeatAlone(failed) {
  const names = failed.map((file) => path.relative(ROOT, file)).join(', ');
  say(`failed: ${names}; asked again, one at a time`);
  const status = runFiles(failed, 1);
  if (status === 0) say(`UNSTEADY, failed beside others and passed alone: ${names}`);
  return verdict(status);
}

function verdict(status) {
  return reportWarnings() && status === 0 ? 1 : status;
}

// A list, not a directory or a pattern: what these mean to `node --test` differs between Node lines.
function testFiles(wanted) {
  if (wanted.length > 0) return wanted.map((file) => path.resolve(file));
  return fs
    .readdirSync(TESTS)
    .filter((name) => name.endsWith('.test.js'))
    .sort()
    .map((name) => path.join(TESTS, name));
}

/** Shows what the hook recorded, of the test files and of the processes they forked. */
function reportWarnings() {
  if (!fs.existsSync(WARNINGS)) return false;
  for (const name of fs.readdirSync(WARNINGS)) {
    process.stderr.write(fs.readFileSync(path.join(WARNINGS, name), 'utf8'));
  }
  return true;
}

function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (error) throw error;
  if (signal) say(`${command} was ended by ${signal}`);
  return status ?? 1;
}

function say(line) {
  process.stdout.write(`test: ${line}\n`);
}

try {
  process.exitCode = main();
} catch (error) {
  process.stderr.write(`test: ${error.message}\n`);
  process.exitCode = 1;
}
