'use strict';
// Which workers have done, lived or grown enough, and are to be replaced.

/** RSS is looked at no more often than this. */
const SAMPLE_MS = 100;
/** Before a worker gets too old its replacement is started so early, or by a quarter of the age. */
const LEAD_MS = 200;
/** Since it became ready a worker may have its first tasks, even if it took longer to start than it may live. */
const FRESH_MS = 1000;

/**
 * Marks what is worn by tasks or by age. The replacement is started while there is a quarter of the tasks
 * left to do.
 * @param {any[]} workers
 * @param {{ maxTasks: number, maxAge: number }} options
 */
function markWorn(workers, { maxTasks, maxAge }) {
  const age = maxAge - Math.min(LEAD_MS, maxAge / 4);
  for (const worker of workers) {
    if (worker.wear || worker.state !== 'ready') continue;
    if (maxTasks - worker.assigned <= Math.floor(maxTasks / 4)) worker.wear = 'maxTasks';
    else if (worker.age > age) worker.wear = 'maxAge';
  }
}

/** Marks a worker that has grown too large. @param {any} worker @param {number} maxRss in bytes */
function sampleRss(worker, maxRss) {
  const now = performance.now();
  if (worker.wear || worker.state !== 'ready' || now - worker.sampledAt < SAMPLE_MS) return;
  worker.sampledAt = now;
  if ((worker.vitals?.rss ?? 0) > maxRss) worker.wear = 'maxRss';
}

/**
 * Whether a worker is over its age, and so gets no task.
 * @param {any} worker
 * @param {number} maxAge
 */
function isTooOld(worker, maxAge) {
  if (worker.age <= maxAge) return false;
  if (worker.assigned === 0 && performance.now() - worker.idleSince < FRESH_MS) return false;
  letGo(worker, 'maxAge');
  return true;
}

/**
 * The same of one that has been idle for a while and is too large: it may have grown when nobody looked.
 * @param {any} worker
 * @param {number} maxRss
 */
function isTooLarge(worker, maxRss) {
  if (!worker.isIdle || performance.now() - worker.idleSince < SAMPLE_MS) return false;
  sampleRss(worker, maxRss);
  if (worker.wear !== 'maxRss') return false;
  letGo(worker, 'maxRss');
  return true;
}

/** Once its replacement is there it goes, or, if there is none yet, once it is idle. */
function letGo(worker, wear) {
  worker.wear = wear;
  const { isIdle, successor } = worker;
  if (successor === undefined ? isIdle : successor.wasReady) worker.retire(wear);
}

module.exports = { isTooLarge, isTooOld, markWorn, sampleRss };
