'use strict';
// The pipes between the stages of a pipeline, for as long as it takes to start them. Each stage must be
// the only holder of its ends: the last writer's end is the reader's end of file.

const { errnoException } = require('../errors.js');
const { environment } = require('../native.js');
const { environmentOrErrno } = require('../native-state.js');

class Pipes {
  #count;
  /** What the next stage reads from. @type {number | undefined} */
  #reader;
  /** What the stage that was started last writes to. @type {number | undefined} */
  #writer;
  /** What it reads from. @type {number | undefined} */
  #done;

  /** @param {number} count of stages */
  constructor(count) {
    this.#count = count;
  }

  /**
   * Puts the descriptors of a stage where its stdio has room for them; those of the stage before it
   * are closed.
   * @param {number} index of the stage
   * @param {any[]} stdio
   * @returns {Error | undefined} the system has no pipe to give
   */
  open(index, stdio) {
    this.#writer = close(this.#writer);
    const before = this.#reader;
    this.#reader = undefined;
    this.#done = close(this.#done);
    if (before !== undefined) stdio[0] = before;
    else if (index > 0) stdio[0] = 'ignore';
    this.#done = before;
    if (index === this.#count - 1) return undefined;
    const native = environmentOrErrno();
    const [reader, writer] = typeof native === 'number' ? [native] : native.openPipe();
    if (writer === undefined) return Object.assign(errnoException(reader, 'pipe2'), { step: 'fd' });
    this.#reader = reader;
    this.#writer = writer;
    stdio[1] = writer;
    return undefined;
  }

  close() {
    for (const fd of [this.#reader, this.#writer, this.#done]) close(fd);
  }
}

/** @param {number | undefined} fd */
function close(fd) {
  if (fd !== undefined) environment().closeDescriptor(fd);
  return undefined;
}

module.exports = { Pipes };
