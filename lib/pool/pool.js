'use strict';
// Pool: worker processes that run the functions of a module. This file is loaded with the package and loads
// the rest with the first pool.

const { EventEmitter } = require('node:events');
const { native } = require('../native.js');

const ASYNC_DISPOSE = /** @type {any} */ (Symbol).asyncDispose ?? Symbol.for('nodejs.asyncDispose');
const NO_ARGUMENTS = [];

class Pool extends EventEmitter {
  #core;
  #parts;
  #defaults;
  /** @type {Promise<void> | undefined} */
  #closing;
  /** @type {Set<{ stop: () => void }>} */
  #tops = new Set();

  constructor(script, options) {
    super();
    if (!native) throw require('../errors.js').featureUnavailable('Pool');
    this.#parts = require('./parts.js');
    const checked = this.#parts.poolOptions(script, options);
    this.#defaults = this.#parts.checkTaskOptions({}, checked);
    const { channel } = this.#parts;
    this.#core = new this.#parts.Core(checked, (event, ...values) => {
      if (channel.hasSubscribers) channel.publish({ event, pool: this, values });
      this.emit(event, ...values);
    });
    this.methods = this.#parts.methodsOf(this);
  }

  run(name, args = NO_ARGUMENTS, options = undefined) {
    const { Task, checkTask } = this.#parts;
    checkTask(name, args);
    const checked = options === undefined ? this.#defaults : this.#check(options);
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal(checked);
      if (refusal) reject(refusal);
      else this.#core.add(new Task(this.#core, name, args, checked, resolve, reject));
    });
  }

  /** @param {any} [options] */
  stream(name, args = NO_ARGUMENTS, options = undefined) {
    const { Task, TaskStream, checkTask, checkHighWaterMark } = this.#parts;
    checkTask(name, args);
    const checked = options === undefined ? this.#defaults : this.#check(options);
    const highWaterMark = checkHighWaterMark(options?.highWaterMark);
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

  #check(options) {
    const { checkTaskOptions, AsyncResource } = this.#parts;
    const checked = checkTaskOptions(options, this.#core.options);
    // Progress is told where run() was called, not where a worker's message came in.
    if (checked.onProgress) checked.onProgress = AsyncResource.bind(checked.onProgress);
    return checked;
  }

  #refusal({ signal }) {
    if (signal?.aborted) return this.#parts.abortError(signal.reason);
    return this.#core.admission.refusal();
  }

  ready() {
    return this.#core.admission.ready();
  }

  stats() {
    return this.#parts.poolStats(this.#core);
  }

  top(options) {
    const { checkTop, startTop } = this.#parts;
    const top = startTop(() => this.stats(), this.#core.options.script, checkTop(options));
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

  async close(options) {
    const timeout = this.#parts.checkClose(options);
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
    core.rejectAll(new this.#parts.errors.PoolClosed('terminated'));
    core.staff.killAll();
    this.#closing ??= this.#emptied();
    await this.#closing;
  }

  async #emptied() {
    const core = this.#core;
    const { workers, onempty } = core.staff;
    if (workers.length > 0) await new Promise((resolve) => onempty.push(resolve));
    core.finish();
    for (const top of [...this.#tops]) top.stop();
  }

  [ASYNC_DISPOSE]() {
    return this.close();
  }

  static get WorkerExited() {
    return require('./errors.js').WorkerExited;
  }

  static get TaskTimeout() {
    return require('./errors.js').TaskTimeout;
  }

  static get QueueFull() {
    return require('./errors.js').QueueFull;
  }

  static get WorkerStartFailed() {
    return require('./errors.js').WorkerStartFailed;
  }

  static get PoolClosed() {
    return require('./errors.js').PoolClosed;
  }
}

module.exports = { Pool };
