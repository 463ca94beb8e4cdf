'use strict';
// The whole output of one stream of a child, collected for the callback of exec() and execFile().

const { capture, release } = require('./capturable.js');
const { maxBufferExceeded } = require('./errors.js');

/** What is counted in bytes is cut in characters, as by Node, if it is text. */
const cutAsNode = (chunk, count) => chunk.slice(0, count);

class Output {
  #stream;
  #encoding;
  #maxBuffer;
  #isKept;
  #cut;
  #onoverflow;
  #ondata = (chunk) => this.#take(chunk);
  /** @type {any[]} strings where the stream decodes, else Buffers; joined once, at the end */
  #chunks = [];
  #bytes = 0;
  /** Whether nobody else was given a chunk that is here. */
  #isSole = true;
  /** Once somebody else is to read the stream. @type {InstanceType<typeof import('./peek.js').Peek> | undefined} */
  #peek;

  /**
   * @param {any} stream child.stdout or child.stderr; there is none where descriptors ran out
   * @param {object} options
   * @param {'stdout' | 'stderr'} options.name
   * @param {BufferEncoding | null} options.encoding null for Buffers
   * @param {any} options.maxBuffer in bytes
   * @param {boolean} options.isKept false if nobody will ask for the content, only for its limit
   * @param {(chunk: any, count: number, encoding: BufferEncoding | null) => any} [options.cut] what
   *   is kept of a chunk of which so many bytes may be
   * @param {(error: Error) => void} options.onoverflow
   */
  constructor(stream, { name, encoding, maxBuffer, isKept, cut = cutAsNode, onoverflow }) {
    this.#stream = stream;
    this.#encoding = encoding;
    this.#maxBuffer = maxBuffer;
    this.#isKept = isKept;
    this.#cut = cut;
    this.#onoverflow = () => onoverflow(maxBufferExceeded(name));
    if (!stream) return;
    // Not decoded by ourselves at the end: a program may listen too, and gets text from Node.
    if (encoding) stream.setEncoding(encoding);
    stream.on('data', this.#ondata);
    // undefined is no limit, null is 0. What is not kept is not worth gathering.
    if (isKept) capture(stream, maxBuffer === undefined ? Number.POSITIVE_INFINITY : maxBuffer);
  }

  /** A string if the stream decodes, by our wish or by the program's; else a Buffer. */
  content() {
    release(this.#stream);
    const chunks = this.#chunks;
    if (this.#encoding || this.#stream?.readableEncoding) return chunks.join('');
    return this.#isSole && chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
  }

  /** Collects no more: what there was. */
  detach() {
    const content = this.content();
    this.#stream.off('data', this.#ondata);
    return content;
  }

  /** Takes what there is of a stream that somebody else reads. */
  peek() {
    // Only runs do.
    this.#peek ??= new (require('./peek.js').Peek)(this.#stream);
    this.#peek.look();
  }

  destroy() {
    this.#stream?.destroy();
  }

  #take(given) {
    const chunk = this.#peek ? this.#peek.unseen(given) : given;
    if (chunk.length === 0) return;
    // It comes before what a program pushes or emits itself.
    release(this.#stream);
    if (!this.#stream._handle?.isGathered) this.#isSole = false;
    if (this.#maxBuffer === Number.POSITIVE_INFINITY) {
      this.#keep(chunk);
      return;
    }
    // Of now: setEncoding() can be called at any time.
    const encoding = this.#stream.readableEncoding;
    const room = this.#maxBuffer - this.#bytes;
    this.#bytes += encoding ? Buffer.byteLength(chunk, encoding) : chunk.length;
    if (this.#bytes > this.#maxBuffer) {
      this.#keep(this.#cut(chunk, room, encoding));
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
