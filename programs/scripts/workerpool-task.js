'use strict';
// What the workers of workerpool.js do.

const workerpool = require('workerpool');

workerpool.worker({
  twice: (number) => number * 2,
  tell: () => {
    workerpool.workerEmit({ progress: 1 });
  },
  fail: () => {
    throw new Error('on purpose');
  },
  hang: () => {
    while (true);
  },
});
