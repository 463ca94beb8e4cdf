'use strict';
// The handle below a stdio stream, as `stream._handle`: what net.Socket asks of one, over a
// token. Reading and writing happen in the addon; a write that does not fit waits here, with its
// buffers, until the addon says that there is room.

const { AsyncResource } = require('node:async_hooks');
const os = require('node:os');
const { deliverIn, environment, own, EVENT } = require('./native.js');
const { errnoException } = require('./errors.js');
const { HalfClose } = require('./half-close.js');
const { NODE_MAJOR } = require('./node-version.js');
const { WriteRequest } = require('./write-request.js');

const { ENOTCONN, EBADF, ECANCELED } = os.constants.errno;

class Pipe {
  #token;
  #referenced = true;
  /** @type {{ buffers: Uint8Array[], index: number, offset: number, done: (error?: any) => void, isShortText: boolean, request?: InstanceType<typeof WriteRequest> } | undefined} */
  #pending;
  #halfClose = /** @type {InstanceType<typeof HalfClose> | undefined} */ (undefined);
  /** @type {(() => void) | undefined} */
  #onclosed;
  #resource;
  /** @type {any} the stream; set by it */
  owner = undefined;
  /** Set by net.Socket, which thinks that it has one of its own handles. Unused. */
  onread = undefined;
  /** Set by net.Socket. @type {boolean | undefined} */
  reading;
  /** Whether the addon gathers what comes instead of telling. */
  #isCaptured = false;
  /** Whether the addon may have read what the owner was not told. */
  #mayBeAhead = false;
  /** Whether the chunk that the owner is given was gathered, and so has no other listener. */
  isGathered = false;
  #bytesRead = 0;
  bytesWritten = 0;
  /** Bytes accepted and not yet with the kernel. */
  writeQueueSize = 0;

  constructor(token) {
    this.#token = token;
    this.#resource = new AsyncResource('PIPEWRAP', { requireManualDestroy: true });
    own(token, this);
  }

  /** Names the stream to the addon; -1 once closed. Who asks is about to use it. */
  get token() {
    this.#comeHome();
    return this.#token;
  }

  get fd() {
    this.#comeHome();
    return this.#token === -1 ? undefined : environment().fd(this.#token);
  }

  get bytesRead() {
    return this.#bytesRead + (this.#isCaptured ? environment().capturedCount(this.#token) : 0);
  }

  /**
   * Has the addon gather what comes, up to so many bytes, for `owner` to take at the end; the forms are in
   * lib/capturable.js.
   */
  capture(form, limit) {
    this.#isCaptured =
      this.#token !== -1 && environment().startCapture(this.#token, form, limit) === 0;
  }

  /** As `capture`, but only the first `head` bytes and the last `tail` are kept, in one chunk. */
  captureEnds(head, tail) {
    this.#isCaptured =
      this.#token !== -1 && environment().startCaptureOfEnds(this.#token, head, tail) === 0;
  }

  /** The stream ends behind what was written to it by now, whoever holds its other end. */
  endSoon() {
    if (this.#token === -1) return;
    this.#comeHome();
    const rest = environment().endSoon(this.#token);
    // What there is comes as any other data.
    if (rest === null) return;
    this.isGathered = this.#isCaptured;
    this.#isCaptured = false;
    this.#bytesRead += rest.count;
    for (const chunk of rest.chunks) this.owner.takeChunk(chunk);
    this.owner.takeEnd(0);
  }

  /** Another thread reads ahead, until the owner pauses. Not of a stream that is written to. */
  readAhead() {
    if (this.#token === -1 || this.bytesWritten > 0) return;
    this.#mayBeAhead = true;
    environment().readAhead(this.#token);
  }

  /** The stream is used otherwise: the owner takes what it was not told yet. */
  #comeHome() {
    this.release();
    if (!this.#mayBeAhead) return;
    this.#mayBeAhead = false;
    for (const chunk of environment().endReadAhead(this.#token)) {
      this.#bytesRead += chunk.length;
      this.owner.takeChunk(chunk);
    }
  }

  /** Ends a capture: the owner takes what there is, and hears of all that comes. */
  release() {
    if (!this.#isCaptured) return;
    this.#bytesRead = this.bytesRead;
    this.#isCaptured = false;
    for (const chunk of environment().endCapture(this.#token)) this.owner.takeChunk(chunk);
  }

  readStart() {
    return this.#token === -1 ? -EBADF : environment().readStart(this.#token);
  }

  readStop() {
    this.release();
    return this.#token === -1 ? -EBADF : environment().readStop(this.#token);
  }

  /** Reads in small pieces again. */
  cool() {
    if (this.#token !== -1) environment().cool(this.#token);
  }

  /**
   * Writes all of the buffers in order, then calls `done`: before returning if everything fits.
   * @param {Uint8Array[]} buffers
   * @param {(error?: any) => void} done
   * @param {boolean} isShortText what Node counts only if it does not fail at once
   */
  write(buffers, done, isShortText) {
    this.#comeHome();
    for (const buffer of buffers) {
      this.bytesWritten += buffer.byteLength;
      this.writeQueueSize += buffer.byteLength;
    }
    this.#pending = { buffers, index: 0, offset: 0, done, isShortText };
    this.#continueWriting();
  }

  #continueWriting() {
    const pending = this.#pending;
    while (pending && pending.index < pending.buffers.length) {
      const buffer = pending.buffers[pending.index];
      const count = environment().write(this.#token, buffer, pending.offset);
      if (count < 0) {
        this.writeQueueSize = 0;
        if (pending.isShortText && !pending.request) this.bytesWritten -= buffer.byteLength;
        this.#finishWriting(errnoException(count, 'write'));
        return;
      }
      pending.offset += count;
      this.writeQueueSize -= count;
      if (pending.offset < buffer.byteLength) {
        pending.request ??= new WriteRequest(this.getAsyncId());
        return;
      }
      pending.index++;
      pending.offset = 0;
    }
    this.#finishWriting();
  }

  #finishWriting(error) {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending?.request) deliverIn(pending.request.emitDestroy(), pending.done, null, error);
    else pending?.done(error);
  }

  /** Half-close: at once. net.Socket hears of it by the event. */
  shutdown(request) {
    const status = this.#token === -1 ? -ENOTCONN : environment().shutdown(this.#token);
    if (status === 0) this.#halfClose = new HalfClose(this.getAsyncId(), request);
    return status;
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

  getAsyncId() {
    return this.#resource.asyncId();
  }

  /** Closes at once; `callback` comes in the loop's closing phase, as from Node's handles. */
  close(callback) {
    if (this.#token === -1) return;
    this.release();
    this.#onclosed = callback;
    environment().close(this.#token);
    this.#token = -1;
  }

  onevent(event, first, second) {
    // What goes on is the write, or the half-close, in a context of its own.
    if (event === EVENT.WRITABLE) this.#continueWriting();
    else if (event === EVENT.SHUT_DOWN) this.#halfClose?.tell(0);
    else if (event === EVENT.CLOSED) this.#cancel();
    else deliverIn(this.#resource, this.deliver, this, event, first, second);
  }

  /** Whatever is thrown by those that wait for its writing. */
  #cancel() {
    try {
      // Node 20 reports a write that is under way as done.
      if (this.#pending && NODE_MAJOR < 22) this.#finishWriting();
      if (this.#pending) this.#finishWriting(errnoException(-ECANCELED, 'write'));
      this.#halfClose?.tell(-ECANCELED);
    } finally {
      deliverIn(this.#resource, () => this.#onclosed?.call(this), this);
      this.#resource.emitDestroy();
    }
  }

  deliver(event, first, second) {
    const wasCaptured = this.#isCaptured;
    this.#isCaptured = false;
    if (event === EVENT.END) {
      this.owner.takeEnd(first);
      return;
    }
    this.isGathered = wasCaptured;
    this.#bytesRead += second;
    const isWhole = typeof first === 'string' || second === first.length;
    this.owner.takeChunk(isWhole ? first : first.subarray(0, second));
  }
}

module.exports = { Pipe };
