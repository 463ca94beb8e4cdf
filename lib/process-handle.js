'use strict';
// A child's handle, as `child._handle`: what Node's own Process handle offers, over a token.

const { AsyncResource } = require('node:async_hooks');
const os = require('node:os');
const { environment, own, EVENT } = require('./native.js');

const { ESRCH } = os.constants.errno;
/** @type {Map<number, string>} where several names share a number, Node reports the first */
const SIGNAL_NAMES = new Map();
for (const [name, number] of Object.entries(os.constants.signals)) {
  if (!SIGNAL_NAMES.has(number)) SIGNAL_NAMES.set(number, name);
}

class Process {
  #token = -1;
  #referenced = true;
  // Events of the child run in the async context of its creator.
  #resource = new AsyncResource('PROCESSWRAP', { requireManualDestroy: true });
  /** @type {number | undefined} */
  pid;
  /** @type {((exitCode: number, signal: string) => void) | undefined} */
  onexit;

  /** A child has been started for this handle. */
  adopt(token, pid) {
    this.#token = token;
    this.pid = pid;
    own(token, this);
    if (!this.#referenced) environment().setRef(token, false);
  }

  onevent(event, code, signal) {
    if (event !== EVENT.EXIT) return;
    this.#token = -1;
    this.#resource.runInAsyncScope(reportExit, this, code, signal);
    this.#resource.emitDestroy();
  }

  /** 0 or a negative errno. Never reaches a process that has been reaped. */
  kill(signal) {
    return this.#token === -1 ? -ESRCH : environment().kill(this.#token, signal);
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

  close() {}

  getAsyncId() {
    return this.#resource.asyncId();
  }

  #setRef(on) {
    this.#referenced = on;
    if (this.#token !== -1) environment().setRef(this.#token, on);
  }
}

/** @this {Process} */
function reportExit(code, signal) {
  this.onexit?.(code, signal === 0 ? '' : (SIGNAL_NAMES.get(signal) ?? `SIG${signal}`));
}

module.exports = { Process };
