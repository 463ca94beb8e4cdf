'use strict';
// `for await (const line of run(...))`: lines as they come, with back-pressure, and no more of the output
// in memory than the piece that is read.

const { StringDecoder } = require('node:string_decoder');
const { maxBufferExceeded } = require('../errors.js');

/**
 * @param {InstanceType<typeof import('./execution.js').Execution>} execution of which stdout is a pipe
 * @param {Promise<unknown>} finished resolves when all is known; rejects if the run has failed
 * @param {() => void} stop ends what runs
 */
function iterate(execution, finished, stop) {
  // The loop tells of a failure, also where it cannot begin: nobody else may have the promise.
  finished.catch(() => {});
  // What was not started has no streams; that is told at the end of the loop.
  if (execution.child.stdout) {
    if (!execution.stdout) throw notIterable('they have been iterated over before');
  } else if (execution.wasStarted) {
    throw notIterable('stdout is not a pipe');
  }
  execution.isIterated = true;
  return new Lines(execution, finished, stop);
}

function notIterable(reason) {
  const error = new TypeError(`There are no lines to iterate over: ${reason}`);
  return Object.assign(error, { code: 'ERR_INVALID_STATE' });
}

/** Of no encoding takes a UTF-16 unit more. */
const MOST_BYTES_OF_UNIT = 3;

/** An asynchronous generator written by hand: as one, it would take three times as long for a line. */
class Lines {
  #execution;
  #finished;
  #stop;
  #stream;
  #pieces;
  /** For a stream that gives bytes where text is wanted. @type {StringDecoder | undefined} */
  #decoder;
  /** Lines that have come and were not asked for yet, from `#at` on. @type {any[]} */
  #items = [];
  #at = 0;
  /** The beginning of a line whose end has not come. */
  #rest = '';
  #restBytes = 0;
  #limit;
  /** What was asked for is answered in order. @type {Promise<any>} */
  #last = Promise.resolve();
  #waiting = 0;
  /** Nothing more will come. */
  #hasEnded = false;
  /** Nothing more will be told, neither a line nor a failure. */
  #isDone = false;
  /** The loop was left early. */
  #isLeft = false;
  /** All is known of the run. */
  #isOver = false;

  constructor(execution, finished, stop) {
    this.#execution = execution;
    this.#finished = finished;
    this.#stop = stop;
    const over = () => {
      this.#isOver = true;
    };
    finished.then(over, over);
    this.#limit = execution.settings.maxBuffer.limit ?? Number.POSITIVE_INFINITY;
    this.#stream = execution.child.stdout;
    this.#hasEnded = !this.#stream;
    if (this.#hasEnded) return;
    // From here on nothing is collected.
    const before = execution.stdout.detach();
    execution.stdout = undefined;
    this.#stream.pause();
    // A child that exits has the streams resumed that nobody reads: this one is read, if only later.
    this.#stream.on('readable', () => {});
    const { encoding } = execution.settings;
    if (encoding !== null) this.#decoder = new StringDecoder(encoding);
    for (const piece of before) if (piece.length > 0 && !this.#hasEnded) this.#take(piece);
    this.#pieces = this.#stream[Symbol.asyncIterator]();
  }

  next() {
    if (this.#waiting === 0 && this.#at < this.#items.length) {
      return Promise.resolve({ value: this.#items[this.#at++], done: false });
    }
    return this.#inOrder(() => this.#step());
  }

  /** The loop is left early: the program is ended, and waited for. */
  return(value) {
    // At once: what was asked for before waits for the program. It may run on behind the last line, too.
    this.#leave();
    return this.#inOrder(async () => {
      await this.#finished.catch(() => {});
      return { value: await value, done: true };
    });
  }

  #leave() {
    this.#isDone = true;
    this.#hasEnded = true;
    this.#items = [];
    if (this.#isLeft || this.#isOver) return;
    this.#isLeft = true;
    this.#stop();
    this.#stream?.destroy();
  }

  async throw(error) {
    await this.return(undefined);
    throw error;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  #inOrder(step) {
    this.#waiting++;
    const answer = this.#last.then(step);
    const done = () => {
      this.#waiting--;
    };
    this.#last = answer.then(done, done);
    return answer;
  }

  async #step() {
    while (this.#at === this.#items.length && !this.#hasEnded) {
      this.#items = [];
      this.#at = 0;
      await this.#read();
    }
    if (this.#at < this.#items.length) return { value: this.#items[this.#at++], done: false };
    if (!this.#isDone) {
      this.#isDone = true;
      await this.#finished.catch((error) => {
        if (!this.#isLeft) throw error;
      });
    }
    return { value: undefined, done: true };
  }

  async #read() {
    const piece = await this.#pieces.next().catch((error) => this.#fail(error));
    if (this.#isLeft) return;
    if (!piece.done) {
      this.#take(piece.value);
      return;
    }
    this.#hasEnded = true;
    this.#rest += this.#decoder?.end() ?? '';
    if (this.#rest !== '') this.#items.push(this.#rest);
  }

  #fail(error) {
    // Destroyed, by what ended the run: that is told at its end.
    if (error?.code === 'ERR_STREAM_PREMATURE_CLOSE') return { done: true };
    this.#hasEnded = true;
    this.#isDone = true;
    throw error;
  }

  #take(chunk) {
    const piece = typeof chunk === 'string' ? chunk : this.#decode(chunk);
    if (typeof piece !== 'string') {
      this.#items.push(piece);
      return;
    }
    // Only what is new is searched: a line may come in many pieces.
    if (!piece.includes('\n')) {
      this.#rest += piece;
      this.#restBytes += this.#bytesOf(piece);
      if (this.#restBytes > this.#limit) this.#overflow();
      return;
    }
    const text = this.#rest + piece;
    const lines = text.split(/\r?\n/);
    const long = this.#findTooLong(text.length, lines);
    if (long === -1) {
      this.#rest = /** @type {string} */ (lines.pop());
      this.#restBytes = this.#bytesOf(this.#rest);
    } else {
      lines.length = long;
      this.#overflow();
    }
    this.#items = this.#items.length === 0 ? lines : this.#items.concat(lines);
  }

  #bytesOf(text) {
    return Buffer.byteLength(text, this.#execution.settings.encoding ?? 'utf8');
  }

  /** @returns {number} the index of the first line that is longer than it may be, or -1 */
  #findTooLong(length, lines) {
    if (length * MOST_BYTES_OF_UNIT <= this.#limit) return -1;
    return lines.findIndex((line) => this.#bytesOf(line) > this.#limit);
  }

  #decode(bytes) {
    return this.#decoder ? this.#decoder.write(bytes) : bytes;
  }

  #overflow() {
    this.#execution.maxBufferExceeded = true;
    this.#execution.stop(maxBufferExceeded('stdout'));
    this.#rest = '';
    this.#hasEnded = true;
    this.#stream.destroy();
  }
}

module.exports = { iterate };
