'use strict';
// What a run collects of an output: all of it, up to a limit, or its two ends.

const { captureEnds, release } = require('../capturable.js');
const { Output } = require('../output.js');
const { Peek } = require('../peek.js');
const { endsSoFar, joinEnds, wholeEnd } = require('./ends.js');

/** How much more than the tail is kept before it is cut. */
const SLACK_BYTES = 1024 * 1024;

/**
 * @param {any} stream child.stdout or child.stderr, if it is a pipe
 * @param {'stdout' | 'stderr'} name
 * @param {import('./options.js').Settings} settings
 * @param {(error: Error) => void} onoverflow
 */
function collect(stream, name, { encoding, maxBuffer }, onoverflow) {
  if ('limit' in maxBuffer) return new Whole(stream, name, encoding, maxBuffer.limit, onoverflow);
  return new Ends(stream, encoding, maxBuffer.head, maxBuffer.tail);
}

/** Whole characters of so many bytes at most, where Node counts bytes and cuts characters. */
function firstBytes(chunk, count, given) {
  if (typeof chunk !== 'string') return chunk.subarray(0, count);
  // A program may emit text itself.
  const encoding = given ?? 'utf8';
  const bytes = Buffer.from(chunk, encoding).subarray(0, Math.floor(count));
  return bytes.toString(encoding, 0, wholeEnd(bytes, encoding));
}

class Whole {
  dropped = 0;
  stream;
  #output;

  constructor(stream, name, encoding, maxBuffer, onoverflow) {
    this.stream = stream;
    this.#output = new Output(stream, {
      name,
      encoding,
      maxBuffer,
      isKept: true,
      cut: firstBytes,
      onoverflow: (error) => {
        // In this order: a program that meets the closed pipe first ends by that.
        onoverflow(error);
        this.#output.destroy();
      },
    });
  }

  content() {
    return this.#output.content();
  }

  peek() {
    this.#output.peek();
  }

  /** Collects no more: what there was, in pieces. */
  detach() {
    return [this.#output.detach()];
  }
}

class Ends {
  /** How many bytes are not in `content()`, once that was called. */
  dropped = 0;
  stream;
  #encoding;
  #head;
  #tail;
  /** @type {Buffer[]} */
  #beginning = [];
  /** @type {Buffer[]} */
  #ending = [];
  #beginningBytes = 0;
  #endingBytes = 0;
  #ondata;
  /** Once somebody else is to read the stream. @type {InstanceType<typeof Peek> | undefined} */
  #peek;

  constructor(stream, encoding, head, tail) {
    this.stream = stream;
    this.#encoding = encoding;
    this.#head = head;
    this.#tail = tail;
    this.#ondata = (chunk) => this.#take(chunk);
    stream.on('data', this.#ondata);
    // The count of what has come is told with it: of nothing nothing is told.
    captureEnds(stream, head, Math.max(tail, 1));
  }

  content() {
    const { head, tail, dropped } = this.#kept();
    const joined = joinEnds(head, tail, dropped, this.#encoding);
    this.dropped = joined.dropped;
    return joined.content;
  }

  peek() {
    this.#peek ??= new Peek(this.stream);
    this.#peek.look();
  }

  /** As that of Whole; the stream goes on with bytes. */
  detach() {
    const { head, tail, dropped } = this.#kept();
    this.stream.off('data', this.#ondata);
    return endsSoFar(head, tail, dropped, this.#encoding);
  }

  #kept() {
    release(this.stream);
    const head = Buffer.concat(this.#beginning);
    const ending = Buffer.concat(this.#ending);
    const tail = ending.subarray(Math.max(0, ending.length - this.#tail));
    // The addon counts what it does not hand over, too.
    const dropped = Math.max(0, this.stream.bytesRead - head.length - tail.length);
    return { head, tail, dropped };
  }

  #take(given) {
    const chunk = this.#peek ? this.#peek.unseen(given) : given;
    // A program may have asked the stream for text.
    const bytes =
      typeof chunk === 'string' ? Buffer.from(chunk, this.stream.readableEncoding) : chunk;
    const room = Math.min(this.#head - this.#beginningBytes, bytes.length);
    if (room > 0) {
      this.#beginning.push(bytes.subarray(0, room));
      this.#beginningBytes += room;
    }
    if (room === bytes.length) return;
    this.#ending.push(bytes.subarray(room));
    this.#endingBytes += bytes.length - room;
    if (this.#endingBytes > this.#tail + Math.max(this.#tail, SLACK_BYTES)) this.#trim();
  }

  #trim() {
    const ending = Buffer.concat(this.#ending);
    const kept = Buffer.from(ending.subarray(Math.max(0, ending.length - this.#tail)));
    this.#ending = [kept];
    this.#endingBytes = kept.length;
  }
}

module.exports = { collect };
