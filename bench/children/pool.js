'use strict';
// What the workers of a pool do in the benchmark, and how they die in scripts/pool-deaths.js.

exports.add = (a, b) => a + b;
exports.bytes = (buffer) => buffer;
exports.die = (how) => {
  if (how === 'exit') process.exit(1);
  if (how === 'throw')
    setImmediate(() => {
      throw new Error('out of nowhere');
    });
  else if (how === 'disconnect') process.disconnect();
  else process.kill(process.pid, how);
  return new Promise(() => {});
};
