'use strict';
// One message of 128 MB to a forked child: how long until it is there, and what it costs both ends in
// memory, at the most and afterwards.

const fs = require('node:fs');
const { check, main, median, now, pick } = require('../support/case.js');
const { nextMessage, openChannel } = require('../support/channel.js');

const MEGABYTE = 2 ** 20;

main(async () => {
  const size = pick({ full: 128, quick: 128, tiny: 8 }) * MEGABYTE;
  const { child, close } = await openChannel();
  const ask = (message) => {
    const answer = nextMessage(child);
    child.send(message);
    return answer;
  };
  await ask({ command: 'measure' });
  await ask({ payload: Buffer.alloc(MEGABYTE, 1) });
  const payload = Buffer.alloc(size, 1);
  const times = [];
  const before = { ours: resident('self'), theirs: resident(child.pid) };
  const rounds = pick({ full: 5, quick: 3, tiny: 1 });
  for (let round = 0; round < rounds; round += 1) {
    const start = now();
    const { bytes, sum } = await ask({ payload });
    times.push(now() - start);
    check(bytes === size && sum === size / MEGABYTE, `${bytes} of ${size} bytes arrived`);
  }
  const figures = {
    oneWayMs: median(times),
    parentPeakMb: peak('self') - before.ours,
    childPeakMb: peak(child.pid) - before.theirs,
  };
  await close();
  return figures;
});

function resident(pid) {
  return status(pid, 'VmRSS');
}

function peak(pid) {
  return status(pid, 'VmHWM');
}

/** A figure of /proc/PID/status, in MB. */
function status(pid, key) {
  const text = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(new RegExp(`${key}:\\s+(\\d+)`).exec(text)[1]) / 1024;
}
