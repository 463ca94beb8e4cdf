'use strict';
// How fast do bytes come out of a child through 'data', and how busy does that keep the loop?

const { check, closesCleanly, cpu, loadModule, main, now, pick } = require('../support/case.js');
const { watchBusy } = require('../support/loop.js');

main(async () => {
  const { spawn } = loadModule();
  await drain(spawn, 16);
  const megabytes = pick({ full: 4096, quick: 1024, tiny: 64 });
  const stop = watchBusy();
  const cpuBefore = cpu();
  const before = now();
  await drain(spawn, megabytes);
  const elapsed = now() - before;
  const gigabytes = megabytes / 1024;
  const busy = stop();
  return {
    megabytesPerSecond: megabytes / (elapsed / 1000),
    loopBusyMsPerGb: busy === null ? null : busy / gigabytes,
    cpuMsPerGb: cpu(cpuBefore) / gigabytes,
  };
});

async function drain(spawn, megabytes) {
  const args = ['if=/dev/zero', 'bs=1M', `count=${megabytes}`];
  const child = spawn('dd', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let bytes = 0;
  child.stdout.on('data', (chunk) => {
    bytes += chunk.length;
  });
  await closesCleanly(child);
  check(bytes === megabytes * 2 ** 20, `${bytes} of ${megabytes} MiB arrived`);
}
