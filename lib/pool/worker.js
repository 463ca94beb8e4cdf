'use strict';
// A worker as the pool sees it: which tasks it has, which of them it runs, and when it takes more.

const { OP } = require('./protocol.js');
const { WorkerProcess } = require('./process.js');
const { TaskSender } = require('./sender.js');

/** Tasks that a worker has at most, beyond those that it runs. */
const MAX_AHEAD = 1000;
/** Microseconds of work that it may have: enough to never wait for the pool, little to wait behind. */
const AHEAD_US = 4000;
/** What a task of unknown length is reckoned at: nothing is sent behind it. */
const UNKNOWN_US = 1e9;

class Worker {
  #core;
  #process;
  #sender;
  /** By number, in the order in which they are begun. @type {Map<number, any>} */
  #tasks = new Map();
  #next = 0;
  /** The first number that is not presumed to be running, or done. */
  #cursor = 0;
  #presumed = 0;
  #load = 0;
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
  /** Why its module could not be loaded. */
  failure;

  /** Throws what fork() throws. @param {any} core @param {number} id */
  constructor(core, id) {
    this.#core = core;
    this.id = id;
    const { options } = core;
    this.#process = new WorkerProcess(options, id, core.outputs, {
      onframe: (frame) => core.receive(this, frame),
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
    const claims = this.#process.claimsFd;
    const { script, concurrency, startTimeout } = options;
    this.#process.send({ o: OP.INIT, script, concurrency, claims });
    if (startTimeout !== Infinity) {
      this.#timer = setTimeout(() => this.kill('startTimeout'), startTimeout).unref();
    }
  }

  get pid() {
    return this.#process.pid;
  }

  get identity() {
    return { id: this.id, pid: this.pid };
  }

  get age() {
    return performance.now() - this.#process.startedAt;
  }

  get size() {
    return this.#tasks.size;
  }

  get isIdle() {
    return this.#tasks.size === 0;
  }

  /** Whether it may get another task. */
  get isOpen() {
    return this.state === 'ready' && this.assigned < this.#core.options.maxTasks;
  }

  get hasFreeSlot() {
    return this.isOpen && this.#tasks.size < this.#core.options.concurrency;
  }

  /** Whether it may get a task that it cannot begin yet. @param {number} cost */
  takesAhead(cost) {
    return (
      this.isOpen &&
      !this.#sender.isFull &&
      !this.#isReclaiming &&
      this.#process.claimsFd !== -1 &&
      this.#load + cost <= AHEAD_US &&
      this.#tasks.size < MAX_AHEAD
    );
  }

  /** It has tasks to go on with for a while. */
  get isStocked() {
    return this.#load > AHEAD_US / 2 || this.#tasks.size > MAX_AHEAD / 2;
  }

  /** Whether tasks wait in it that another worker could begin. */
  get hasWaiting() {
    return this.#tasks.size > this.#presumed && !this.#isReclaiming;
  }

  becomeReady() {
    if (this.state !== 'starting') return;
    clearTimeout(this.#timer);
    this.wasReady = true;
    this.state = 'ready';
    this.idleSince = this.heardAt = performance.now();
  }

  /** It is sent by flush(). */
  add(task) {
    this.assigned += 1;
    task.worker = this;
    this.#load += task.cost;
    this.#batch.push(task);
    // It counts from here on; its number it gets when it is sent.
    task.number = this.#next + this.#batch.length - 1;
    this.#tasks.set(task.number, task);
  }

  /** Sends what was added. */
  flush() {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    this.#sender.send(batch);
    this.#next += batch.length;
    this.#presume();
  }

  /** Whatever else it is to know. @param {any} frame */
  send(frame) {
    this.#process.send(frame);
  }

  /** @param {number} number */
  get(number) {
    return this.#tasks.get(number);
  }

  /** All that it has, in the order in which they are begun. @returns {any[]} */
  tasks() {
    return [...this.#tasks.values()];
  }

  /** The same, of one that has ended. */
  takeAll() {
    const tasks = this.tasks();
    for (const task of tasks) {
      clearTimeout(task.timer);
      task.isPresumedRunning = false;
    }
    this.#tasks.clear();
    return tasks;
  }

  /** A task is no longer here. */
  remove(task) {
    if (!this.#tasks.delete(task.number)) return;
    this.#load -= task.cost;
    if (task.isPresumedRunning) this.#presumed -= 1;
    task.isPresumedRunning = false;
    clearTimeout(task.timer);
    task.timer = undefined;
    this.#presume();
    if (this.isIdle) this.idleSince = performance.now();
  }

  /** The tasks that it must be running by now; it never runs others earlier than we presume. */
  #presume() {
    const { concurrency } = this.#core.options;
    while (this.#presumed < concurrency && this.#cursor < this.#next) {
      const task = this.#tasks.get(this.#cursor++);
      if (task === undefined) continue;
      task.isPresumedRunning = true;
      this.#presumed += 1;
      this.#core.begun(task);
    }
  }

  /** Asks for what it has not begun. */
  reclaim() {
    this.#isReclaiming = true;
    this.#process.send({ o: OP.RECLAIM });
  }

  reclaimed() {
    this.#isReclaiming = false;
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
