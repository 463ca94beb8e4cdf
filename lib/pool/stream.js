'use strict';
// The items of a task that yields them, as an async iterator: begun by the first next(), never more than
// `highWaterMark` items ahead of who reads.

const { OP } = require('./protocol.js');
const { abortError } = require('../errors.js');

/** A generator that is told to return has so long for it, where `abortGrace` is less. */
const RETURN_MS = 1000;

class TaskStream {
  #core;
  #begin;
  #task;
  /** @type {any[]} */
  #items = [];
  /** @type {{ resolve: (step: any) => void, reject: (error: any) => void }[]} */
  #readers = [];
  #read = 0;
  #isOver = false;
  /** @type {{ error: any } | undefined} */
  #failure;
  #value;

  /**
   * @param {any} core
   * @param {number} highWaterMark
   * @param {(stream: TaskStream, resolve: (value: any) => void, reject: (error: any) => void) => any} begin
   *   queues the task
   */
  constructor(core, highWaterMark, begin) {
    this.#core = core;
    this.highWaterMark = highWaterMark;
    this.#begin = begin;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
      if (this.#task === undefined && !this.#isOver) this.#start();
      this.#serve();
    });
  }

  #start() {
    try {
      this.#task = this.#begin(
        this,
        (value) => {
          this.#value = value;
          this.#over();
        },
        (error) => {
          this.#failure = { error };
          this.#over();
        },
      );
    } catch (error) {
      this.#failure = { error };
      this.#over();
    }
  }

  #over() {
    this.#isOver = true;
    this.#serve();
  }

  /** @internal An item has come. */
  push(item) {
    if (this.#isOver) return;
    this.#items.push(item);
    this.#serve();
  }

  #serve() {
    while (this.#readers.length > 0) {
      if (this.#items.length > 0) {
        this.#readers.shift()?.resolve({ value: this.#items.shift(), done: false });
        this.#grant();
      } else if (this.#isOver) {
        const reader = this.#readers.shift();
        const failure = this.#failure;
        this.#failure = undefined;
        if (failure) reader?.reject(failure.error);
        else reader?.resolve({ value: this.#value, done: true });
        this.#value = undefined;
      } else {
        return;
      }
    }
  }

  /** Credits go back by halves of what may be under way. */
  #grant() {
    this.#read += 1;
    if (this.#isOver || this.#read < this.highWaterMark / 2) return;
    const { worker, number } = this.#task;
    worker?.send({ o: OP.CREDIT, s: number, n: this.#read });
    this.#read = 0;
  }

  /** Whoever reads has enough. */
  return(value) {
    this.#items = [];
    if (this.#task !== undefined && !this.#isOver) {
      const grace = Math.max(this.#core.options.abortGrace, RETURN_MS);
      this.#core.abort(this.#task, abortError(undefined), grace);
    }
    this.#isOver = true;
    this.#failure = undefined;
    this.#value = undefined;
    this.#serve();
    return Promise.resolve({ value, done: true });
  }

  throw(error) {
    return this.return().then(() => Promise.reject(error));
  }
}

module.exports = { TaskStream, RETURN_MS };
