'use strict';
// What a channel gives to its owner, a ChildProcess or the process itself: send, disconnect,
// 'message', 'disconnect', `channel`. The same for both ends. A forked child loads this before its
// program: what most channels never need is loaded when it is needed.

const util = require('node:util');
const { Malformed, WithHandle } = require('./codec.js');
const { reportUnreadable } = require('./unreadable.js');
const { Control } = require('./control.js');
const { callbackFor } = require('./send-callbacks.js');
const { NODE_MAJOR } = require('../node-version.js');

/** send() answers false from this many queued bytes on. */
const HIGH_WATER_BYTES = 128 * 1024;

/** Most messages are objects: to look into the list costs as much as all else that is checked. */
const MESSAGE_TYPES = ['string', 'object', 'number', 'boolean'];

/**
 * @param {any} target a ChildProcess, or the process
 * @param {InstanceType<typeof import('./channel-handle.js').ChannelHandle>} handle
 * @param {() => void} [onclosed] called once: at the peer's end, before 'disconnect', as in Node;
 *   after a disconnect() from this side when it is told (Node never does)
 */
function setupChannel(target, handle, onclosed) {
  const control = new Control(handle);
  target.channel = control;
  if (NODE_MAJOR < 26) defineOldName(target);
  target._handleQueue = null;
  target._pendingMessage = null;
  /** @type {InstanceType<typeof import('./passing.js').Passing> | undefined} */
  let passing;
  handle.onfailure = (error) => target.emit('error', error);
  handle.onbacklog = (on) => (on ? control.refCounted() : control.unrefCounted());
  /** @type {[string, any, any][]} what came before anybody listened */
  const early = [];
  let isOpen = true;
  let isFinished = false;

  target.on('internalMessage', (message, native) => passes().receive(message, native));
  target.on('newListener', () => process.nextTick(deliverEarly));

  /** Handles on their way. */
  function passes() {
    if (passing === undefined) {
      const { Passing } = require('./passing.js');
      passing = new Passing(target, handle, deliver);
    }
    return passing;
  }

  function deliverEarly() {
    if (!target.channel || target.listenerCount('message') === 0) return;
    for (const event of early.splice(0)) {
      const isHeard = target.emit(...event);
      if (!isHeard) discardHandle(event);
    }
  }

  function emit(event) {
    if (event[0] === 'internalMessage' || target.listenerCount('message') > 0) {
      target.emit(...event);
    } else if (isOpen) {
      early.push(event);
    } else {
      discardHandle(event);
    }
  }

  /** A handle has been received, with its message. */
  function deliver(message, received) {
    /** @type {[string, any, any]} */
    const event = [eventOf(message), message, received];
    // One who listens to internal messages is this channel itself, which has no use for it.
    const isWanted = event[0] === 'message' || target.listenerCount('internalMessage') > 1;
    if (isOpen && isWanted) process.nextTick(emit, event);
    else discardHandle(event);
  }

  handle.receiver = {
    messages(list) {
      if (isOpen) process.nextTick(emitAll, target, list, emit);
    },
    end(error) {
      if (error) process.nextTick(() => target.emit('error', error));
      if (target.connected) {
        target.connected = false;
        target.channel = null;
        process.nextTick(close);
      } else {
        // What a disconnect waits for (the rest of a message, the answer to a handle) will never
        // come.
        target.channel = null;
        close();
      }
      handle.close();
      finish();
    },
  };

  target.send = function (message, sendHandle, options, callback) {
    if (typeof sendHandle === 'function') {
      callback = sendHandle;
      sendHandle = options = undefined;
    } else if (typeof options === 'function') {
      callback = options;
      options = undefined;
    } else if (options !== undefined) {
      require('../validate.js').validateObject(options, 'options');
    }
    if (this.connected) return this._send(message, sendHandle, options, callback);
    report(this, errors().ipcChannelClosed(), callback);
    return false;
  };

  target._send = (message, sendHandle, options, callback) => {
    if (message === undefined) throw errors().missingArgs('message');
    if (typeof message !== 'object' && !MESSAGE_TYPES.includes(typeof message))
      throw errors().invalidArgType('message', MESSAGE_TYPES, message);
    const given = typeof options === 'boolean' ? { swallowErrors: options } : options;
    if (!sendHandle && target._handleQueue === null) {
      handle.send(message, -1, callbackFor(callback, given?.swallowErrors));
    } else {
      options = { swallowErrors: false, ...given };
      const isSent = passes().send({ message, handle: sendHandle || null, options, callback });
      if (!isSent) return target._handleQueue.length === 1;
    }
    return handle.writeQueueSize < HIGH_WATER_BYTES;
  };

  // `connected` turns false as soon as an end is wished for; `channel` turns null when the
  // channel takes no more messages; 'disconnect' comes when it is closed.
  target.connected = true;

  target.disconnect = function () {
    if (!this.connected) {
      this.emit('error', errors().ipcDisconnected());
      return;
    }
    this.connected = false;
    // With a handle under way, all that waits for it is still sent, and then the channel closed.
    if (this._handleQueue === null) this._disconnect();
  };

  target._disconnect = function () {
    this.channel = null;
    passing?.closePending();
    if (handle.isMidMessage()) {
      // The rest of a message is under way: it is still taken.
      target.once('message', close);
      target.once('internalMessage', close);
      return;
    }
    process.nextTick(close);
  };

  function close() {
    if (!isOpen) return;
    isOpen = false;
    handle.close();
    early.splice(0).forEach(discardHandle);
    try {
      target.emit('disconnect');
    } finally {
      passing?.end();
      finish();
    }
  }

  function finish() {
    if (isFinished) return;
    isFinished = true;
    onclosed?.();
  }

  handle.readStart();
  return control;
}

/**
 * Emits messages one after the other. In Node each has a tick of its own, so that a listener that
 * throws loses only its own message; ticks queued by a listener run after the whole batch there
 * too.
 */
function emitAll(target, list, emit, next = 0) {
  try {
    while (next < list.length) {
      const item = list[next++];
      if (item instanceof Malformed) reportUnreadable(target, item);
      else emit(toEvent(item));
    }
  } finally {
    if (next < list.length) process.nextTick(emitAll, target, list, emit, next);
  }
}

/** Closes a handle that nobody was told of. */
function discardHandle([, , received]) {
  if (received) require('./handles.js').discard(received);
}

/** @returns {[string, any, any]} name and arguments */
function toEvent(item) {
  if (item instanceof WithHandle) return ['internalMessage', item.message, item.native];
  const name = eventOf(item);
  // Node tells a handle that is missing from one that nobody expects.
  return [name, item, name === 'internalMessage' && item.cmd === 'NODE_HANDLE' ? null : undefined];
}

function eventOf(message) {
  return isInternal(message) ? 'internalMessage' : 'message';
}

const INTERNAL_PREFIX = 'NODE_';

/** `NODE_` and more: talk between Node's own modules (cluster). */
function isInternal(message) {
  if (message === null || typeof message !== 'object') return false;
  const { cmd } = message;
  return (
    typeof cmd === 'string' &&
    cmd.length > INTERNAL_PREFIX.length &&
    cmd.startsWith(INTERNAL_PREFIX)
  );
}

function errors() {
  return require('../errors.js');
}

/** Tells of a failed send: on the next tick, to the callback or else as an 'error' event. */
function report(target, error, callback) {
  process.nextTick(() => {
    if (typeof callback === 'function') callback(error);
    else target.emit('error', error);
  });
}

function defineOldName(target) {
  Object.defineProperty(target, '_channel', {
    get: util.deprecate(() => target.channel, OLD_NAME_TEXT, 'DEP0129'),
    set: util.deprecate((value) => (target.channel = value), OLD_NAME_TEXT, 'DEP0129'),
    configurable: true,
    enumerable: false,
  });
}

const OLD_NAME_TEXT = '_channel is deprecated. Use ChildProcess.channel instead.';

module.exports = { setupChannel };
