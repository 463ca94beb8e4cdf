'use strict';
// What a pool and its workers say to each other. Every frame is an internal message of the channel
// (`NODE_` and more), which no 'message' listener of the program sees.
//
// Tasks travel many to a frame, as one flat array, so that plain values stay few and shallow enough to go as
// JSON: for each task the index of its function's name, its head, its credits if it is a stream, and
// its arguments. They are numbered by the order in which a worker gets them.

const CMD = 'NODE_SPROG_POOL';

/** The kinds of frames, in `o`. */
const OP = {
  // From the pool.
  INIT: 1,
  /** `b` the number of the first, `c` how many, `t` the tasks. */
  TASKS: 2,
  /** `n` the name of a function, which has the next index. */
  NAME: 7,
  /** `s` a number: if it has not begun it is dropped, else its signal is aborted. */
  CANCEL: 3,
  /** `s` a number, `n` items more that its stream may send. */
  CREDIT: 4,
  /** Whatever has not begun is dropped; the pool may have taken it back already. */
  RECLAIM: 5,
  /** There will be no more tasks: end. */
  SHUTDOWN: 6,
  // From the worker.
  /** `c` whether it can be seen what it has begun. */
  READY: 10,
  /** `e` the error of the module that could not be loaded. */
  FAILED: 11,
  /** `s` a number, `t` microseconds it ran, `v` its value. */
  VALUE: 12,
  /** The same for a function that returns undefined, which JSON has no text for. */
  NOTHING: 13,
  /** `e` what it threw, encoded. */
  ERROR: 14,
  /** `d` numbers that were dropped: they have not begun and never will; `a` answers a RECLAIM. */
  DROPPED: 15,
  /** `s` a number, `v` an item of its stream. */
  ITEM: 16,
  /** `s` a number, `v` what it emitted. */
  PROGRESS: 17,
};

const STREAM = 1;
const PROGRESS = 2;
const FLAGS = 4;
/** Arguments of a task; what is left of a safe integer is for flags and attempts. */
const MAX_ARGUMENTS = 65_536;

/** @param {number} argc @param {number} flags @param {number} attempt 0 is the first */
function packHead(argc, flags, attempt) {
  return argc + MAX_ARGUMENTS * (flags + FLAGS * attempt);
}

/** @param {number} head */
function unpackHead(head) {
  const argc = head % MAX_ARGUMENTS;
  const rest = (head - argc) / MAX_ARGUMENTS;
  return { argc, flags: rest % FLAGS, attempt: Math.floor(rest / FLAGS) };
}

/** Under which number a worker gets the page of claims; see claims.js. */
const CLAIMS_FD = 4;

module.exports = {
  CMD,
  OP,
  FLAG: { STREAM, PROGRESS },
  MAX_ARGUMENTS,
  CLAIMS_FD,
  packHead,
  unpackHead,
};
