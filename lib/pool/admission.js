'use strict';
// Who may add a task: the limit of the queue, and those who wait for room in it.

const { PoolClosed, QueueFull } = require('./errors.js');

class Admission {
  #core;
  /** @type {{ resolve: (value?: any) => void, reject: (error: any) => void }[]} */
  #waiting = [];
  /** How the pool was shut; '' while it is open. */
  #how = '';

  /** @param {any} core */
  constructor(core) {
    this.#core = core;
  }

  /** What workers can begin at once, those not started yet too, does not count as waiting. */
  #room() {
    const { options, staff, queue } = this.#core;
    if (options.maxQueue === Infinity) return Infinity;
    return options.maxQueue + staff.slots() - queue.size;
  }

  /** Why no task can be taken now; undefined if one can. */
  refusal() {
    if (this.#how) return new PoolClosed(this.#how);
    return this.#room() > 0 ? undefined : new QueueFull(this.#core.options.maxQueue);
  }

  /** Resolves when there is room in the queue. */
  ready() {
    if (this.#how) return Promise.reject(new PoolClosed(this.#how));
    if (this.#waiting.length === 0 && this.#room() > 0) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Lets in as many as there is room for. */
  admit() {
    if (this.#waiting.length === 0) return;
    for (const { resolve } of this.#waiting.splice(0, Math.max(0, this.#room()))) resolve();
  }

  /** @param {string} how */
  shut(how) {
    this.#how = how;
    for (const { reject } of this.#waiting.splice(0)) reject(new PoolClosed(how));
  }
}

module.exports = { Admission };
