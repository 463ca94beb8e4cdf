'use strict';
// This end sends as fast as it can: messages a second that a child takes and counts.

const { check, cpu, main, now, pick } = require('../support/case.js');
const { nextMessage, openChannel } = require('../support/channel.js');
const { flood } = require('../../lib/cli/bench/flood.js');

main(async () => {
  await send(20_000);
  const { elapsed, used, count } = await send(pick({ full: 400_000, quick: 100_000, tiny: 5_000 }));
  return { messagesPerSecond: count / (elapsed / 1000), parentCpuUs: (used / count) * 1000 };
});

/** A child of its own for each, since one that has counted to the end takes no other command. */
async function send(count) {
  const { child, close } = await openChannel();
  child.send({ command: 'count', count });
  await nextMessage(child);
  const cpuBefore = cpu();
  const before = now();
  flood(child, count);
  const { counted, misfit } = await nextMessage(child);
  const elapsed = now() - before;
  const used = cpu(cpuBefore);
  check(counted && misfit === null, `messages are in order: ${misfit}`);
  await close();
  return { elapsed, used, count };
}
