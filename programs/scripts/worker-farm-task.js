'use strict';
// What the workers of worker-farm.js do.

module.exports = {
  add: (a, b, done) => done(null, a + b),
  fail: (done) => done(new TypeError('on purpose')),
  large: (length, done) => done(null, 'x'.repeat(length)),
  die: () => process.kill(process.pid, 'SIGKILL'),
  leave: () => process.exit(3),
  hang: () => {},
};
