'use strict';
// A net.Socket whose output can be gathered by the addon, without any event, for as long as the
// listener of exec() is the only one to hear of it. To the program it is a flowing stream all the
// while: at the first thing that could tell the difference, what was gathered is given to that
// listener, and the stream becomes what it seems to be.

const net = require('node:net');

/** What the output is to become; src/bindings/capture.rs has the same numbers. */
const FORM = { buffer: 0, utf8: 1, latin1: 2 };
const OTHER_FORM = 3;

class Capturable extends net.Socket {
  on(event, listener) {
    releaseIfRead(this, event);
    return super.on(event, listener);
  }

  addListener(event, listener) {
    releaseIfRead(this, event);
    return super.addListener(event, listener);
  }

  prependListener(event, listener) {
    releaseIfRead(this, event);
    return super.prependListener(event, listener);
  }

  removeListener(event, listener) {
    releaseIfRead(this, event);
    return super.removeListener(event, listener);
  }

  off(event, listener) {
    releaseIfRead(this, event);
    return super.off(event, listener);
  }

  removeAllListeners(...events) {
    release(this);
    return super.removeAllListeners(...events);
  }

  setEncoding(encoding) {
    release(this);
    return super.setEncoding(encoding);
  }

  pause() {
    release(this);
    return super.pause();
  }

  /** The time is counted from the last event. */
  setTimeout(milliseconds, callback) {
    release(this);
    return super.setTimeout(milliseconds, callback);
  }

  destroy(error) {
    release(this);
    return super.destroy(error);
  }
}

Object.defineProperty(Capturable.prototype, 'readableDidRead', {
  get() {
    release(this);
    return Reflect.get(net.Socket.prototype, 'readableDidRead', this);
  },
  configurable: true,
});

function releaseIfRead(stream, event) {
  if (event === 'data' || event === 'readable') release(stream);
}

/** @param {any} stream any stream at all, or none */
function release(stream) {
  if (stream instanceof Capturable) /** @type {any} */ (stream)._handle?.release?.();
}

/**
 * Has the addon gather the output, unless the program has got hold of the stream already.
 * @param {any} stream with a listener of 'data' that is to hear of it all
 * @param {number | null} limit in bytes; what exceeds it comes as events
 */
function capture(stream, limit) {
  if (!isCapturable(stream)) return;
  const form = FORM[stream.readableEncoding ?? 'buffer'] ?? OTHER_FORM;
  /** @type {any} */ (stream)._handle?.capture?.(form, limit ?? 0);
}

/** As `capture`, for a listener that wants no more than the ends; see pipe-handle.js. */
function captureEnds(stream, head, tail) {
  if (!isCapturable(stream)) return;
  /** @type {any} */ (stream)._handle?.captureEnds?.(head, tail);
}

function isCapturable(stream) {
  if (!(stream instanceof Capturable)) return false;
  return Boolean(stream.readableFlowing) && stream.listenerCount('data') === 1;
}

module.exports = { Capturable, capture, captureEnds, release };
