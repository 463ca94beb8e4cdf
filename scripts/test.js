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
// A hang must end the run with a name, not with the patience of whoever runs it.
const FILE_TIMEOUT_MS = 20 * 60_000;

function main() {
  setup();
  for (const major of selectedLines()) nodeBinary(major);
  say(`Node ${selectedLines().join(', ')} at hand`);

  const rust = run('cargo', ['test', '--workspace', '--lib']);
  if (rust !== 0) return rust;

  fs.rmSync(WARNINGS, { recursive: true, force: true });
  const status = run(process.execPath, [
    '--require',
    WARNINGS_HOOK,
    '--test',
    `--test-reporter=${process.stdout.isTTY ? 'spec' : 'tap'}`,
    `--test-concurrency=${os.availableParallelism()}`,
    `--test-timeout=${FILE_TIMEOUT_MS}`,
    ...testFiles(process.argv.slice(2)),
  ]);
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
