'use strict';
// How fast do bytes go into a child's stdin, written with respect for back-pressure?

const { check, closesCleanly, cpu, loadModule, main, now, pick } = require('../support/case.js');
const { watchBusy } = require('../support/loop.js');

const CHUNK = Buffer.alloc(256 * 1024, 'sprog');

main(async () => {
  const { spawn } = loadModule();
  await fill(spawn, 16);
  const megabytes = pick({ full: 4096, quick: 1024, tiny: 64 });
  const stop = watchBusy();
  const cpuBefore = cpu();
  const before = now();
  await fill(spawn, megabytes);
  const elapsed = now() - before;
  const gigabytes = megabytes / 1024;
  const busy = stop();
  return {
    megabytesPerSecond: megabytes / (elapsed / 1000),
    loopBusyMsPerGb: busy === null ? null : busy / gigabytes,
    cpuMsPerGb: cpu(cpuBefore) / gigabytes,
  };
});

/** dd counts what it got, so that the answer comes from the reader and not from the writer. */
async function fill(spawn, megabytes) {
  const child = spawn('dd', ['of=/dev/null', 'bs=1M'], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  let report = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text) => {
    report += text;
  });
  const ended = closesCleanly(child);
  let left = (megabytes * 2 ** 20) / CHUNK.length;
  const write = () => {
    while (left > 0) {
      left -= 1;
      if (!child.stdin.write(CHUNK)) {
        child.stdin.once('drain', write);
        return;
      }
    }
    child.stdin.end();
  };
  write();
  await ended;
  const [, bytes] = /^(\d+) bytes/m.exec(report) ?? [];
  check(Number(bytes) === megabytes * 2 ** 20, `the child read ${bytes} of ${megabytes} MiB`);
}
