'use strict';
// What `sprog/worker` exports: for the functions of a worker module, the task that they run for.

const { AsyncLocalStorage } = require('node:async_hooks');
const { ambient } = require('./ambient.js');

const storage = new AsyncLocalStorage();
const shared = ambient();
shared.enter ??= (task, run) => storage.run(task, run);

/**
 * What a task leaves running keeps its async context: connections, timers, a queue that it was first to use.
 * @returns {any} the task that the calling function runs for; undefined outside of one
 */
function current() {
  const task = storage.getStore();
  return task?.isOver ? undefined : task;
}

function emit(value) {
  return current()?.emit(value) ?? false;
}

function currentTask() {
  const task = current();
  if (task === undefined) return undefined;
  return {
    name: task.name,
    attempt: task.attempt,
    get signal() {
      return task.signal;
    },
  };
}

module.exports = { emit, currentTask, isWorker: shared.isWorker };
