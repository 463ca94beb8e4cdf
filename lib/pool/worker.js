'use strict';
// A worker as the pool sees it: which tasks it has, which of them it runs, and when it takes more.

const { clearTimeout, setTimeout } = require('../host-timers.js');
const { Assignments } = require('./assignments.js');
const { CLAIMS_FD, OP } = require('./protocol.js');
const { WorkerProcess } = require('./process.js');
const { TaskSender } = require('./sender.js');

/** Tasks that a worker has at most, beyond those that it runs. */
const MAX_AHEAD = 1000;
/** Microseconds of work that it may have: enough to never wait for the pool, little to wait behind. */
const AHEAD_US = 4000;
const QUIET_MS = AHEAD_US / 1000;
/** What a task of unknown length is reckoned at: nothing is sent behind it. */
const UNKNOWN_US = 1e9;

class Worker {
  #core;
  #process;
  #sender;
  #assignments;
  /** Tasks to be sent. @type {any[]} */
  #batch = [];
  #isReclaiming = false;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** @type {'starting' | 'ready' | 'retiring' | 'ending'} */
  state = 'starting';
  assigned = 0;
  finished = 0;
  busyUs = 0;
  /** When it became idle. */
  idleSince = 0;
  /** When it last told of something. */
  heardAt = 0;
  /** Since when it is stopped; 0 if it runs. */
  stoppedSince = 0;
  /** Why it is to be replaced. @type {'maxTasks' | 'maxAge' | 'maxRss' | undefined} */
  wear = undefined;
  /** Why it was told to end. @type {string | undefined} */
  leave;
  wasReady = false;
  /** When its memory was looked at. */
  sampledAt = 0;
  /** Started in its place. @type {Worker | undefined} */
  successor;
  /** Why its module could not be loaded. @type {{ error: any } | undefined} */
  failure;

  /** Throws what fork() throws. @param {any} core @param {number} id */
  constructor(core, id) {
    this.#core = core;
    this.id = id;
    const { options } = core;
    this.#assignments = new Assignments(options.concurrency, (task) => core.begun(task));
    this.#process = new WorkerProcess(options, id, core.outputs, {
      onframe: (frame) => core.receive(this, frame),
      onunreadable: (head, error) => core.unreadable(this, head, error),
      onmessage: (message) => core.emit('message', message, this.identity),
      onend: (ending) => {
        clearTimeout(this.#timer);
        core.ended(this, ending);
      },
    }).start();
    this.#sender = new TaskSender(
      this.#process,
      () => core.schedule(),
      (task, error) => core.refused(this, task, error),
    );
    this.failure = this.#process.failure;
    if (this.failure) {
      this.kill('prefix');
      return;
    }
    const claims = this.#process.hasClaims ? CLAIMS_FD : -1;
    const { script, concurrency, startTimeout } = options;
    this.#process.send({ o: OP.INIT, script, concurrency, claims });
    if (startTimeout !== Infinity) {
      this.#timer = setTimeout(() => this.kill('startTimeout'), startTimeout).unref();
    }
  }

  get pid() {
    return this.#process.pid;
  }

  get vitals() {
    return this.#process.vitals;
  }

  get isStopped() {
    return this.vitals?.state === 'T';
  }

  /** Settled when nothing is left of what it started; of one that never ran, undefined. */
  get gone() {
    return this.#process.gone;
  }

  get identity() {
    return { id: this.id, pid: this.pid };
  }

  get age() {
    return performance.now() - this.#process.startedAt;
  }

  get size() {
    return this.#assignments.size;
  }

  get isIdle() {
    return this.#assignments.size === 0;
  }

  /** Whether it may get another task. */
  get isOpen() {
    const hasLeft = this.assigned < this.#core.options.maxTasks;
    return this.state === 'ready' && hasLeft && !this.#isReclaiming;
  }

  get hasFreeSlot() {
    return this.isOpen && this.size < this.#core.options.concurrency;
  }

  /** Whether it may get a task that it cannot begin yet. @param {number} cost */
  takesAhead(cost) {
    return (
      this.isOpen &&
      !this.#sender.isFull &&
      // What takes so long may take longer.
      (this.isIdle || this.isLively) &&
      this.#process.hasClaims &&
      this.#assignments.load + cost <= AHEAD_US &&
      this.size < MAX_AHEAD
    );
  }

  /** It has told of something within the time that its tasks were to take. */
  get isLively() {
    return performance.now() - this.heardAt < QUIET_MS;
  }

  /** It has tasks to go on with for a while. */
  get isStocked() {
    return this.#assignments.load > AHEAD_US / 2 || this.size > MAX_AHEAD / 2;
  }

  /** Whether tasks wait in it that another worker could begin. */
  get hasWaiting() {
    return this.state === 'ready' && this.#assignments.waiting > 0 && !this.#isReclaiming;
  }

  /** @param {boolean} hasClaims whether the worker sees the page of claims */
  becomeReady(hasClaims) {
    if (this.state !== 'starting') return;
    this.#process.hasClaims &&= hasClaims;
    clearTimeout(this.#timer);
    this.wasReady = true;
    this.state = 'ready';
    this.idleSince = this.heardAt = performance.now();
  }

  /** Sent by flush(). */
  add(task) {
    this.assigned += 1;
    if (this.isIdle) this.heardAt = performance.now();
    task.worker = this;
    this.#assignments.add(task);
    this.#batch.push(task);
  }

  flush() {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    this.#sender.send(batch);
    this.#assignments.presume();
  }

  /** Whatever else it is to know. @param {any} frame */
  send(frame) {
    this.#process.send(frame);
  }

  /** @param {number} number */
  get(number) {
    return this.#assignments.get(number);
  }

  /** All that it has, in the order in which they are begun. */
  tasks() {
    return this.#assignments.all();
  }

  /** The same, of one that has ended. */
  takeAll() {
    return this.#assignments.takeAll();
  }

  /** A task is no longer here. */
  remove(task) {
    const wasThere = this.#assignments.remove(task);
    if (wasThere && this.isIdle) this.idleSince = performance.now();
  }

  /** Takes back what it has not begun, even if it is blocked. @returns {any[]} in order */
  reclaim() {
    this.#isReclaiming = true;
    const first = this.#process.claims.takeBack(this.#assignments.firstWaiting);
    this.#process.send({ o: OP.RECLAIM });
    return this.tasks().filter((task) => task.number >= first);
  }

  /** It has dropped them too. */
  reclaimed() {
    this.#isReclaiming = false;
    this.#process.claims.release();
  }

  /** No more tasks; it ends when it has done those that it has. @param {string} reason */
  retire(reason) {
    if (this.state !== 'ready') return;
    this.leave = reason;
    this.state = 'retiring';
    this.endIfDone();
  }

  endIfDone() {
    if (this.state !== 'retiring' || !this.isIdle) return;
    this.state = 'ending';
    this.#process.send({ o: OP.SHUTDOWN });
    this.#timer = setTimeout(() => this.#process.kill('hung'), this.#core.options.killGrace);
  }

  /** Ends it at once, whatever it does. @param {string} reason */
  dismiss(reason) {
    this.leave ??= reason;
    this.kill(reason);
  }

  /** Something is wrong with it, or with what it does. @param {string} reason */
  kill(reason) {
    this.state = 'ending';
    this.#process.kill(reason);
  }
}

module.exports = { Worker, UNKNOWN_US };
