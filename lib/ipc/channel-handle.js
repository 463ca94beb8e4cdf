'use strict';
// The handle below a channel, over a token: messages in, messages out, and when they leave.
//
// The first messages of a tick are written at once, one system call each: a lone message is never
// late. What follows in the same tick is collected and written together at the tick's end, or
// before that if it grows, if this process signals itself or exits, or, by a thread of the addon,
// if the tick does not end within about a millisecond.

const { AsyncResource } = require('node:async_hooks');
const { environment, own, EVENT } = require('../native.js');
const { errnoException } = require('../errors.js');
const { codecs } = require('./codec.js');
const leaving = require('./leaving.js');

/** Messages of one tick that are written one by one. */
const AT_ONCE = 16;

/**
 * @typedef {object} Receiver
 * @property {(messages: any[]) => void} messages parsed, in order
 * @property {() => void} end
 */

class ChannelHandle {
  #token;
  #codec;
  #referenced = true;
  #resource = new AsyncResource('PIPEWRAP', { requireManualDestroy: true });
  /** Sends of this tick. */
  #sends = 0;
  /** @type {{ end: number, done: (error: any) => void }[]} sends that are not with the kernel yet */
  #unwritten = [];
  #waitsForRoom = false;
  /** @type {Receiver | undefined} */
  receiver;
  /** Called when a backlog builds up (true) and when it is gone (false). */
  /** @type {((on: boolean) => void) | undefined} */
  onbacklog;
  /** Bytes that are not with the kernel yet. */
  writeQueueSize = 0;

  /** @param {number} token @param {'json' | 'advanced'} [mode] */
  constructor(token, mode = 'json') {
    this.#token = token;
    this.#codec = codecs[mode];
    own(token, this);
  }

  /** Takes over a descriptor that this process was started with; undefined if it is none. */
  static adopt(fd, mode) {
    const token = environment().adoptChannel(fd, mode === 'advanced');
    return token < 0 ? undefined : new ChannelHandle(token, mode);
  }

  get fd() {
    return this.#token === -1 ? -1 : environment().fd(this.#token);
  }

  readStart() {
    environment().readStart(this.#token);
  }

  ref() {
    this.#setRef(true);
  }

  unref() {
    this.#setRef(false);
  }

  hasRef() {
    return this.#referenced && this.#token !== -1;
  }

  #setRef(on) {
    this.#referenced = on;
    if (this.#token !== -1) environment().setRef(this.#token, on);
  }

  /** Whether part of a message has been read and the rest has not. */
  isMidMessage() {
    return this.#token !== -1 && environment().isMidMessage(this.#token);
  }

  /**
   * Sends a message as it is now. `done` is called with null when it has been written, or with
   * the error: never before this returns.
   * @param {any} message
   * @param {number} descriptor rides along, or -1
   * @param {(error: any) => void} done
   */
  send(message, descriptor, done) {
    const collect = this.#countSend();
    const queued = this.#codec.send(environment(), this.#token, message, collect, descriptor);
    if (queued < 0) {
      process.nextTick(done, errnoException(queued, 'write'));
      return;
    }
    this.writeQueueSize = queued;
    if (queued === 0) {
      process.nextTick(done, null);
      return;
    }
    this.#unwritten.push({ end: environment().acceptedBytes(this.#token), done });
    if (!collect) this.#setWaiting(true);
  }

  /** Counts the sends of this tick; true from the seventeenth on. */
  #countSend() {
    if (this.#sends++ === 0) process.nextTick(endTick, this);
    if (this.#sends <= AT_ONCE) return false;
    if (this.#sends === AT_ONCE + 1) leaving.watch(this);
    return true;
  }

  /** @internal The tick is over: what it collected leaves. */
  endTick() {
    const collected = this.#sends > AT_ONCE;
    this.#sends = 0;
    if (!collected) return;
    leaving.unwatch(this);
    this.flush();
  }

  /** Writes what was collected, as much as fits. */
  flush() {
    if (this.#token === -1) return;
    this.#written(environment().flush(this.#token));
  }

  /** @param {number} queued bytes that still wait, or a negative errno */
  #written(queued) {
    if (queued < 0) {
      this.#fail(errnoException(queued, 'write'));
      return;
    }
    this.writeQueueSize = queued;
    const written = queued === 0 ? Infinity : environment().writtenBytes(this.#token);
    let count = 0;
    while (count < this.#unwritten.length && this.#unwritten[count].end <= written) count++;
    for (const { done } of this.#unwritten.splice(0, count)) process.nextTick(done, null);
    this.#setWaiting(queued > 0);
  }

  #fail(error) {
    this.writeQueueSize = 0;
    for (const { done } of this.#unwritten.splice(0)) process.nextTick(done, error);
    this.#setWaiting(false);
  }

  #setWaiting(on) {
    if (this.#waitsForRoom === on) return;
    this.#waitsForRoom = on;
    this.onbacklog?.(on);
  }

  close() {
    if (this.#token === -1) return;
    leaving.unwatch(this);
    environment().close(this.#token);
    this.#token = -1;
  }

  onevent(event, first, second) {
    this.#resource.runInAsyncScope(handleEvent, this, event, first, second);
  }

  /** @internal */
  deliver(event, first, second) {
    const receiver = this.receiver;
    switch (event) {
      case EVENT.MESSAGES:
        receiver?.messages(this.#codec.parseBatch(environment(), this.#token, first, second));
        return;
      case EVENT.LINE:
        receiver?.messages(this.#codec.parseLine(first, second));
        return;
      case EVENT.FRAMES:
        receiver?.messages(this.#codec.parseFrames(first, second));
        return;
      case EVENT.WRITTEN:
        this.#written(first);
        return;
      case EVENT.END:
        receiver?.end();
        return;
      case EVENT.CLOSED:
        // Sends under way when the channel was closed: Node reports them as done too.
        for (const { done } of this.#unwritten.splice(0)) done(null);
        this.#setWaiting(false);
        this.#resource.emitDestroy();
        return;
    }
  }
}

/** @this {ChannelHandle} */
function handleEvent(event, first, second) {
  this.deliver(event, first, second);
}

/** @param {ChannelHandle} handle */
function endTick(handle) {
  handle.endTick();
}

module.exports = { ChannelHandle };
