'use strict';
// The other end of ./parent.js: answers every message, and lets go of the channel when told to stop.

const { green, line } = require('../support/terminal.js');

process.on('message', (message) => {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  line(`  ${green('child got ')} ${text}`);
  if (message.task === 'stop') process.disconnect();
  else process.send(answer(message));
});

function answer(message) {
  if (message.task === 'sum') return { sum: message.numbers.reduce((a, b) => a + b, 0) };
  if (message.task === 'sort') return { words: message.words.toSorted(), at: { pid: process.pid } };
  return 'Hello from child';
}
