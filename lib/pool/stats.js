'use strict';
// What can be seen of a pool from outside: figures, all times in milliseconds.

/** @param {any} core */
function poolStats(core) {
  const { staff, queue, counts, options } = core;
  const workers = staff.workers.map((worker) => workerStats(worker, options.concurrency));
  const ready = workers.filter(({ state }) => state === 'idle' || state === 'busy');
  return {
    queued: queue.size,
    running: sum(workers, 'running'),
    pending: core.pending,
    ...counts,
    started: staff.counts.started,
    restarts: staff.counts.restarted,
    recycled: staff.counts.recycled,
    utilisation: ready.length === 0 ? 0 : sum(ready, 'utilisation') / ready.length,
    rss: sum(workers, 'rss'),
    waitTime: core.waitTime.summary(),
    runTime: core.runTime.summary(),
    workers,
  };
}

function workerStats(worker, concurrency) {
  const { id, pid, size, finished, age, busyUs, state, vitals } = worker;
  return {
    id,
    pid,
    state: state === 'ready' ? (size > 0 ? 'busy' : 'idle') : state,
    running: Math.min(size, concurrency),
    waiting: Math.max(0, size - concurrency),
    tasks: finished,
    age,
    utilisation: Math.min(1, busyUs / 1000 / concurrency / age),
    rss: vitals?.rss ?? 0,
  };
}

function sum(items, key) {
  return items.reduce((total, item) => total + item[key], 0);
}

module.exports = { poolStats };
