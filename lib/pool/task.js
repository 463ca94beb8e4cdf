'use strict';
// One task on the program's side, from run() until its promise is settled.

const { abortError } = require('../errors.js');
const { bytesOf } = require('../memory.js');
const { unwatchSignal, watchSignal } = require('./abort.js');
const { FLAG } = require('./protocol.js');

/**
 * @typedef {object} TaskOptions
 * @property {AbortSignal | undefined} signal
 * @property {number} priority
 * @property {((value: any) => void) | undefined} onProgress
 * @property {number} timeout in milliseconds
 * @property {number} retries
 */

/** From this many bytes on an argument is bulky. */
const BULKY_BYTES = 256 * 1024;

class Task {
  isQueued = false;
  isSettled = false;
  /** How often it has been begun by a worker that is gone. */
  attempt = 0;
  /** How often it has been with a worker that ended before it began. */
  returns = 0;
  queuedAt = performance.now();
  /** When its worker had nothing else to run any more. */
  startedAt = 0;
  /** @type {InstanceType<typeof import('./worker.js').Worker> | undefined} */
  worker = undefined;
  number = -1;
  /** Microseconds that it is expected to take. */
  cost = 0;
  isPresumedRunning = false;
  /** @type {NodeJS.Timeout | undefined} */
  timer = undefined;
  /** The stream that takes its items. @type {InstanceType<typeof import('./stream.js').TaskStream> | undefined} */
  stream = undefined;

  #core;
  #resolve;
  #reject;

  /**
   * @param {any} core
   * @param {string} name
   * @param {any[]} args
   * @param {TaskOptions} options
   * @param {(value: any) => void} resolve
   * @param {(error: any) => void} reject
   */
  constructor(core, name, args, options, resolve, reject) {
    this.#core = core;
    this.name = name;
    // The array is the program's, and may be another one later.
    this.args = Array.prototype.slice.call(args);
    this.options = options;
    this.priority = options.priority;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get flags() {
    const { onProgress } = this.options;
    return (this.stream ? FLAG.STREAM : 0) | (onProgress ? FLAG.PROGRESS : 0);
  }

  /**
   * Whether it should not wait in a worker that is busy: while both ends write much to each other neither reads,
   * and what each of them still has to write must be copied.
   */
  get isBulky() {
    for (const arg of this.args) {
      if (typeof arg === 'string' && arg.length >= BULKY_BYTES) return true;
      if (typeof arg === 'object' && bytesOf(arg) >= BULKY_BYTES) return true;
    }
    return false;
  }

  watch() {
    const { signal } = this.options;
    if (signal) watchSignal(signal, this);
  }

  /** The signal has been aborted. */
  onabort(reason) {
    this.#core.abort(this, abortError(reason));
  }

  resolve(value) {
    if (this.#settle(false)) this.#resolve(value);
  }

  reject(error) {
    if (this.#settle(true)) this.#reject(error);
  }

  #settle(hasFailed) {
    if (this.isSettled) return false;
    this.isSettled = true;
    const { signal } = this.options;
    if (signal) unwatchSignal(signal, this);
    this.#core.settled(this, hasFailed);
    return true;
  }
}

module.exports = { Task };
