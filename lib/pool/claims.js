'use strict';
// The pool's side of claims: a nameless file that a worker has open too, with two numbers in it. Tasks
// below the first, which the worker writes, may have begun; the others have not, whatever became of the
// worker, and may be given to another one. From the second on, which the pool writes, the worker must
// not begin any: so tasks are taken back from a worker that is blocked.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { REVOKED_AT } = require('./protocol.js');

const { O_RDWR, O_EXCL, O_CREAT } = fs.constants;
/** Not among Node's constants; a directory opened with it gives a file without a name. */
const O_TMPFILE = 0o20200000;
const PLACES = ['/dev/shm', os.tmpdir()];

let made = 0;

class ClaimsFile {
  #fd;
  #number = Buffer.alloc(8);

  constructor() {
    this.#fd = openNameless();
    if (this.#fd !== -1) this.#revoke(Infinity);
  }

  /** -1 if none could be made: then all that a worker was sent counts as begun. */
  get fd() {
    return this.#fd;
  }

  /** The first number that has not begun. */
  read() {
    if (this.#fd === -1) return Infinity;
    fs.readSync(this.#fd, this.#number, 0, 8, 0);
    return this.#number.readDoubleLE();
  }

  /**
   * Takes back the tasks from `number` on.
   * @returns {number} the first that really is: the worker may have been faster
   */
  takeBack(number) {
    this.#revoke(number);
    return Math.max(number, this.read());
  }

  /** The worker knows, and has dropped them: it may begin what it is sent from now on. */
  release() {
    this.#revoke(Infinity);
  }

  #revoke(number) {
    this.#number.writeDoubleLE(number);
    fs.writeSync(this.#fd, this.#number, 0, 8, REVOKED_AT);
  }

  close() {
    if (this.#fd !== -1) fs.closeSync(this.#fd);
    this.#fd = -1;
  }
}

function openNameless() {
  for (const place of PLACES) {
    try {
      return fs.openSync(place, O_TMPFILE | O_RDWR | O_EXCL, 0o600);
    } catch {
      // Not every file system knows this flag.
    }
    try {
      const file = path.join(place, `sprog-claims-${process.pid}-${Date.now()}-${made++}`);
      const fd = fs.openSync(file, O_CREAT | O_EXCL | O_RDWR, 0o600);
      fs.unlinkSync(file);
      return fd;
    } catch {
      // Nor may everybody write everywhere.
    }
  }
  return -1;
}

module.exports = { ClaimsFile };
