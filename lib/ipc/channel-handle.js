'use strict';
// The handle below a channel, over a token: messages in, messages out, and when they leave.
//
// The first messages of a tick are written at once: a lone message is never late. What follows is
// collected and written together at the tick's end, or before that if it grows, if this process signals
// itself or exits, or, by a thread of the addon, if the tick does not end within about a millisecond.

const { AsyncResource } = require('node:async_hooks');
const { deliverIn, environment, own, EVENT } = require('../native.js');
const { Arrivals } = require('./arrivals.js');
const { codecs } = require('./codec.js');
const leaving = require('./leaving.js');
const { Outlet } = require('./outlet.js');
const { SendCallbacks } = require('./send-callbacks.js');

/** Messages of one tick that are written one by one. */
const AT_ONCE = 16;

/**
 * @typedef {object} Receiver
 * @property {(messages: any[]) => void} messages in order; those with a handle in a `WithHandle`
 * @property {(error?: Error) => void} end
 */

class ChannelHandle {
  #token;
  #codec;
  #outlet;
  #referenced = true;
  #resource;
  #sendsOfTick = 0;
  #hasCollected = false;
  #callbacks;
  /** Collected sends without a callback. */
  #collectedSilently = 0;
  #waitsForRoom = false;
  #arrivals = new Arrivals();
  /** @type {Receiver | undefined} */
  receiver;
  /** Told of the failure of a send without a callback. @type {(error: any) => void} */
  onfailure = () => {};
  /** A backlog builds up (true), or is gone (false). @type {((on: boolean) => void) | undefined} */
  onbacklog;
  /** Bytes that are not with the kernel yet. */
  writeQueueSize = 0;

  /** @param {number} token @param {'json' | 'advanced'} [mode] */
  constructor(token, mode = 'json') {
    this.#token = token;
    this.#resource = new AsyncResource('PIPEWRAP', { requireManualDestroy: true });
    this.#callbacks = new SendCallbacks(this.#resource.asyncId());
    this.#codec = codecs[mode];
    this.#outlet = new Outlet(token);
    own(token, this);
    leaving.install();
  }

  /** Takes over an inherited descriptor; undefined if it is none. */
  static adopt(fd, mode) {
    const token = environment().adoptChannel(fd, mode === 'advanced');
    return token < 0 ? undefined : new ChannelHandle(token, mode);
  }

  /** Tells the other end that this is an end of ours; the other one is, and said so. */
  greet(version) {
    environment().greet(this.#token, version);
    this.#codec = codecs.dialect;
  }

  /** The other end may make itself known as one of ours. */
  expectGreeting(version) {
    environment().expectGreeting(this.#token, version);
  }

  get fd() {
    return this.#token === -1 ? -1 : environment().fd(this.#token);
  }

  readStart() {
    environment().readStart(this.#token);
  }

  getAsyncId = () => this.#resource.asyncId();
  ref = () => this.#setRef(true);
  unref = () => this.#setRef(false);

  hasRef() {
    return this.#referenced && this.#token !== -1;
  }

  #setRef(on) {
    this.#referenced = on;
    if (this.#token !== -1) environment().setRef(this.#token, on);
  }

  /** Whether part of a message is still to come. */
  isMidMessage() {
    return this.#token !== -1 && environment().isMidMessage(this.#token);
  }

  /**
   * Sends a message as it is now; one that `mayWait` is collected, be it the first. `callback` is called
   * with null or the error when it is written, never at once; without one `onfailure` gets the error.
   * @param {any} message
   * @param {number} descriptor rides along, or -1
   * @param {((error: any) => void) | undefined} callback
   * @returns {number} 0, or the negative errno of a failure, which is also told
   */
  send(message, descriptor, callback, mayWait = false) {
    const collect = this.#countSend(mayWait);
    const queued = this.#codec.send(this.#outlet, message, collect, descriptor);
    if (queued < 0) {
      this.fail(queued, callback);
      return queued;
    }
    this.writeQueueSize = queued;
    if (queued === 0 && this.#callbacks.isEmpty) {
      if (callback) process.nextTick(callback, null);
      return 0;
    }
    if (callback) {
      const accepted = environment().acceptedBytes(this.#token);
      this.#callbacks.add(accepted, callback, collect);
      if (queued === 0) this.#callbacks.writtenUpTo(accepted);
    } else if (collect) {
      this.#collectedSilently++;
    }
    if (!collect && queued > 0) this.#setWaiting(true);
    return 0;
  }

  /** Tells of a send that failed. */
  fail(errno, callback) {
    process.nextTick(callback ?? this.onfailure, writeError(errno));
  }

  /** A message as it is now, for one that is sent later. */
  snapshot(message) {
    return this.#codec.snapshot(message);
  }

  /** Counts the sends of this tick; whether this one is collected: from the seventeenth on. */
  #countSend(mayWait) {
    if (this.#sendsOfTick++ === 0) process.nextTick(endTick, this);
    if (this.#sendsOfTick <= AT_ONCE && !mayWait) return false;
    if (!this.#hasCollected) leaving.watch(this);
    this.#hasCollected = true;
    return true;
  }

  /** @internal The tick is over. */
  endTick() {
    this.#sendsOfTick = 0;
    if (!this.#hasCollected) return;
    this.#hasCollected = false;
    leaving.unwatch(this);
    this.flush();
  }

  /** Writes what was collected, as much as fits. */
  flush() {
    if (this.#token === -1) return;
    const queued = environment().flush(this.#token);
    const silent = this.#collectedSilently;
    this.#collectedSilently = 0;
    if (queued < 0) {
      const error = writeError(queued);
      for (let i = 0; i < silent; i++) process.nextTick(this.onfailure, error);
      this.#isOver(error);
    } else {
      this.writeQueueSize = queued;
      this.#setWaiting(queued > 0);
      this.#callbacks.writtenUpTo(environment().writtenBytes(this.#token));
    }
  }

  /** Nothing is queued any more. */
  #isOver(error) {
    this.writeQueueSize = 0;
    this.#setWaiting(false);
    this.#callbacks.finish(error);
  }

  #setWaiting(on) {
    if (this.#waitsForRoom === on) return;
    this.#waitsForRoom = on;
    this.onbacklog?.(on);
  }

  close() {
    if (this.#token === -1) return;
    leaving.unwatch(this);
    this.#outlet.close();
    environment().close(this.#token);
    this.#token = -1;
  }

  #receive(messages) {
    const all = this.#arrivals.add(this.#token, messages);
    if (all) this.receiver?.messages(all);
  }

  onevent(event, first, second) {
    deliverIn(this.#resource, this.deliver, this, event, first, second);
  }

  /** @internal */
  deliver(event, first, second) {
    switch (event) {
      case EVENT.DESCRIPTORS:
      case EVENT.MORE_FOLLOWS:
      case EVENT.LITERAL:
        this.#arrivals.announce(event, first, second);
        return;
      case EVENT.GREETED:
        this.#codec = codecs.dialect;
        return;
      case EVENT.MESSAGES:
        this.#receive(this.#arrivals.parse(this.#codec, this.#token, first, second));
        return;
      case EVENT.FRAMES:
        this.#receive(this.#codec.parseFrames(first, second));
        return;
      case EVENT.LARGE:
        this.#receive([this.#codec.parseLarge(first)]);
        return;
      case EVENT.WRITTEN:
        // Written, or never will be: Node reports a write that failed later as done.
        this.#isOver(null);
        return;
      case EVENT.END:
        this.receiver?.end(first && require('./end-error.js').endError(this.#token, first));
        return;
      case EVENT.CLOSED:
        // Sends under way when the channel was closed: Node reports them as done too.
        this.#isOver(null);
        this.#resource.emitDestroy();
        return;
    }
  }
}

function writeError(errno) {
  return require('../errors.js').errnoException(errno, 'write');
}

/** @param {ChannelHandle} handle */
const endTick = (handle) => handle.endTick();

module.exports = { ChannelHandle };
