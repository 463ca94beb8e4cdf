'use strict';
// The worker of settings.js.

const cluster = require('node:cluster');

console.log('to stdout', process.argv.slice(2));
console.error('to stderr');
process.send(
  {
    map: new Map(),
    args: process.argv.slice(2),
    cwd: process.cwd() === '/',
    limit: Error.stackTraceLimit,
    isWorker: cluster.isWorker,
    id: cluster.worker.id,
  },
  () => {
    process.exitCode = 5;
    process.disconnect();
  },
);
