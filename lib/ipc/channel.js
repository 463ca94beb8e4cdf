'use strict';
// What a channel gives to its owner, a ChildProcess or the process itself: send, disconnect,
// 'message', 'disconnect', `channel`. The same for both ends.

const { EventEmitter } = require('node:events');
const util = require('node:util');
const {
  invalidArgType,
  missingArgs,
  ipcChannelClosed,
  ipcDisconnected,
  featureUnavailable,
} = require('../errors.js');
const { validateObject } = require('../validate.js');
const { Malformed, WithDescriptor } = require('./codec.js');

/** send() answers false from this many queued bytes on. */
const HIGH_WATER_BYTES = 128 * 1024;

const MESSAGE_TYPES = ['string', 'object', 'number', 'boolean'];

// Node 26 dropped the deprecated accessor.
const HAS_OLD_NAME = Number.parseInt(process.versions.node, 10) < 26;

/** `child.channel` and `process.channel`: whether the channel keeps the process alive. */
class Control extends EventEmitter {
  #handle;
  #refs = 0;
  #isExplicit = false;

  constructor(handle) {
    super();
    this.#handle = handle;
  }

  /** One more reason to stay, unless ref() or unref() has been called. */
  refCounted() {
    if (++this.#refs === 1 && !this.#isExplicit) this.#handle.ref();
  }

  unrefCounted() {
    if (--this.#refs !== 0 || this.#isExplicit) return;
    this.#handle.unref();
    this.emit('unref');
  }

  /** From now on the channel keeps the process alive, whoever listens. */
  ref() {
    this.#isExplicit = true;
    this.#handle.ref();
  }

  unref() {
    this.#isExplicit = true;
    this.#handle.unref();
  }

  get fd() {
    return this.#handle.fd;
  }
}

/**
 * @param {any} target a ChildProcess, or the process
 * @param {InstanceType<typeof import('./channel-handle.js').ChannelHandle>} handle
 * @param {() => void} [onclosed] called once: at the peer's end, before 'disconnect', as in Node;
 *   after a disconnect() from this side when it is told (Node never does)
 */
function setupChannel(target, handle, onclosed) {
  const control = new Control(handle);
  target.channel = control;
  if (HAS_OLD_NAME) defineOldName(target);
  target._handleQueue = null;
  target._pendingMessage = null;
  handle.onfailure = (error) => target.emit('error', error);
  handle.onbacklog = (on) => (on ? control.refCounted() : control.unrefCounted());
  /** @type {[string, any][]} what came before anybody listened */
  const early = [];
  let isOpen = true;
  let isFinished = false;

  target.on('internalMessage', () => {});
  target.on('newListener', () => process.nextTick(deliverEarly));

  function deliverEarly() {
    if (!target.channel || target.listenerCount('message') === 0) return;
    for (const [name, message] of early.splice(0)) target.emit(name, message, undefined);
  }

  function emit([name, message]) {
    if (name === 'internalMessage' || target.listenerCount('message') > 0) {
      target.emit(name, message, undefined);
    } else {
      early.push([name, message]);
    }
  }

  handle.receiver = {
    messages(list) {
      if (isOpen) process.nextTick(emitAll, list, emit);
    },
    end() {
      if (target.connected) {
        target.connected = false;
        target.channel = null;
        process.nextTick(close);
      } else {
        // The rest of a message that a disconnect waits for will never come.
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
      validateObject(options, 'options');
    }
    if (this.connected) return this._send(message, sendHandle, options, callback);
    report(this, ipcChannelClosed(), callback);
    return false;
  };

  target._send = (message, sendHandle, options, callback) => {
    if (message === undefined) throw missingArgs('message');
    if (!MESSAGE_TYPES.includes(typeof message))
      throw invalidArgType('message', MESSAGE_TYPES, message);
    if (sendHandle) throw featureUnavailable('send() with a handle');
    // Nobody is told of a failure where the sender does not care (Node's own talk).
    const swallow = typeof options === 'boolean' ? options : options?.swallowErrors;
    if (swallow) callback = ignoringErrors(callback);
    handle.send(message, -1, typeof callback === 'function' ? callback : undefined);
    return handle.writeQueueSize < HIGH_WATER_BYTES;
  };

  // `connected` turns false as soon as an end is wished for; `channel` turns null when the
  // channel takes no more messages; 'disconnect' comes when it is closed.
  target.connected = true;

  target.disconnect = function () {
    if (!this.connected) {
      this.emit('error', ipcDisconnected());
      return;
    }
    this.connected = false;
    this._disconnect();
  };

  target._disconnect = function () {
    this.channel = null;
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
    target.emit('disconnect');
    finish();
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
function emitAll(list, emit) {
  let next = 0;
  try {
    while (next < list.length) {
      const item = list[next++];
      if (item instanceof Malformed) throw item.error;
      emit(toEvent(item));
    }
  } finally {
    if (next < list.length) process.nextTick(emitAll, list.slice(next), emit);
  }
}

/** @returns {[string, any]} */
function toEvent(item) {
  const message = item instanceof WithDescriptor ? item.message : item;
  return [isInternal(message) ? 'internalMessage' : 'message', message];
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

function ignoringErrors(callback) {
  return (error) => {
    if (error === null && typeof callback === 'function') callback(null);
  };
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
