'use strict';
// The outputs of a program that has exited, where somebody listens to 'readable': it may read them later,
// or never. The run does not wait for that.

const { setImmediate } = require('../host-timers.js');

/**
 * @param {any} child
 * @param {any[]} outputs what is collected of it; see outputs.js
 * @param {() => void} done nothing is missing that could still come; not called where all comes by itself
 */
function collectUnread(child, outputs, done) {
  const held = outputs.filter((output) => output?.stream.listenerCount('readable') > 0);
  if (held.length === 0) return;
  const others = child.stdio.slice(1).filter((stream) => {
    return stream && !held.some((output) => output.stream === stream);
  });
  const finish = () => {
    if (child.channel || others.some((stream) => !stream.closed)) return;
    done();
  };
  const look = () => {
    for (const output of held) output.peek();
    if (held.every(({ stream }) => isAtEnd(stream))) {
      for (const stream of others) stream.once('close', finish);
      child.once('disconnect', finish);
      finish();
    } else {
      setImmediate(look);
    }
  };
  setImmediate(look);
}

/** What was written by the exit is in the kernel: it is not long until that. */
function isAtEnd(stream) {
  return stream.destroyed || stream._readableState.ended;
}

module.exports = { collectUnread };
