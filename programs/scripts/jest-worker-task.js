'use strict';
// What the workers of jest-worker.js do.

let given;

module.exports = {
  setup: (value) => {
    given = value;
  },
  add: (a, b) => a + b,
  fail: () => {
    throw new TypeError('on purpose');
  },
  large: (length) => 'x'.repeat(length),
  die: () => process.kill(process.pid, 'SIGKILL'),
  who: () => [given, typeof process.send],
};
