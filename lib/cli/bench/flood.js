'use strict';
// Many small numbered messages as fast as a channel takes them, and the count at its other end.

const BURST = 1000;

/**
 * Sends `count` messages in bursts. The next burst starts when half of the one before is written, so that
 * the channel never runs dry and its queue stays short.
 */
function flood(end, count) {
  let sent = 0;
  const burst = () => {
    const stop = Math.min(count, sent + BURST);
    const resumeAt = stop < count ? stop - BURST / 2 : -1;
    for (; sent < stop; sent += 1) {
      const message = { seq: sent, kind: 'progress', text: 'as fast as the channel takes them' };
      if (sent === resumeAt) end.send(message, undefined, undefined, () => setImmediate(burst));
      else end.send(message);
    }
  };
  burst();
}

/** A listener that takes `count` numbered messages, then calls `done` with whether all were in order. */
function counter(count, done) {
  let expected = 0;
  let isOrdered = true;
  return ({ seq }) => {
    if (seq !== expected) isOrdered = false;
    expected += 1;
    if (expected === count) done(isOrdered);
  };
}

module.exports = { counter, flood };
