'use strict';
// The tasks that a worker has, by their numbers, and which of them it must be running by now.

const { clearTimeout } = require('../host-timers.js');

class Assignments {
  #concurrency;
  #onbegun;
  /** In the order in which they are begun. @type {Map<number, any>} */
  #tasks = new Map();
  /** The number of the next task that is sent. */
  #next = 0;
  /** The first number that is not presumed to be running, or done. */
  #cursor = 0;
  #presumed = 0;
  /** Microseconds that all of them are expected to take. */
  load = 0;

  /**
   * @param {number} concurrency
   * @param {(task: any) => void} onbegun told of a task when all that stood before it is running or
   *   done; it may have begun before that, since its worker knows earlier
   */
  constructor(concurrency, onbegun) {
    this.#concurrency = concurrency;
    this.#onbegun = onbegun;
  }

  get size() {
    return this.#tasks.size;
  }

  /** How many are not presumed to be running. */
  get waiting() {
    return this.#tasks.size - this.#presumed;
  }

  /** The first of them. */
  get firstWaiting() {
    return this.#cursor;
  }

  /** A task that will be sent next. */
  add(task) {
    task.number = this.#next++;
    this.#tasks.set(task.number, task);
    this.load += task.cost;
  }

  /** @param {number} number */
  get(number) {
    return this.#tasks.get(number);
  }

  /** @returns {any[]} */
  all() {
    return [...this.#tasks.values()];
  }

  /** Whether it was there. */
  remove(task) {
    if (!this.#tasks.delete(task.number)) return false;
    this.load -= task.cost;
    if (task.isPresumedRunning) this.#presumed -= 1;
    release(task);
    this.presume();
    return true;
  }

  /** All, of a worker that has ended. @returns {any[]} */
  takeAll() {
    const tasks = this.all();
    tasks.forEach(release);
    this.#tasks.clear();
    return tasks;
  }

  /** Goes on to those that must be running. */
  presume() {
    while (this.#presumed < this.#concurrency && this.#cursor < this.#next) {
      const task = this.#tasks.get(this.#cursor++);
      if (task === undefined) continue;
      task.isPresumedRunning = true;
      this.#presumed += 1;
      this.#onbegun(task);
    }
  }
}

function release(task) {
  task.isPresumedRunning = false;
  clearTimeout(task.timer);
  task.timer = undefined;
}

module.exports = { Assignments };
