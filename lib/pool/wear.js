'use strict';
// Which workers have done, lived or grown enough, and are to be replaced.

/** RSS is looked at no more often than this. */
const SAMPLE_MS = 100;

/**
 * Marks what is worn by tasks or by age. The replacement is started while there is a quarter of the tasks
 * left to do.
 * @param {any[]} workers
 * @param {{ maxTasks: number, maxAge: number }} options
 */
function markWorn(workers, { maxTasks, maxAge }) {
  for (const worker of workers) {
    if (worker.wear || worker.state !== 'ready') continue;
    if (maxTasks - worker.assigned <= Math.floor(maxTasks / 4)) worker.wear = 'maxTasks';
    else if (worker.age > maxAge) worker.wear = 'maxAge';
  }
}

/** Marks a worker that has grown too large. @param {any} worker @param {number} maxRss in bytes */
function sampleRss(worker, maxRss) {
  const now = performance.now();
  if (worker.wear || worker.state !== 'ready' || now - worker.sampledAt < SAMPLE_MS) return;
  worker.sampledAt = now;
  if ((worker.vitals?.rss ?? 0) > maxRss) worker.wear = 'maxRss';
}

module.exports = { markWorn, sampleRss };
