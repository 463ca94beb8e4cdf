'use strict';
// What a program sees of a channel as `child.channel` and `process.channel`: whether it keeps the
// process alive.

const { EventEmitter } = require('node:events');
const { NODE_MAJOR } = require('../node-version.js');

class Control extends EventEmitter {
  #handle;
  #refs = 0;
  #isExplicit = false;

  constructor(handle) {
    super();
    this.#handle = handle;
  }

  /** One more reason to stay, unless ref() or unref() has been called. */
  refCounted() {
    if (++this.#refs === 1 && !this.#isExplicit) this.#handle.ref();
  }

  unrefCounted() {
    if (--this.#refs !== 0 || this.#isExplicit) return;
    this.#handle.unref();
    // Node 24 and later say nothing.
    if (NODE_MAJOR < 24) this.emit('unref');
  }

  /** From now on the channel keeps the process alive, whoever listens. */
  ref() {
    this.#isExplicit = true;
    this.#handle.ref();
  }

  unref() {
    this.#isExplicit = true;
    this.#handle.unref();
  }

  get fd() {
    return this.#handle.fd;
  }
}

module.exports = { Control };
