'use strict';
// What the shows of process trees (`npm run trees`, `npm run parents`) have in common.

const fs = require('node:fs');

/** npx runs a command line in a shell, as it does for a package's program. */
function commandFor(line, withoutNpx) {
  return withoutNpx ? ['sh', ['-c', line]] : ['npx', ['--offline', '-c', line]];
}

function countProcesses() {
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
}

function middle(sorted) {
  return sorted[sorted.length >> 1] ?? 0;
}

function print(line) {
  process.stdout.write(`${line}\n`);
}

module.exports = { commandFor, countProcesses, middle, print };
