'use strict';
// How long do spawnSync() of a small program and execSync() of a small command take?

const { check, loadModule, main, median, now, pick } = require('../support/case.js');

main(async () => {
  const { spawnSync, execSync } = loadModule();
  const count = pick({ full: 300, quick: 100, tiny: 5 });
  return {
    spawnSyncMs: typical(count, () => {
      const { status } = spawnSync('/bin/true');
      check(status === 0, `/bin/true ended with ${status}`);
    }),
    execSyncMs: typical(count, () => {
      const text = execSync('echo hi', { encoding: 'utf8' });
      check(text === 'hi\n', `echo gave ${JSON.stringify(text)}`);
    }),
  };
});

function typical(count, work) {
  for (let warm = 0; warm < count / 10; warm += 1) work();
  const times = [];
  for (let round = 0; round < count; round += 1) {
    const before = now();
    work();
    times.push(now() - before);
  }
  return median(times);
}
