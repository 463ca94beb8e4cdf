'use strict';
// How long do spawnSync() of a small program and execSync() of a small command take?

const { check, loadModule, main, median, now, repeat } = require('../support/case.js');

main(async () => {
  const { spawnSync, execSync } = loadModule();
  return {
    spawnSyncMs: await typical(() => {
      const { status } = spawnSync('/bin/true');
      check(status === 0, `/bin/true ended with ${status}`);
    }),
    execSyncMs: await typical(() => {
      const text = execSync('echo hi', { encoding: 'utf8' });
      check(text === 'hi\n', `echo gave ${JSON.stringify(text)}`);
    }),
  };
});

async function typical(work) {
  const times = await repeat(() => {
    const before = now();
    work();
    return now() - before;
  });
  return median(times);
}
