'use strict';
// One task inside of its worker: what runs, and what it can know of itself and say.

const { OP, FLAG } = require('../protocol.js');
const { send } = require('./link.js');

class WorkerTask {
  #controller;
  #isAborted = false;

  /**
   * @param {number} number
   * @param {string} name
   * @param {Function | undefined} run
   * @param {any[]} args
   * @param {number} flags
   * @param {number} attempt 0 is the first
   * @param {number} credits items that a stream may send
   */
  constructor(number, name, run, args, flags, attempt, credits) {
    this.number = number;
    this.name = name;
    this.run = run;
    this.args = args;
    this.flags = flags;
    this.attempt = attempt;
    this.credits = credits;
    this.began = 0;
    /** Its outcome is told: what it has left running runs for no task. */
    this.isOver = false;
    /** Of a stream that waits for credits. @type {(() => void) | undefined} */
    this.wake = undefined;
    /** Of a stream, called when it is cancelled. @type {(() => void) | undefined} */
    this.stop = undefined;
  }

  get isStream() {
    return (this.flags & FLAG.STREAM) !== 0;
  }

  /** Aborted when the program aborts the task, or has read enough of its stream. */
  get signal() {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  cancel() {
    this.#isAborted = true;
    this.#controller?.abort();
    this.stop?.();
  }

  grant(credits) {
    this.credits += credits;
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }

  /** Progress; false if nobody listens, as nobody does to a task that is not wanted any more. */
  emit(value) {
    if ((this.flags & FLAG.PROGRESS) === 0 || this.#isAborted) return false;
    send({ o: OP.PROGRESS, s: this.number, v: value });
    return true;
  }
}

module.exports = { WorkerTask };
