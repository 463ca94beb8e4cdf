'use strict';
// The way of serialised messages into the addon, for one channel. Each call answers how many bytes
// wait in the channel then, or a negative errno.

const { environment } = require('../native.js');
const { LongStrings } = require('./long-strings.js');

class Outlet {
  #token;
  #sendText;
  #longStrings = new LongStrings();
  #sendPieces = (pieces) => environment().sendPieces(this.#token, pieces);

  /** @param {number} token */
  constructor(token) {
    this.#token = token;
    this.#sendText = environment().textSender(token);
  }

  /**
   * @param {string} text JSON
   * @param {boolean} collect whether it may wait for the end of the tick
   * @param {number} descriptor rides along, or -1
   */
  text(text, collect, descriptor) {
    this.#longStrings.note(text);
    if (descriptor === -1) return this.#sendText(text, collect);
    return environment().sendText(this.#token, text, collect, descriptor);
  }

  /**
   * Sends a JSON message in pieces, if it is one for that; else its text, where that is known.
   * @returns {number | string | undefined}
   */
  longText(message, descriptor) {
    return this.#longStrings.send(message, descriptor, this.#sendPieces);
  }

  /** @param {Buffer} bytes @param {boolean} collect @param {number} descriptor */
  bytes(bytes, collect, descriptor) {
    return environment().sendBytes(this.#token, bytes, collect, descriptor);
  }

  /** One message, written at once. @param {Uint8Array[]} parts */
  parts(parts) {
    return environment().sendParts(this.#token, parts);
  }

  /** The token may be another's from here on. */
  close() {
    this.#token = -1;
    this.#sendText = () => -require('node:os').constants.errno.EBADF;
  }
}

module.exports = { Outlet };
