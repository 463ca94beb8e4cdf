'use strict';
// The end of a channel whose child has exited, though somebody else may still hold the other end: behind
// the messages that were sent by then. They are in the kernel, and come within a few turns of the loop.

const { setImmediate } = require('../host-timers.js');

/** Turns that it takes at most: who goes on sending is not waited for, nor is the rest of a message. */
const MOST_TURNS = 16;

/** @param {InstanceType<typeof import('./channel-handle.js').ChannelHandle>} handle */
function endSoon(handle) {
  const { receiver } = handle;
  if (!receiver) return;
  let hasCome = false;
  handle.receiver = {
    messages(list) {
      hasCome = true;
      receiver.messages(list);
    },
    end: receiver.end,
  };
  let turns = 0;
  const look = () => {
    // It may have come to its own end.
    if (handle.fd === -1) return;
    const isQuiet = !hasCome && !handle.isMidMessage();
    hasCome = false;
    turns++;
    // The first may be the rest of a turn in which nothing was read.
    if ((isQuiet && turns > 1) || turns === MOST_TURNS) receiver.end();
    else setImmediate(look);
  };
  setImmediate(look);
}

module.exports = { endSoon };
