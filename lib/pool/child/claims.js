'use strict';
// Which tasks this worker may have begun, written where the pool can read it whatever becomes of the
// worker: in a file that both have open (see ../claims.js). A task is begun only once its number is below
// what is written there, and if the pool has not taken it back: each end writes before it reads, so
// that one of the two sees what the other did.

const fs = require('node:fs');
const { REVOKED_AT } = require('../protocol.js');

class Claims {
  #fd;
  #number = Buffer.alloc(8);

  /** @param {number} fd -1 if there is none: all that was sent counts as begun */
  constructor(fd) {
    this.#fd = fd;
  }

  /**
   * @param {number} number of the task that is about to begin
   * @returns {boolean} false if it must not
   */
  claim(number) {
    if (this.#fd === -1) return true;
    this.#number.writeDoubleLE(number + 1);
    fs.writeSync(this.#fd, this.#number, 0, 8, 0);
    fs.readSync(this.#fd, this.#number, 0, 8, REVOKED_AT);
    return number < this.#number.readDoubleLE();
  }
}

module.exports = { Claims };
