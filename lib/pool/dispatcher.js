'use strict';
// Which worker gets which task, and when. All that happens in a tick is dispatched at its end, so that tasks
// travel together.

const { clearTimeout, setTimeout } = require('../host-timers.js');
const { OP } = require('./protocol.js');
const { isTooLarge, isTooOld } = require('./wear.js');
const { UNKNOWN_US } = require('./worker.js');

/** Tasks wait so long in a worker that does not come to them before an idle one gets them. */
const RECLAIM_MS = 10;

class Dispatcher {
  #core;
  #isScheduled = false;
  #run = () => this.#dispatch();
  #reclaimTimer;
  /** Microseconds that the tasks of a function take: rises fast, falls slowly. @type {Map<string, number>} */
  #costs = new Map();

  /** @param {any} core */
  constructor(core) {
    this.#core = core;
  }

  schedule() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(this.#run);
  }

  #dispatch() {
    this.#isScheduled = false;
    const { queue, staff } = this.#core;
    if (queue.size > 0) {
      const open = this.#openWorkers();
      this.#fillSlots(open);
      this.#sendAhead(open);
      for (const worker of open) worker.flush();
    }
    staff.balance();
    this.#relieve();
    this.#core.admission.admit();
  }

  #openWorkers() {
    const { options, staff } = this.#core;
    const open = staff.workers.filter((worker) => worker.isOpen);
    if (options.maxAge === Infinity) return open;
    return open.filter((worker) => !isTooOld(worker, options.maxAge));
  }

  /** Whoever can begin a task gets one, and another one in the next round. */
  #fillSlots(workers) {
    const { options, queue } = this.#core;
    const { maxRss } = options;
    for (let isFilling = true; isFilling && queue.size > 0; ) {
      isFilling = false;
      for (const worker of workers) {
        if (!worker.hasFreeSlot || queue.size === 0) continue;
        if (maxRss !== Infinity && isTooLarge(worker, maxRss)) continue;
        this.#give(worker);
        isFilling = true;
      }
    }
  }

  /** Tasks that are known to be short, and are not bulky, wait in the workers, in equal shares. */
  #sendAhead(workers) {
    const { queue } = this.#core;
    workers.forEach((worker, index) => {
      if (worker.isStocked) return;
      let share = Math.ceil(queue.size / (workers.length - index));
      while (share-- > 0) {
        const task = queue.peek();
        if (task === undefined || task.isBulky || !worker.takesAhead(this.#costOf(task))) return;
        this.#give(worker);
      }
    });
  }

  #give(worker) {
    const task = this.#core.queue.shift();
    task.cost = this.#costOf(task);
    worker.add(task);
  }

  #costOf(task) {
    return task.stream ? UNKNOWN_US : (this.#costs.get(task.name) ?? UNKNOWN_US);
  }

  /** How long a task of a function took. @param {string} name @param {number} us */
  learn(name, us) {
    const usual = this.#costs.get(name) ?? us;
    this.#costs.set(name, Math.max(1, usual + (us - usual) * (us > usual ? 0.5 : 0.1)));
  }

  /** With an idle worker at hand, tasks must not wait behind one that takes longer than it used to. */
  #relieve() {
    if (this.#core.queue.size > 0) return;
    const { workers } = this.#core.staff;
    const waiting = workers.filter((worker) => worker.hasWaiting);
    if (waiting.length === 0 || !workers.some((worker) => worker.isOpen && worker.isIdle)) return;
    const since = performance.now() - RECLAIM_MS;
    for (const worker of waiting) {
      if (worker.heardAt < since) this.#core.takeBack(worker, worker.reclaim());
    }
    clearTimeout(this.#reclaimTimer);
    this.#reclaimTimer = setTimeout(() => this.schedule(), RECLAIM_MS).unref();
  }

  /**
   * Sends word that a task is not wanted any more, or ends its worker.
   * @param {any} task that a worker has
   * @param {number} grace milliseconds that it has to end by itself
   */
  cancel(task, grace) {
    const { worker } = task;
    if (task.isPresumedRunning && grace === 0) {
      worker.kill('abort');
      return;
    }
    worker.send({ o: OP.CANCEL, s: task.number });
    if (!task.isPresumedRunning) return;
    clearTimeout(task.timer);
    task.timer = setTimeout(() => worker.kill('abort'), grace);
  }

  stop() {
    clearTimeout(this.#reclaimTimer);
  }
}

module.exports = { Dispatcher };
