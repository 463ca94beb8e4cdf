'use strict';
// Opening a channel from the parent's side: what the child's environment says of it, and which
// kind of end the child gets. A child that is our own kind of Node is told under names of ours,
// so that Node does not open the channel before our preload runs; any other under Node's.

const path = require('node:path');
const { variablesOf } = require('../environment.js');
const { environment } = require('../native.js');
const { canPreload } = require('../preloading.js');
const { isNullish } = require('../validate.js');
const { ownEnd } = require('./own-end.js');
const { ChannelHandle } = require('./channel-handle.js');
const { setupChannel } = require('./channel.js');

/** Of children with a channel. @type {WeakMap<object, InstanceType<typeof ChannelHandle>>} */
const channels = new WeakMap();

/** Marks the options of a fork whose child may get our end. */
const kOwnEnd = Symbol('sprog.ownEnd');

/** Decides, for a fork, whether the child's end will be ours. */
function preferOwnEnd(options) {
  const env = options.env || process.env;
  const words = [...(options.execArgv || process.execArgv), env.NODE_OPTIONS];
  options[kOwnEnd] =
    isThisNode(options.execPath) &&
    env.NODE_UNIQUE_ID === undefined &&
    /** @type {any} */ (process).permission === undefined &&
    // Another user may not be able to read our files.
    isNullish(options.uid) &&
    isNullish(options.gid) &&
    !ignoresEnvironment() &&
    canPreload(words, ownEnd.PRELOAD);
}

function isThisNode(execPath) {
  if (typeof execPath !== 'string') return false;
  try {
    return path.resolve(execPath) === process.execPath;
  } catch {
    // The working directory, from which it is to be found, was removed.
    return false;
  }
}

/** @type {boolean | undefined} */
let ignored;

/** A Node with file capabilities or a set-id bit ignores NODE_OPTIONS. */
function ignoresEnvironment() {
  try {
    ignored ??= environment().ignoresEnvironment();
  } catch {
    // No descriptors: the spawn will say so.
    return false;
  }
  return ignored;
}

/** Adds to the child's environment what tells it of its channel. */
function channelEnvironment(options, index) {
  const mode = options.serialization || 'json';
  const variables = variablesOf(options);
  if (options[kOwnEnd]) {
    ownEnd.announce(variables, index, mode);
  } else {
    variables.set('NODE_CHANNEL_FD', index);
    variables.set('NODE_CHANNEL_SERIALIZATION_MODE', mode);
  }
}

/** Makes `child` a process that one can talk to. */
function openChannel(child, token, options, onclosed) {
  const { serialization, maxMessageSize } = options;
  if (!isNullish(maxMessageSize)) environment().limitMessages(token, maxMessageSize);
  const handle = new ChannelHandle(token, serialization);
  if (options[kOwnEnd] && ownEnd.hasDialect(serialization)) handle.expectGreeting(ownEnd.VERSION);
  channels.set(child, handle);
  setupChannel(child, handle, onclosed);
}

/** Ends the channel of a child that has exited, whoever else holds its other end. */
function endChannelSoon(child) {
  const handle = channels.get(child);
  if (handle) require('./end-soon.js').endSoon(handle);
}

module.exports = { preferOwnEnd, channelEnvironment, openChannel, endChannelSoon };
