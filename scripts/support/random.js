'use strict';
// Random numbers that a seed repeats: what a run drew, the same seed draws again.

const { randomInt } = require('node:crypto');

/** A seed to be printed, where none is given. */
function newSeed() {
  return randomInt(2 ** 31);
}

class Random {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to 1: the generator mulberry32, which has 32 bits of state. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = this.#state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 up to `limit`. */
  below(limit) {
    return Math.floor(this.next() * limit);
  }

  /** One of a list. */
  pick(list) {
    return list[this.below(list.length)];
  }

  chance(probability) {
    return this.next() < probability;
  }
}

module.exports = { Random, newSeed };
