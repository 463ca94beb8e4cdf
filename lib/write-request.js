'use strict';
// A write that is under way, as async_hooks sees it: its callback runs in the context of the call that
// asked for it, whatever is going on when the bytes have left. What is written at once needs none.

const { AsyncResource } = require('node:async_hooks');

class WriteRequest extends AsyncResource {
  /** @param {number} stream the async id of what is written to */
  constructor(stream) {
    super('WRITEWRAP', { triggerAsyncId: stream, requireManualDestroy: true });
  }

  /**
   * Calls back; once only.
   * @param {(error?: any) => void} callback
   * @param {any} [error]
   */
  finish(callback, error) {
    this.emitDestroy().runInAsyncScope(callback, undefined, error);
  }
}

module.exports = { WriteRequest };
