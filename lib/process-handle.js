'use strict';
// A child's handle, as `child._handle`: what Node's own Process handle offers, over a token.

const { AsyncResource } = require('node:async_hooks');
const os = require('node:os');
const { takeBill } = require('./bill.js');
const { setImmediate } = require('./host-timers.js');
const { deliverIn, environment, own, EVENT } = require('./native.js');
const { signalName } = require('./signals.js');
const { start } = require('./start.js');

const { ESRCH } = os.constants.errno;

class Process {
  #token = -1;
  #referenced = true;
  #isClosed = false;
  // Events of the child run in the async context of its creator.
  #resource;
  /** @type {number | undefined} */
  pid;
  /** @type {((exitCode: number, signal: string) => void) | undefined} */
  onexit;
  /**
   * Why nothing was started.
   * @type {{ step: number, request: any } | undefined}
   */
  failure;
  /** Of a child that has exited: what `killLater` had done to it. 1: the signal was sent, 2: SIGKILL. */
  lateKills = 0;
  /** Of a child that has exited: whether by a signal, be it one without a name. */
  wasKilled = false;
  #isKilledLater = false;
  /** What the child used, once it has exited. @type {number[] | undefined} */
  bill;

  constructor() {
    // Not by an initializer, as in pipe-handle.js: it is a frame of its own, and an async hook has ten of
    // them, the default limit, to find the program's line in.
    this.#resource = new AsyncResource('PROCESSWRAP', { requireManualDestroy: true });
  }

  /**
   * Starts the program; see start.js.
   * @param {any} options
   * @param {any[]} args
   * @param {import('./stdio.js').StdioPlan} stdio
   * @param {boolean} advanced
   */
  spawn(options, args, stdio, advanced) {
    const started = start(options, args, stdio, advanced);
    if (started.status === 0) {
      this.#token = started.child;
      this.pid = started.pid;
      own(this.#token, this);
      if (!this.#referenced) environment().setRef(this.#token, false);
    }
    return started;
  }

  onevent(event, code, signal) {
    if (event !== EVENT.EXIT) return;
    if (this.#isKilledLater) this.lateKills = environment().lateKills(this.#token);
    this.#token = -1;
    this.bill = takeBill();
    this.wasKilled = signal !== 0;
    if (!this.#isClosed) deliverIn(this.#resource, reportExit, this, code, signal);
    this.#resource.emitDestroy();
  }

  /** 0 or a negative errno. Never reaches a process that has been reaped. */
  kill(signal) {
    return this.#token === -1 ? -ESRCH : environment().kill(this.#token, signal);
  }

  /**
   * Has the addon send signals at their time, whatever this thread does then: `signal` after `timeout`
   * milliseconds, if given, and SIGKILL `forceAfter` milliseconds after that (or from now). What has
   * ended by then is left alone. `getReady` of force-kill.js must have been called.
   * @param {{ signal?: number, timeout?: number, forceAfter?: number }} times
   * @param {any} [tree] whose processes all get them: the child's
   */
  killLater(times, tree) {
    if (this.#token === -1) return;
    this.#isKilledLater = true;
    if (tree !== undefined) {
      tree.killLater(this.#token, times);
      return;
    }
    const { signal = 0, timeout = -1, forceAfter = -1 } = times;
    environment().killLater(this.#token, signal, timeout, forceAfter);
  }

  /** What /proc tells of the child at this moment; null where it does not run. */
  vitals() {
    return this.#token === -1 ? null : environment().childVitals(this.#token);
  }

  ref() {
    if (!this.#isClosed) this.#setRef(true);
  }

  unref() {
    this.#setRef(false);
  }

  hasRef() {
    return this.#referenced && this.#token !== -1;
  }

  /**
   * From here on nobody waits for the child, or is told of its exit. It is reaped all the same.
   * @param {() => void} [callback]
   */
  close(callback) {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.unref();
    if (callback) setImmediate(() => callback.call(this));
  }

  getAsyncId() {
    return this.#resource.asyncId();
  }

  #setRef(on) {
    this.#referenced = on;
    if (this.#token !== -1) environment().setRef(this.#token, on);
  }
}

/** Real-time signals have no name: Node reports exit code 0 for them. @this {Process} */
function reportExit(code, signal) {
  this.onexit?.(code, signalName(signal));
}

module.exports = { Process };
