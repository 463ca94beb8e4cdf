'use strict';
// `sprog/worker`: for the functions of a pool's worker module, the task that they run for.

const { worker } = require('./lib/entry.js');

module.exports.emit = worker.emit;
module.exports.currentTask = worker.currentTask;
module.exports.isWorker = worker.isWorker;
