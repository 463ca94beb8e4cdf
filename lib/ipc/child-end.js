'use strict';
// The child's end of a channel: process.send, process.on('message') and the rest, as Node gives
// them to a forked process.

const { native } = require('../native.js');
const { ChannelHandle } = require('./channel-handle.js');
const { setupChannel } = require('./channel.js');
const { ownEnd } = require('./own-end.js');

/** @type {InstanceType<typeof ChannelHandle> | undefined} */
let own;

/** The handle of this process's channel, if the end is ours. */
function ownChannel() {
  return own;
}

/**
 * Takes the channel over. False if that cannot be, and then nothing was touched.
 * @param {number} fd
 * @param {'json' | 'advanced'} mode
 * @param {boolean} greets whether the other end is one of ours, and waits to hear that this is too
 */
function openOwnEnd(fd, mode, greets) {
  if (!native) return false;
  const handle = ChannelHandle.adopt(fd, mode);
  if (handle === undefined) return false;
  own = handle;
  if (greets) handle.greet(ownEnd.VERSION);
  // The process may end with its channel open, until it listens to it.
  handle.unref();
  const control = setupChannel(process, handle);
  process.on('newListener', function onNewListener(name) {
    if (name === 'message' || name === 'disconnect') control.refCounted();
  });
  process.on('removeListener', function onRemoveListener(name) {
    if (name === 'message' || name === 'disconnect') control.unrefCounted();
  });
  return true;
}

module.exports = { openOwnEnd, ownChannel };
