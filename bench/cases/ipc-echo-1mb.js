'use strict';
// A message of 1 MB goes to a forked child and comes back: megabytes a second, both ways counted.

const { check, main, now, params, pick } = require('../support/case.js');
const { nextMessage, openChannel } = require('../support/channel.js');

const SIZE = 1e6;

main(async () => {
  const { child, close } = await openChannel();
  child.send({ command: 'echo' });
  await nextMessage(child);
  const payload = params.serialization === 'advanced' ? Buffer.alloc(SIZE, 'x') : 'x'.repeat(SIZE);
  await echo(child, payload, 10);
  const count = pick({ full: 300, quick: 100, tiny: 5 });
  const before = now();
  await echo(child, payload, count);
  const elapsed = now() - before;
  await close();
  return { megabytesPerSecond: (2 * count * SIZE) / 1e6 / (elapsed / 1000) };
});

async function echo(child, payload, count) {
  for (let seq = 0; seq < count; seq += 1) {
    const answer = nextMessage(child);
    child.send({ seq, payload });
    const message = await answer;
    check(message.seq === seq, `message ${seq} came back`);
    check(same(message.payload, payload), `the payload of message ${seq} is whole`);
  }
}

function same(got, sent) {
  return typeof sent === 'string' ? got === sent : Buffer.compare(got, sent) === 0;
}
