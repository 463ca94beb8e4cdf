'use strict';
// What has come of a stream that somebody else is to read, by a listener of 'readable': it is looked at,
// and stays where it is.

class Peek {
  #stream;
  /** How much at the beginning of what comes next has been looked at before. */
  #seen = 0;

  constructor(stream) {
    this.#stream = stream;
  }

  /** All that there is comes to the listeners of 'data', and is still to be read. */
  look() {
    // By its length: without one it would be all, or one piece of it, by the version of Node.
    const all = this.#stream.read(this.#stream.readableLength);
    if (all === null) return;
    this.#stream.unshift(all, this.#stream.readableEncoding ?? undefined);
    this.#seen = all.length;
  }

  /** @param {any} chunk that comes: string or Buffer @returns what of it is new */
  unseen(chunk) {
    const old = Math.min(this.#seen, chunk.length);
    this.#seen -= old;
    return old === 0 ? chunk : chunk.slice(old);
  }
}

module.exports = { Peek };
