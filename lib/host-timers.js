'use strict';
// Node's timers as they are when the package is loaded: what a program, or a test with a clock of its own, puts
// in their place later must not keep a child from its timeout.

const { clearTimeout, setImmediate, setTimeout } = require('node:timers');
const { queueMicrotask } = globalThis;

module.exports = { clearTimeout, queueMicrotask, setImmediate, setTimeout };
