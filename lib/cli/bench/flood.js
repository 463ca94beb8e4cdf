'use strict';
// Floods: many small numbered messages as fast as a channel takes them, and the count at its other end that
// none was lost, doubled or swapped. For `sprog bench` and for bench/.

const BURST = 1000;

/**
 * Sends `count` messages in bursts. A burst starts when the channel has written half of the one
 * before, so that it never runs dry and its queue stays bounded under every runtime.
 */
function flood(end, count) {
  let sent = 0;
  const burst = () => {
    const stop = Math.min(count, sent + BURST);
    const resumeAt = stop < count ? stop - BURST / 2 : -1;
    for (; sent < stop; sent += 1) {
      const message = { seq: sent, kind: 'progress', text: 'as fast as the channel takes them' };
      if (sent === resumeAt) end.send(message, undefined, undefined, resume);
      else end.send(message);
    }
  };
  // A write that completes at once may call back inside the burst's own loop.
  const resume = (error) => {
    if (error) throw error;
    setImmediate(burst);
  };
  burst();
}

/** A listener that takes `count` numbered messages and then calls `done` with the first misfit. */
function counter(count, done) {
  let expected = 0;
  /** @type {string | null} */
  let misfit = null;
  return ({ seq }) => {
    if (seq !== expected && misfit === null) misfit = `${seq} where ${expected} was due`;
    expected += 1;
    if (expected === count) done(misfit);
  };
}

module.exports = { counter, flood };
