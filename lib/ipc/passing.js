'use strict';
// Passing handles over a channel. One at a time: the receiver answers each with NODE_HANDLE_ACK,
// or with NODE_HANDLE_NACK if the descriptor got lost, and until then whatever is sent waits
// behind it, so that all arrives in order.
//
// `_handleQueue` (null: nothing to wait for) and `_pendingMessage` (the handle to be closed when
// the answer is there) are the owner's, where Node has them.

const os = require('node:os');
const { ipcChannelClosed } = require('../errors.js');
const { clearImmediate, setImmediate } = require('../host-timers.js');
const { conversions, handleType, nativeHandle, discard } = require('./handles.js');
const { WriteRequest } = require('../write-request.js');
const { callbackFor } = require('./send-callbacks.js');
const { SocketLists } = require('./socket-list.js');

const { EBADF } = os.constants.errno;

const HANDLE = 'NODE_HANDLE';
const ACK = 'NODE_HANDLE_ACK';
const NACK = 'NODE_HANDLE_NACK';

/** How often a handle that got lost is sent again. */
const MAX_RETRANSMISSIONS = 3;

/**
 * @typedef {object} Request a call of send()
 * @property {any} message
 * @property {any} handle null if there is none
 * @property {{ swallowErrors?: boolean, keepOpen?: boolean }} options
 * @property {any} callback
 */

class Passing {
  #target;
  #channel;
  #deliver;
  #lists;
  /** Calls back for the handle message on its way, if that has not been done. */
  #settle = () => {};

  /**
   * @param {any} target the owner of the channel
   * @param {InstanceType<typeof import('./channel-handle.js').ChannelHandle>} channel
   * @param {(message: any, handle: any) => void} deliver takes what was received
   */
  constructor(target, channel, deliver) {
    this.#target = target;
    this.#channel = channel;
    this.#deliver = deliver;
    this.#lists = new SocketLists(target);
  }

  /**
   * Sends a request if it need not wait. False once it has been queued, with how many others is
   * told by the queue.
   * @param {Request} request
   */
  send(request) {
    const { message, handle, options, callback } = request;
    const type = handle ? handleType(handle) : undefined;
    const queue = this.#target._handleQueue;
    if (queue !== null && !isAnswer(message)) {
      queue.push({ ...request, message: this.#channel.snapshot(message) });
      return false;
    }
    const native = type && nativeHandle(type, handle);
    // An object with nothing to send below it: the message goes alone.
    if (native) this.#sendHandle(type, native, request);
    else this.#channel.send(message, -1, callbackFor(callback, options.swallowErrors));
    return true;
  }

  #sendHandle(type, native, request) {
    const { message, handle, options, callback } = request;
    const { describe, detach } = /** @type {any} */ (conversions.get(type));
    const packet = { cmd: HANDLE, type, msg: message };
    describe?.(packet, handle, this.#lists);
    const status = this.#write(packet, native, callbackFor(callback, options.swallowErrors));
    if (status === 0) this.#target._handleQueue = [];
    if (!detach || options.keepOpen) return;
    detach(handle);
    if (status === 0) {
      const pending = { callback, message: packet, handle: native, options, retransmissions: 0 };
      this.#target._pendingMessage = pending;
    } else {
      native.close();
    }
  }

  /**
   * 0, or a negative errno, which `callback` is told of. In Node libuv writes a message with a
   * handle in its own time. So the callback comes a turn of the loop later, the channel counts a
   * write under way until then, and a peer that is gone by then is no 'error' event: cluster relies
   * on that when a worker dies.
   * @param {any} packet
   * @param {any} native
   * @param {(error: any) => void} [callback]
   */
  #write(packet, native, callback) {
    const fd = native.fd ?? -1;
    if (fd < 0) {
      const status = fd === -1 ? -EBADF : fd;
      this.#channel.fail(status, callback);
      return status;
    }
    const { onbacklog } = this.#channel;
    const request = callback && new WriteRequest(this.#channel.getAsyncId());
    const tell = (error) => request?.finish(/** @type {any} */ (callback), error);
    let isSettled = false;
    let immediate;
    const settle = () => {
      if (isSettled) return;
      isSettled = true;
      clearImmediate(immediate);
      onbacklog?.(false);
      tell(null);
    };
    const status = this.#channel.send(packet, fd, (error) => {
      if (error) tell(error);
      else immediate = setImmediate(settle);
    });
    if (status !== 0) return status;
    onbacklog?.(true);
    this.#settle = settle;
    return 0;
  }

  /** An internal message has arrived, which may be one of those that are for this file. */
  receive(message, native) {
    switch (message.cmd) {
      case ACK:
        this.#answered(true);
        return;
      case NACK:
        this.#answered(false);
        return;
      case HANDLE:
        this.#received(message, native);
        return;
      default:
        this.#lists.handle(message);
    }
  }

  #answered(arrived) {
    const target = this.#target;
    // An answer to nothing. Node takes it for a defect of its own, and throws.
    if (target._handleQueue === null) return;
    this.#settle();
    const pending = target._pendingMessage;
    if (pending !== null) {
      if (!arrived && this.#sendAgain(pending)) return;
      this.closePending();
      if (!arrived) process.emitWarning(LOST_TEXT, 'SentHandleNotReceivedWarning');
    }
    const queue = target._handleQueue;
    target._handleQueue = null;
    for (const { message, handle, options, callback } of queue) {
      target._send(message, handle, options, callback);
    }
    // An end that was put off until everything was sent.
    if (!target.connected && target.channel && target._handleQueue === null) target._disconnect();
  }

  #sendAgain(pending) {
    if (pending.retransmissions++ === MAX_RETRANSMISSIONS) return false;
    return this.#write(pending.message, pending.handle) === 0;
  }

  #received(packet, native) {
    const target = this.#target;
    // The sender is told at once, and nobody if it is gone.
    target._send({ cmd: native ? ACK : NACK }, null, true);
    if (!native) return;
    // Node's sender wraps what it sends again into a message of its own.
    const inner = packet.msg?.cmd === HANDLE ? packet.msg : packet;
    const conversion = conversions.get(inner.type);
    if (conversion?.fits(native, inner)) {
      conversion.receive(native, inner, this.#lists, (object) => this.#deliver(inner.msg, object));
    } else {
      // A type that is not known here, or that does not go with the descriptor.
      discard(native);
    }
  }

  /** The receiver has the handle, or never will. */
  closePending() {
    this.#target._pendingMessage?.handle.close();
    this.#target._pendingMessage = null;
  }

  /** The channel is closed: what waits for an answer will never leave. */
  end() {
    const queue = this.#target._handleQueue ?? [];
    this.#target._handleQueue = null;
    this.closePending();
    for (const { callback } of queue) {
      if (typeof callback === 'function') process.nextTick(callback, ipcChannelClosed());
    }
    this.#lists.end();
  }
}

const LOST_TEXT = 'Handle did not reach the receiving process correctly';

/** Answers overtake what waits for one, or two processes could wait for each other. */
function isAnswer(message) {
  return message !== null && (message.cmd === ACK || message.cmd === NACK);
}

module.exports = { Passing };
