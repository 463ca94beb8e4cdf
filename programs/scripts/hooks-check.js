'use strict';
// What lint-staged runs in hooks.js.

const fs = require('node:fs');

for (const file of process.argv.slice(2)) {
  if (fs.readFileSync(file, 'utf8').includes('bad')) throw new Error('bad text');
}
