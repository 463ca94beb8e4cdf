'use strict';
// A child sends as fast as it can: messages a second, and this end's CPU for each.

const { check, cpu, main, now, pick } = require('../support/case.js');
const { openChannel } = require('../support/channel.js');
const { counter } = require('../../lib/cli/bench/flood.js');

main(async () => {
  const { child, close } = await openChannel();
  await receive(child, 20_000);
  const count = pick({ full: 400_000, quick: 100_000, tiny: 5_000 });
  const cpuBefore = cpu();
  const before = now();
  await receive(child, count);
  const elapsed = now() - before;
  const used = cpu(cpuBefore);
  await close();
  return { messagesPerSecond: count / (elapsed / 1000), parentCpuUs: (used / count) * 1000 };
});

async function receive(child, count) {
  const misfit = await new Promise((resolve) => {
    const listener = counter(count, (answer) => {
      child.removeListener('message', listener);
      resolve(answer);
    });
    child.on('message', listener);
    child.send({ command: 'flood', count });
  });
  check(misfit === null, `messages are in order: ${misfit}`);
}
