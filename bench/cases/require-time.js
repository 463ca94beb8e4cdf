'use strict';
// How long does the first require() of the module take in a fresh process?

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { MODULE, check, main, median, pick } = require('../support/case.js');

const CHILD = path.join(__dirname, '..', 'children', 'require.js');

main(async () => {
  const count = pick({ full: 25, quick: 11, tiny: 2 });
  const times = [];
  for (let round = 0; round < count; round += 1) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CHILD, MODULE], {
      encoding: 'utf8',
    });
    check(status === 0, stderr);
    times.push(Number(stdout));
  }
  return { requireMs: median(times) };
});
