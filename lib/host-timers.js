'use strict';
// Node's timers as they are when the package is loaded: what a program, or a test with a clock of its own, puts
// in their place later must not keep a child from its timeout, a channel from its end, or a pool from its
// workers. Node's own module holds its timers in the same way, so no file of ours uses the global ones.

const {
  clearImmediate,
  clearInterval,
  clearTimeout,
  setImmediate,
  setInterval,
  setTimeout,
} = require('node:timers');
const { queueMicrotask } = globalThis;

/** @param {number} milliseconds @returns {Promise<void>} */
function sleep(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

module.exports = {
  clearImmediate,
  clearInterval,
  clearTimeout,
  queueMicrotask,
  setImmediate,
  setInterval,
  setTimeout,
  sleep,
};
