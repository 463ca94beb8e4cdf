'use strict';
// `for await (const line of run(...))`: lines as they come, with back-pressure, and no more of the output
// in memory than the line that is read.

const { maxBufferExceeded } = require('../errors.js');

/**
 * @param {InstanceType<typeof import('./execution.js').Execution>} execution of which stdout is a pipe
 * @param {() => Promise<unknown>} finished resolves when all is known; rejects if the run has failed
 * @returns {AsyncGenerator<string | Buffer, void, void>}
 */
function iterate(execution, finished) {
  const { child, settings } = execution;
  if (!child.stdout) throw notIterable();
  // From here on nothing is collected. Now, and not at the first step, which may come later.
  const before = execution.stdout.detach();
  execution.stdout = undefined;
  child.stdout.pause();
  const pieces = withFirst(before, child.stdout);
  return settings.encoding === null
    ? untilFinished(execution, pieces, finished)
    : untilFinished(execution, toLines(pieces, execution), finished);
}

function notIterable() {
  const error = new TypeError('There are no lines to iterate over: stdout is not a pipe');
  return Object.assign(error, { code: 'ERR_INVALID_STATE' });
}

async function* withFirst(first, stream) {
  if (first.length > 0) yield first;
  try {
    yield* stream;
  } catch (/** @type {any} */ error) {
    // Destroyed, by what ended the run: that is told at its end.
    if (error?.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

async function* toLines(pieces, execution) {
  const { maxBuffer } = execution.settings;
  const limit = maxBuffer.limit ?? Number.POSITIVE_INFINITY;
  let rest = '';
  for await (const piece of pieces) {
    // Only what is new is searched: a line may come in many pieces.
    if (!piece.includes('\n')) {
      rest += piece;
    } else {
      const lines = (rest + piece).split('\n');
      rest = /** @type {string} */ (lines.pop());
      for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
    if (rest.length > limit) {
      execution.maxBufferExceeded = true;
      execution.stop(maxBufferExceeded('stdout'));
      return;
    }
  }
  if (rest !== '') yield rest;
}

/** A loop that is left early leaves nothing behind: the program is ended, and waited for. */
async function* untilFinished(execution, items, finished) {
  let isLeft = true;
  try {
    yield* items;
    isLeft = false;
  } finally {
    if (isLeft) {
      execution.stop(undefined);
      execution.child.stdout.destroy();
      await finished().catch(() => {});
    }
  }
  await finished();
}

module.exports = { iterate };
