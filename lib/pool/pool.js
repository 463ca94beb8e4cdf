'use strict';
// Pool: worker processes that run the functions of a module.

const { AsyncResource } = require('node:async_hooks');
const diagnostics = require('node:diagnostics_channel');
const { EventEmitter } = require('node:events');
const { ASYNC_DISPOSE } = require('../child-extras.js');
const { abortError, featureUnavailable } = require('../errors.js');
const { clearTimeout, setTimeout } = require('../host-timers.js');
const { native } = require('../native.js');
const { Core } = require('./core.js');
const errors = require('./errors.js');
const { methodsOf } = require('./methods.js');
const options = require('./options.js');
const { poolStats } = require('./stats.js');
const { TaskStream } = require('./stream.js');
const { Task } = require('./task.js');
const { startTop } = require('./top.js');

/** Every event of every pool, as `{ event, pool, values }`. */
const channel = diagnostics.channel('sprog:pool');

const NO_ARGUMENTS = [];

class Pool extends EventEmitter {
  #core;
  #defaults;
  /** @type {Promise<void> | undefined} */
  #closing;
  /** @type {Set<{ stop: () => void }>} */
  #tops = new Set();

  constructor(script, given) {
    super();
    if (!native) throw featureUnavailable('Pool');
    const checked = options.poolOptions(script, given);
    this.#defaults = options.checkTaskOptions({}, checked);
    this.#core = new Core(checked, (event, ...values) => {
      if (channel.hasSubscribers) channel.publish({ event, pool: this, values });
      try {
        this.emit(event, ...values);
      } catch (error) {
        // A listener's: what the pool is about to do is done whole.
        process.nextTick(rethrow, error);
      }
    });
    this.methods = methodsOf(this);
  }

  run(name, args = NO_ARGUMENTS, given = undefined) {
    options.checkTask(name, args);
    const checked = given === undefined ? this.#defaults : this.#check(given);
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal(checked);
      if (refusal) reject(refusal);
      else this.#core.add(new Task(this.#core, name, args, checked, resolve, reject));
    });
  }

  /** @param {any} [given] */
  stream(name, args = NO_ARGUMENTS, given = undefined) {
    options.checkTask(name, args);
    const checked = given === undefined ? this.#defaults : this.#check(given);
    const highWaterMark = options.checkHighWaterMark(given?.highWaterMark);
    const core = this.#core;
    return new TaskStream(core, highWaterMark, (stream, resolve, reject) => {
      const refusal = this.#refusal(checked);
      if (refusal) throw refusal;
      const task = new Task(core, name, args, checked, resolve, reject);
      task.stream = stream;
      core.add(task);
      return task;
    });
  }

  #check(given) {
    const checked = options.checkTaskOptions(given, this.#core.options);
    // Progress is told where run() was called, not where a worker's message came in.
    if (checked.onProgress) checked.onProgress = AsyncResource.bind(checked.onProgress);
    return checked;
  }

  #refusal({ signal }) {
    if (signal?.aborted) return abortError(signal.reason);
    return this.#core.admission.refusal();
  }

  ready() {
    return this.#core.admission.ready();
  }

  stats() {
    return poolStats(this.#core);
  }

  top(given) {
    const { script } = this.#core.options;
    const top = startTop(() => this.stats(), script, options.checkTop(given));
    const stop = () => {
      top.stop();
      this.#tops.delete(entry);
    };
    const entry = { ...top, stop };
    this.#tops.add(entry);
    return entry;
  }

  get stdout() {
    return this.#core.outputs.stdout;
  }

  get stderr() {
    return this.#core.outputs.stderr;
  }

  get closed() {
    return this.#core.state !== 'open';
  }

  async close(given) {
    const timeout = options.checkClose(given);
    const timer =
      timeout === Infinity ? undefined : setTimeout(() => this.terminate(), timeout).unref();
    this.#closing ??= this.#close();
    await this.#closing;
    clearTimeout(timer);
  }

  async #close() {
    const core = this.#core;
    core.shut('closed');
    if (core.pending > 0) await new Promise((resolve) => core.onidle.push(resolve));
    core.staff.retireAll();
    await this.#emptied();
  }

  async terminate() {
    const core = this.#core;
    if (core.state === 'closed') return;
    core.shut('terminated');
    core.rejectAll(new errors.PoolClosed('terminated'));
    core.staff.killAll();
    core.outputs.forsake();
    this.#closing ??= this.#emptied();
    await this.#closing;
  }

  async #emptied() {
    const core = this.#core;
    const { workers, onempty, leaving } = core.staff;
    if (workers.length > 0) await new Promise((resolve) => onempty.push(resolve));
    await Promise.all(leaving);
    await core.outputs.written();
    core.finish();
    for (const top of [...this.#tops]) top.stop();
  }

  [ASYNC_DISPOSE]() {
    return this.close();
  }
}

function rethrow(error) {
  throw error;
}

Object.assign(Pool, errors);

module.exports = { Pool };
