'use strict';
// The whole output of one stream of a child, collected for the callback of exec() and execFile().

const { maxBufferExceeded } = require('./errors.js');

class Output {
  #stream;
  #encoding;
  #maxBuffer;
  #isKept;
  #onoverflow;
  /** @type {any[]} strings where the stream decodes, else Buffers; joined once, at the end */
  #chunks = [];
  #bytes = 0;

  /**
   * @param {any} stream child.stdout or child.stderr; there is none where descriptors ran out
   * @param {object} options
   * @param {'stdout' | 'stderr'} options.name
   * @param {BufferEncoding | null} options.encoding null for Buffers
   * @param {any} options.maxBuffer in bytes
   * @param {boolean} options.isKept false if nobody will ask for the content, only for its limit
   * @param {(error: Error) => void} options.onoverflow
   */
  constructor(stream, { name, encoding, maxBuffer, isKept, onoverflow }) {
    this.#stream = stream;
    this.#encoding = encoding;
    this.#maxBuffer = maxBuffer;
    this.#isKept = isKept;
    this.#onoverflow = () => onoverflow(maxBufferExceeded(name));
    if (!stream) return;
    // Not decoded by ourselves at the end: a program may listen too, and gets text from Node.
    if (encoding) stream.setEncoding(encoding);
    stream.on('data', (chunk) => this.#take(chunk));
  }

  /** A string if the stream decodes, by our wish or by the program's; else a Buffer. */
  content() {
    const isText = this.#encoding || this.#stream?.readableEncoding;
    return isText ? this.#chunks.join('') : Buffer.concat(this.#chunks);
  }

  destroy() {
    this.#stream?.destroy();
  }

  #take(chunk) {
    if (this.#maxBuffer === Number.POSITIVE_INFINITY) {
      this.#keep(chunk);
      return;
    }
    // Of now: setEncoding() can be called at any time.
    const encoding = this.#stream.readableEncoding;
    const room = this.#maxBuffer - this.#bytes;
    this.#bytes += encoding ? Buffer.byteLength(chunk, encoding) : chunk.length;
    if (this.#bytes > this.#maxBuffer) {
      // What is counted in bytes is cut in characters, as by Node, if it is text.
      this.#keep(chunk.slice(0, room));
      this.#onoverflow();
    } else {
      this.#keep(chunk);
    }
  }

  #keep(chunk) {
    if (this.#isKept) this.#chunks.push(chunk);
  }
}

module.exports = { Output };
