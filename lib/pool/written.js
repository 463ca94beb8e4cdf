'use strict';
// Whether a stream of the program's has written what it was given by now. Nothing is waited for that a stream
// would never tell: it may be destroyed, or the program may have put a write() of its own in its place.

const { Writable } = require('node:stream');

/** Those who wait for a stream: many pools are one listener. @type {WeakMap<any, Set<() => void>>} */
const waiting = new WeakMap();

/** @param {any} stream @returns {Promise<void>} */
function written(stream) {
  if (!(stream instanceof Writable) || stream.writableLength === 0) return Promise.resolve();
  if (stream.destroyed || stream.errored) return Promise.resolve();
  return new Promise((resolve) => {
    const release = listen(stream, resolve);
    // Called when all that stands before it has been written, or has failed.
    if (stream.writableEnded) /** @type {any} */ (Writable.prototype.end).call(stream, release);
    else Writable.prototype.write.call(stream, '', 'utf8', release);
  });
}

/**
 * @param {any} stream
 * @param {() => void} resolve called once: when the stream is closed, or by what is returned
 */
function listen(stream, resolve) {
  let all = waiting.get(stream);
  if (all === undefined) {
    all = new Set();
    waiting.set(stream, all);
    stream.on('close', tellAll);
  }
  const those = all;
  const release = () => {
    if (!those.delete(release)) return;
    if (those.size === 0) {
      waiting.delete(stream);
      stream.off('close', tellAll);
    }
    resolve();
  };
  those.add(release);
  return release;
}

/** A stream is closed. @this {any} */
function tellAll() {
  for (const release of [...(waiting.get(this) ?? [])]) release();
}

module.exports = { written };
