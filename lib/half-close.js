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

  /** Tells of it, as an event of its own. */
  finish() {
    const request = this.#request;
    this.#request = undefined;
    if (request) deliverIn(this.emitDestroy(), request.oncomplete, request, 0);
  }

  /** The stream is closed: tells of it now, if it is not told yet. @param {number} status a negative errno */
  cancel(status) {
    const request = this.#request;
    this.#request = undefined;
    if (request) this.emitDestroy().runInAsyncScope(request.oncomplete, request, status);
  }
}

module.exports = { HalfClose };
