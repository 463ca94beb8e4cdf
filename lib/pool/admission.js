'use strict';
// Who may add a task: the limit of the queue, and those who wait for room in it.
//
// Whoever is told that there is room gets a place: it is kept until the next run(), or until the microtasks
// that follow are done. Of several that wait none is told of room that another one takes.

const { queueMicrotask } = require('../host-timers.js');
const { PoolClosed, QueueFull } = require('./errors.js');

class Admission {
  #core;
  /** @type {{ resolve: (value?: any) => void, reject: (error: any) => void }[]} */
  #waiting = [];
  /** Places that are kept, by when they were given. @type {{ count: number }[]} */
  #kept = [];
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

  /** Why no task can be taken now; undefined if one can, which then is. */
  refusal() {
    if (this.#how) return new PoolClosed(this.#how);
    if (this.#room() <= 0) return new QueueFull(this.#core.options.maxQueue);
    // Who it is that comes cannot be known.
    const places = this.#kept.find(({ count }) => count > 0);
    if (places) places.count -= 1;
    return undefined;
  }

  /** Resolves when there is room in the queue. */
  ready() {
    if (this.#how) return Promise.reject(new PoolClosed(this.#how));
    if (this.#waiting.length === 0 && this.#keep(1) > 0) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Lets in as many as there is room for. */
  admit() {
    if (this.#waiting.length === 0) return;
    for (const { resolve } of this.#waiting.splice(0, this.#keep(this.#waiting.length))) resolve();
  }

  /** @param {number} wanted @returns {number} places that are kept from now on */
  #keep(wanted) {
    const room = this.#room();
    if (room === Infinity) return wanted;
    const free = this.#kept.reduce((left, { count }) => left - count, room);
    const count = Math.max(0, Math.min(wanted, free));
    if (count === 0) return 0;
    const places = { count };
    this.#kept.push(places);
    // A tick that is queued by a microtask comes when all of them are done.
    queueMicrotask(() => process.nextTick(() => this.#release(places)));
    return count;
  }

  /** Those who were told have had their turn. */
  #release(places) {
    this.#kept.splice(this.#kept.indexOf(places), 1);
    if (places.count > 0) this.admit();
  }

  /** @param {string} how */
  shut(how) {
    this.#how = how;
    for (const { reject } of this.#waiting.splice(0)) reject(new PoolClosed(how));
  }
}

module.exports = { Admission };
