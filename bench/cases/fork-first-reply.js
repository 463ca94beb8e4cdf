'use strict';
// How long from fork() to the child's first message?

const path = require('node:path');
const { check, closed, loadModule, main, median, now, pick } = require('../support/case.js');
const { nextMessage } = require('../support/channel.js');

const CHILD = path.join(__dirname, '..', 'children', 'hello.js');

main(async () => {
  const { fork } = loadModule();
  const count = pick({ full: 25, quick: 10, tiny: 2 });
  const times = [];
  for (let round = -2; round < count; round += 1) {
    const before = now();
    const child = fork(CHILD);
    const ended = closed(child);
    const message = await nextMessage(child);
    if (round >= 0) times.push(now() - before);
    check(message === 'hello', `the child said ${JSON.stringify(message)}`);
    child.send('enough');
    await ended;
  }
  return { replyMs: median(times) };
});
