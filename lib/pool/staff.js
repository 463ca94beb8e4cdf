'use strict';
// The workers of a pool: how many there are, when one is started, replaced or let go.

const { clearTimeout, setTimeout } = require('../host-timers.js');
const { WorkerStartFailed } = require('./errors.js');
const { unwatchEnd, watchEnd } = require('./natural-end.js');
const { markWorn, sampleRss } = require('./wear.js');
const { Worker } = require('./worker.js');

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5000;
/** A worker that ends by itself before this, without having had a task. */
const HASTY_MS = 1000;

class Staff {
  #core;
  #next = 1;
  #hasBegun = false;
  /** Attempts to start a worker that failed in a row. */
  #failures = 0;
  #startAt = 0;
  #startTimer;
  #idleTimer;
  /** Those whose process has not ended. @type {InstanceType<typeof Worker>[]} */
  workers = [];
  counts = { started: 0, restarted: 0, recycled: 0 };
  /** What is to be waited for of workers that have ended: the end of what they had started. @type {Set<Promise<void>>} */
  leaving = new Set();
  /** @type {(() => void)[]} called when there are no workers any more */
  onempty = [];

  constructor(core) {
    this.#core = core;
  }

  /** `min` holds from now on. */
  begin() {
    this.#hasBegun = true;
    this.balance();
  }

  /** Tasks that could be begun now, or by workers that may still be started. */
  slots() {
    const { max, concurrency } = this.#core.options;
    let count = 0;
    let taken = 0;
    for (const worker of this.workers) {
      if (!this.#isCounted(worker)) continue;
      count += 1;
      taken += Math.min(worker.size, concurrency);
    }
    return Math.max(0, Math.max(max, count) * concurrency - taken);
  }

  /** Neither about to end nor with another one started in its place. */
  #isCounted({ state, successor }) {
    return successor === undefined && (state === 'starting' || state === 'ready');
  }

  /** Starts what is needed, replaces what is worn, lets go of what has been idle for too long. */
  balance() {
    const core = this.#core;
    if (core.state !== 'open' && core.pending === 0) return;
    if (core.pending > 0) this.#hasBegun = true;
    markWorn(this.workers, core.options);
    const { min, max, spares, concurrency } = core.options;
    let count = 0;
    let starting = 0;
    let busy = 0;
    for (const worker of this.workers) {
      if (!this.#isCounted(worker)) continue;
      count += 1;
      if (worker.state === 'starting') starting += 1;
      else if (!worker.isIdle) busy += 1;
    }
    const lacking = Math.ceil(core.queue.size / concurrency) - starting;
    const wanted = Math.max(
      this.#hasBegun ? min : 0,
      lacking > 0 ? count + lacking : 0,
      this.#hasBegun && spares > 0 ? busy + spares : 0,
    );
    for (; count < Math.min(wanted, max); count++) if (!this.#start()) return;
    for (const worker of this.#hasBegun ? this.workers : []) {
      if (!worker.wear || worker.successor || worker.state !== 'ready') continue;
      worker.successor = this.#start();
      if (worker.successor === undefined) return;
    }
    this.#watchIdle();
  }

  /** @returns {InstanceType<typeof Worker> | undefined} */
  #start() {
    const wait = this.#startAt - performance.now();
    if (wait > 0) {
      // Nothing but this timer may be left of a program that waits for a worker.
      this.#startTimer ??= setTimeout(() => {
        this.#startTimer = undefined;
        this.balance();
      }, wait).unref();
      return undefined;
    }
    const core = this.#core;
    try {
      const worker = core.outside(() => new Worker(core, this.#next++));
      this.workers.push(worker);
      watchEnd(this);
      this.counts.started += 1;
      core.emit('workerStart', worker.identity);
      return worker;
    } catch (error) {
      this.#failed(error, '');
      return undefined;
    }
  }

  succeeded(worker) {
    this.#failures = 0;
    this.#core.emit('workerReady', worker.identity);
    const worn = this.workers.find(({ successor }) => successor === worker);
    // One that is worn by its tasks does them to the last.
    if (worn?.wear && worn.wear !== 'maxTasks') worn.retire(worn.wear);
    if (this.#core.state !== 'open' && this.#core.pending === 0) worker.retire('closed');
  }

  /** An attempt to start a worker has failed: the next one waits, and after some nobody else does. */
  #failed(error, stderr) {
    const core = this.#core;
    this.#failures += 1;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** (this.#failures - 1), LONGEST_DELAY_MS);
    this.#startAt = performance.now() + delay;
    core.emit('workerStartFailed', { attempt: this.#failures, error });
    const { startAttempts, script } = core.options;
    const isHopeless = this.#failures >= startAttempts && this.#failures % startAttempts === 0;
    if (isHopeless && !this.workers.some(({ state }) => state === 'ready')) {
      core.rejectQueued(new WorkerStartFailed(script, this.#failures, error, stderr));
    }
    core.schedule();
  }

  /** A worker's process has ended. */
  ended(worker, ending) {
    const core = this.#core;
    this.workers.splice(this.workers.indexOf(worker), 1);
    this.#awaitTree(worker.gone);
    for (const other of this.workers) if (other.successor === worker) other.successor = undefined;
    const { wasReady, leave, wear } = worker;
    const { code, signal, oomKilled, stderr, cause } = ending;
    const reason = leave ?? ending.reason;
    core.emit('workerExit', { ...worker.identity, code, signal, oomKilled, reason, stderr, cause });
    if (leave === undefined) {
      if (!wasReady) this.#failed(startError(worker, ending), stderr);
      else this.counts.restarted += 1;
      // It did not even live to get a task: others may not either.
      const isHasty = wasReady && worker.assigned === 0 && worker.age < HASTY_MS;
      if (isHasty) this.#startAt = performance.now() + HASTY_MS;
    } else if (leave === wear) {
      this.counts.recycled += 1;
    }
    if (this.workers.length > 0) return;
    unwatchEnd(this);
    for (const done of this.onempty.splice(0)) done();
  }

  async #awaitTree(gone) {
    this.leaving.add(gone);
    await gone;
    this.leaving.delete(gone);
  }

  /** A worker has one task less. */
  freed(worker) {
    const { maxTasks, maxRss } = this.#core.options;
    if (worker.state === 'retiring') {
      worker.endIfDone();
      return;
    }
    if (worker.assigned >= maxTasks && worker.isIdle) worker.retire('maxTasks');
    else if (maxRss !== Infinity) sampleRss(worker, maxRss);
  }

  /** @internal Those with long tasks are looked at too. */
  sampleAll() {
    if (this.#core.options.maxRss === Infinity) return;
    for (const worker of this.workers) sampleRss(worker, this.#core.options.maxRss);
  }

  #watchIdle() {
    const { idleTimeout } = this.#core.options;
    if (idleTimeout === Infinity || this.#idleTimer !== undefined) return;
    const idle = this.#dispensable();
    if (idle.length === 0) return;
    const since = Math.min(...idle.map(({ idleSince }) => idleSince));
    const wait = Math.max(1, since + idleTimeout - performance.now());
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined;
      const limit = performance.now() - idleTimeout;
      for (const worker of this.#dispensable()) {
        if (worker.idleSince <= limit) worker.retire('idle');
      }
      this.#watchIdle();
    }, wait).unref();
  }

  /** Idle workers that neither `min` nor `spares` ask for; those that came last are the first to go. */
  #dispensable() {
    const { min, spares } = this.#core.options;
    const counted = this.workers.filter((worker) => this.#isCounted(worker));
    const idle = counted.filter((worker) => worker.state === 'ready' && worker.isIdle);
    const kept = Math.max(min, counted.length - idle.length + spares);
    return idle.reverse().slice(0, Math.max(0, counted.length - kept));
  }

  /** The program is about to end; should it go on, `min` holds again from the next task on. */
  letGo() {
    if (this.#core.pending > 0) return;
    this.#hasBegun = false;
    // Those that are stopped would not end, and those that are starting have done nothing.
    for (const worker of [...this.workers]) if (!worker.isStopped) worker.retire('idle');
  }

  /** No more tasks will come. */
  retireAll() {
    this.#stopTimers();
    for (const worker of [...this.workers]) {
      if (worker.state === 'starting') worker.dismiss('closed');
      else worker.retire('closed');
    }
  }

  killAll() {
    this.#stopTimers();
    for (const worker of [...this.workers]) worker.dismiss('terminated');
  }

  #stopTimers() {
    clearTimeout(this.#startTimer);
    clearTimeout(this.#idleTimer);
  }
}

/** Why a worker never got ready. */
function startError(worker, { code, signal, error, reason }) {
  if (worker.failure) return worker.failure.error;
  if (error) return error;
  if (reason === 'startTimeout') return new Error('its module was not loaded in time');
  const how = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
  return new Error(`it ${how} before its module was loaded`);
}

module.exports = { Staff };
