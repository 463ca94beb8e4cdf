'use strict';
// `sprog/worker`: for the functions of a pool's worker module, the task that they run for.

const context = require('./lib/pool/child/context.js');

module.exports.emit = context.emit;
module.exports.currentTask = context.currentTask;
module.exports.isWorker = context.isWorker;
