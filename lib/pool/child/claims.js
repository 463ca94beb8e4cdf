'use strict';
// Which tasks this worker may have begun, written where the pool can read it whatever becomes of the
// worker: one number in a file that both have open. A task is begun only once its number is below it.
//
// While tasks are short several are claimed ahead, so that a claim costs them little; those of them
// that were not begun when the worker dies count as begun.

const fs = require('node:fs');

/** What the tasks of one claim may take together. */
const AHEAD_US = 300;
const MAX_AHEAD = 64;

class Claims {
  #fd;
  #number = Buffer.alloc(8);
  #limit = 0;

  /** @param {number} fd -1 if there is none: all that was sent counts as begun */
  constructor(fd) {
    this.#fd = fd;
    if (fd === -1) this.#limit = Infinity;
  }

  /**
   * @param {number} number of the task that is about to begin
   * @param {number} usual microseconds that tasks take
   */
  claim(number, usual) {
    if (number < this.#limit) return;
    const ahead = Math.max(1, Math.min(MAX_AHEAD, Math.floor(AHEAD_US / usual)));
    this.#limit = number + ahead;
    this.#number.writeDoubleLE(this.#limit);
    fs.writeSync(this.#fd, this.#number, 0, 8, 0);
  }
}

module.exports = { Claims };
