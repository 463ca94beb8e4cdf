'use strict';
// What workers write: passed on as it is or line by line behind a prefix, and the last of stderr kept for
// the error that tells how a worker ended.

const { PassThrough } = require('node:stream');
const { written } = require('./written.js');

/** Bytes of stderr that are kept. */
const TAIL_BYTES = 4096;

class Tail {
  /** @type {Buffer[]} */
  #chunks = [];
  #length = 0;

  /** @param {Buffer} chunk */
  add(chunk) {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length - this.#chunks[0].length >= TAIL_BYTES) {
      this.#length -= /** @type {Buffer} */ (this.#chunks.shift()).length;
    }
  }

  toString() {
    const tail = Buffer.concat(this.#chunks).subarray(-TAIL_BYTES);
    return tail.subarray(tail.length < TAIL_BYTES ? 0 : restOfCharacter(tail)).toString();
  }
}

/** Bytes at the beginning that are the rest of a UTF-8 character: three at most. */
function restOfCharacter(bytes) {
  let count = 0;
  while (count < 3 && (bytes[count] & 0xc0) === 0x80) count += 1;
  return count;
}

/** A line that is longer is broken, or a worker that writes none would take all memory. */
const MAX_LINE_BYTES = 1024 * 1024;
/** Pieces of a line that are kept as they came. */
const MAX_PIECES = 256;

/** Puts a prefix before each line; a line is passed on when it is whole, or the last. */
class Prefixer {
  #prefix;
  /** @type {Buffer[]} */
  #rest = [];
  #restBytes = 0;

  /** @param {string} prefix */
  constructor(prefix) {
    this.#prefix = Buffer.from(prefix);
  }

  /** @param {Buffer} chunk @returns {Buffer} */
  add(chunk) {
    const end = chunk.lastIndexOf(10) + 1;
    if (end === 0) {
      this.#rest.push(chunk);
      this.#restBytes += chunk.length;
      if (this.#rest.length === MAX_PIECES) this.#rest = [Buffer.concat(this.#rest)];
      return this.#restBytes < MAX_LINE_BYTES ? Buffer.alloc(0) : this.end();
    }
    const lines = Buffer.concat([...this.#rest, chunk.subarray(0, end)]);
    this.#rest = end < chunk.length ? [chunk.subarray(end)] : [];
    this.#restBytes = chunk.length - end;
    const pieces = [];
    for (let at = 0; at < lines.length; ) {
      const next = lines.indexOf(10, at) + 1;
      pieces.push(this.#prefix, lines.subarray(at, next));
      at = next;
    }
    return Buffer.concat(pieces);
  }

  /** What has no end is ended here. @returns {Buffer} */
  end() {
    if (this.#rest.length === 0) return Buffer.alloc(0);
    const line = Buffer.concat([this.#prefix, ...this.#rest, Buffer.from('\n')]);
    this.#rest = [];
    this.#restBytes = 0;
    return line;
  }
}

/** The outputs of all workers of a pool. */
class Outputs {
  #options;
  /** With 'pipe': what the workers wrote. */
  stdout;
  stderr;
  /** Chunks that the program's own outputs were given and have not written, by stream. @type {Map<any, number>} */
  #unwritten = new Map();
  /** @type {(() => void)[]} called when nobody is to wait for them any more */
  #onforsaken = [];
  #isForsaken = false;

  /** @param {any} options of the pool */
  constructor(options) {
    this.#options = options;
    this.stdout = options.stdout === 'pipe' ? new PassThrough() : null;
    this.stderr = options.stderr === 'pipe' ? new PassThrough() : null;
    // A sink of many sources.
    this.stdout?.setMaxListeners(0);
    this.stderr?.setMaxListeners(0);
  }

  /** The `stdio` elements of a worker for its outputs. */
  get stdio() {
    const { stdout, prefix } = this.#options;
    const isDirect = stdout === 'inherit' && !prefix;
    // stderr is always read: its end tells what happened.
    return [stdout === 'ignore' ? 'ignore' : isDirect ? 'inherit' : 'pipe', 'pipe'];
  }

  /** @param {any} child @returns {Tail} of its stderr */
  tail(child) {
    const tail = new Tail();
    child.stderr?.on('data', (chunk) => tail.add(chunk));
    return tail;
  }

  /**
   * Passes on what it writes. Throws what the program's `prefix` throws.
   * @param {any} child
   * @param {number} id
   */
  attach(child, id) {
    const prefix = this.#prefixOf(child, id);
    const release = [];
    if (child.stdout) release.push(this.#pass(prefix, child.stdout, this.stdout ?? process.stdout));
    if (child.stderr && this.#options.stderr !== 'ignore') {
      release.push(this.#pass(prefix, child.stderr, this.stderr ?? process.stderr));
    }
    child.once('exit', () => {
      for (const go of release) go();
    });
  }

  /** @returns {() => void} has the source not wait for the sink any more: it ends soon */
  #pass(prefix, source, sink) {
    const lines = prefix === '' ? undefined : new Prefixer(prefix);
    let isEnding = false;
    const resume = () => {
      sink.off('drain', resume).off('close', resume);
      source.resume();
    };
    const isOurs = sink === this.stdout || sink === this.stderr;
    const count = (by) => this.#unwritten.set(sink, (this.#unwritten.get(sink) ?? 0) + by);
    const done = () => count(-1);
    const write = (chunk) => {
      if (chunk.length === 0 || sink.destroyed) return;
      if (!isOurs) {
        count(1);
        sink.write(chunk, undefined, done);
        return;
      }
      if (sink.write(chunk) || isEnding) return;
      // A program that does not read holds up its workers, not its memory; one that does not want to read
      // any more holds up nobody.
      source.pause();
      sink.on('drain', resume).on('close', resume);
    };
    source.on('data', (chunk) => write(lines ? lines.add(chunk) : chunk));
    if (lines) source.on('end', () => write(lines.end()));
    return () => {
      isEnding = true;
      resume();
    };
  }

  #prefixOf({ pid }, id) {
    const { prefix } = this.#options;
    if (typeof prefix === 'function') return String(prefix({ id, pid }));
    return prefix === true ? `worker ${id} | ` : prefix || '';
  }

  /** Resolves when what was passed on has been written, or never will be, or when nobody is to wait. */
  async written() {
    const streams = [...this.#unwritten].filter(([, count]) => count > 0).map(([sink]) => sink);
    if (this.#isForsaken || streams.length === 0) return;
    const forsaken = new Promise((resolve) => this.#onforsaken.push(() => resolve(undefined)));
    await Promise.race([forsaken, Promise.all(streams.map(written))]);
  }

  /** Whoever waits for what has not been written is to go on. */
  forsake() {
    this.#isForsaken = true;
    for (const go of this.#onforsaken.splice(0)) go();
  }

  /** No worker will write any more. */
  end() {
    this.stdout?.end();
    this.stderr?.end();
  }
}

module.exports = { Outputs };
