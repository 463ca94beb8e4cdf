'use strict';
// A half-close that is under way, as async_hooks sees it: the kernel has done it, and net.Socket hears of it
// when libuv would tell.

const { AsyncResource } = require('node:async_hooks');
const { deliverIn } = require('./native.js');

class HalfClose extends AsyncResource {
  /** @type {{ oncomplete(status: number): void } | undefined} */
  #request;

  /**
   * @param {number} stream the async id of what is closed
   * @param {{ oncomplete(status: number): void }} request net.Socket's
   */
  constructor(stream, request) {
    super('SHUTDOWNWRAP', { triggerAsyncId: stream, requireManualDestroy: true });
    this.#request = request;
  }

  /** Tells of it, once. @param {number} status 0, or a negative errno where the stream is closed before */
  tell(status) {
    const request = this.#request;
    this.#request = undefined;
    if (request) deliverIn(this.emitDestroy(), request.oncomplete, request, status);
  }
}

module.exports = { HalfClose };
