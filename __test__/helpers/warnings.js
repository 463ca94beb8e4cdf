'use strict';
// Preloaded into every test file by scripts/test.js, and so into what a test forks with the default
// execArgv: any process warning fails the run. A deprecation, a listener leak or an unhandled
// rejection of ours would otherwise scroll by. A test that is about a warning starts a process of
// its own with `execArgv: []`.

const fs = require('node:fs');
const path = require('node:path');
const { isMainThread } = require('node:worker_threads');

const RECORDS = path.join(__dirname, '..', '..', '.cache', 'warnings');
const isTestFile = (process.argv[1] ?? '').endsWith('.test.js');

if (isMainThread) {
  process.on('warning', (warning) => {
    const where = process.argv.slice(1).join(' ');
    const text = `process warning in ${where}\n${warning.stack}\n`;
    fs.mkdirSync(RECORDS, { recursive: true });
    fs.appendFileSync(path.join(RECORDS, `${process.pid}.txt`), text);
    if (!isTestFile) return;
    process.stderr.write(text);
    // Late, since the runner sets the code of a file whose tests have all passed.
    process.once('exit', () => {
      process.exitCode = 1;
    });
  });
}
