'use strict';
// The round that a pool makes while it has tasks: workers that are stopped, have grown or got old. Its timer is
// also what keeps the program alive, and the only thing that does.
//
// There is no heartbeat: one that JavaScript has to answer would end workers that are busy.

const { clearInterval, setInterval } = require('../host-timers.js');

const SLOWEST_MS = 1000;
const FASTEST_MS = 50;

class Patrol {
  #core;
  #interval;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  constructor(core) {
    this.#core = core;
    const { stoppedAfter } = core.options;
    this.#interval = Math.max(FASTEST_MS, Math.min(SLOWEST_MS, stoppedAfter / 4));
  }

  get #isNeeded() {
    const { pending, state, options } = this.#core;
    return state !== 'closed' && (pending > 0 || state === 'closing' || options.ref);
  }

  /** Whether there is something to do may have changed. */
  settle() {
    if (this.#isNeeded) {
      this.#timer ??= setInterval(() => this.#walk(), this.#interval);
      this.#timer.ref();
    } else if (this.#core.state === 'closed') {
      clearInterval(this.#timer);
    } else {
      // It may be needed again at once: that costs less than a new one.
      this.#timer?.unref();
    }
  }

  #walk() {
    const core = this.#core;
    if (core.pending === 0 && core.state !== 'closing') {
      if (!core.options.ref) {
        clearInterval(this.#timer);
        this.#timer = undefined;
      }
      return;
    }
    core.staff.sampleAll();
    this.#findStopped();
    core.staff.balance();
  }

  #findStopped() {
    const { options, staff } = this.#core;
    if (options.stoppedAfter === Infinity) return;
    const now = performance.now();
    for (const worker of staff.workers) {
      const isWaitedFor = !worker.isIdle || worker.state === 'starting';
      if (!isWaitedFor || !worker.isStopped) worker.stoppedSince = 0;
      else if (worker.stoppedSince === 0) worker.stoppedSince = now;
      else if (now - worker.stoppedSince >= options.stoppedAfter) worker.kill('stopped');
    }
  }
}

module.exports = { Patrol };
