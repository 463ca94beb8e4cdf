'use strict';
// What a pool and a worker know of each other at any moment, even if one of them is blocked or dead: two
// numbers in a page of memory that both see. Tasks below the first, which the worker writes, may have
// begun; the others have not, whatever became of the worker, and may be given to another one. From the
// second on, which the pool writes, the worker must not begin any: so tasks are taken back.
//
// Each end writes before it reads, so that one of the two sees what the other did. Nothing else is
// believed of the page: a worker that writes nonsense there lies about its own tasks only.

const fs = require('node:fs');
const { environment, native } = require('../native.js');

const CLAIMED = 0;
const REVOKED = 1;
const WORDS = 2;
/** No task is taken back. */
const NONE = 0xffff_ffff;

/** @param {Buffer | null} page @returns {Uint32Array | undefined} undefined where there is none */
function wordsOf(page) {
  return page === null ? undefined : new Uint32Array(page.buffer, page.byteOffset, WORDS);
}

/** The pool's side. */
class Claims {
  #words;
  /** To be lent to the worker; -1 if there is none: then all that it was sent counts as begun. */
  fd;

  constructor() {
    this.fd = environment().makePage();
    this.#words = this.fd < 0 ? undefined : wordsOf(environment().mapPage(this.fd));
    if (this.#words === undefined) this.lent();
    else this.release();
  }

  /** The worker has been started, or will not be. */
  lent() {
    if (this.fd >= 0) environment().closeDescriptor(this.fd);
    this.fd = -1;
  }

  /** The first number that has not begun. */
  get begun() {
    return this.#words === undefined ? Infinity : Number(Atomics.load(this.#words, CLAIMED));
  }

  /**
   * Takes back the tasks from `number` on.
   * @returns {number} the first that really is: the worker may have been faster
   */
  takeBack(number) {
    if (this.#words !== undefined) Atomics.store(this.#words, REVOKED, number);
    return Math.max(number, this.begun);
  }

  /** The worker knows, and has dropped them: it may begin what it is sent from now on. */
  release() {
    if (this.#words !== undefined) Atomics.store(this.#words, REVOKED, NONE);
  }
}

/** The worker's side. */
class Claim {
  #words;

  /** @param {number} fd -1 if there is none */
  constructor(fd) {
    if (fd < 0) return;
    // A worker may be a Node that loads no addons.
    if (native) this.#words = wordsOf(environment().mapPage(fd));
    fs.closeSync(fd);
  }

  /** Whether the pool can see what is claimed. */
  get isShared() {
    return this.#words !== undefined;
  }

  /**
   * @param {number} number of the task that is about to begin
   * @returns {boolean} false if it must not
   */
  take(number) {
    if (this.#words === undefined) return true;
    Atomics.store(this.#words, CLAIMED, number + 1);
    return number < Atomics.load(this.#words, REVOKED);
  }
}

module.exports = { Claims, Claim };
