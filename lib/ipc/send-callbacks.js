'use strict';
// Who is to be called back for which bytes: the sends of a channel that are not with the kernel
// yet, in order; and who is not told of what. Positions count all bytes that the channel ever accepted.

const { WriteRequest } = require('../write-request.js');

/**
 * @typedef {object} Entry
 * @property {number} end
 * @property {(error: any) => void} callback
 * @property {any} error
 * @property {boolean} hasTurn
 * @property {InstanceType<typeof WriteRequest> | undefined} request the context of the send, once
 *   its tick is over
 */

class SendCallbacks {
  /** @type {Entry[]} */
  #entries = [];
  #written = 0;
  #channel;

  /** @param {number} channel the async id of the channel */
  constructor(channel) {
    this.#channel = channel;
  }

  get isEmpty() {
    return this.#entries.length === 0;
  }

  /**
   * @param {number} end position of the byte after the message
   * @param {(error: any) => void} callback
   * @param {boolean} isCollected the message waits for the end of the tick: it is called back where
   *   it would be if it had been written at once, among the ticks that were queued with it
   */
  add(end, callback, isCollected) {
    /** @type {Entry} */
    const entry = { end, callback, error: null, hasTurn: isCollected, request: undefined };
    this.#entries.push(entry);
    if (isCollected) process.nextTick(() => this.#takeTurn(entry));
    else entry.request = new WriteRequest(this.#channel);
  }

  /** The tick of a collected send: from here on it is as if it had been written at once. */
  #takeTurn(entry) {
    entry.hasTurn = false;
    if (entry.end > this.#written) entry.request = new WriteRequest(this.#channel);
    this.settle();
  }

  /** Calls back for every send that ends at or before `position`. */
  writtenUpTo(position) {
    this.#written = position;
    this.settle();
  }

  /** All is over for every send: it is written (null), or never will be. */
  finish(error) {
    for (const entry of this.#entries) {
      entry.error = error;
      entry.end = 0;
    }
    this.settle();
  }

  settle() {
    let count = 0;
    for (const { end, hasTurn } of this.#entries) {
      if (hasTurn || end > this.#written) break;
      count++;
    }
    callAll(this.#entries.splice(0, count));
  }
}

/** A callback that throws keeps nobody else from being called. */
function callAll(entries) {
  let next = 0;
  try {
    while (next < entries.length) {
      const { callback, error, request } = entries[next++];
      if (request) request.finish(callback, error);
      else callback(error);
    }
  } finally {
    if (next < entries.length) process.nextTick(callAll, entries.slice(next));
  }
}

/** Nobody is told of a failure where the sender does not care (Node's own talk). */
function callbackFor(callback, swallowErrors) {
  const wanted = typeof callback === 'function' ? callback : undefined;
  if (!swallowErrors) return wanted;
  return (error) => {
    if (error === null) wanted?.(null);
  };
}

module.exports = { SendCallbacks, callbackFor };
