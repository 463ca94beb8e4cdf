'use strict';
// What a pool is inside: tasks come in, their outcomes come back, and when a worker ends each of its tasks
// is settled or goes to another one.

const { setTimeout } = require('../host-timers.js');
const { Admission } = require('./admission.js');
const { Dispatcher } = require('./dispatcher.js');
const { TaskTimeout, WorkerExited } = require('./errors.js');
const { Histogram } = require('./histogram.js');
const { Outputs } = require('./output.js');
const { Patrol } = require('./patrol.js');
const { makeOutside } = require('./process.js');
const { OP } = require('./protocol.js');
const { PriorityQueue } = require('./queue.js');
const { decodeError } = require('./remote-error.js');
const { Staff } = require('./staff.js');
const { RETURN_MS } = require('./stream.js');

/** How often a task may lose its worker before it has begun: it may be what the worker dies of. */
const MAX_RETURNS = 5;
/** What a worker that is told to drop a task may take for the answer. */
const DROP_MS = 100;

class Core {
  /** @type {InstanceType<typeof PriorityQueue<any>>} */
  queue = new PriorityQueue();
  waitTime = new Histogram();
  runTime = new Histogram();
  counts = { completed: 0, failed: 0, retried: 0 };
  /** Tasks that are not settled. */
  pending = 0;
  /** @type {'open' | 'closing' | 'closed'} */
  state = 'open';
  /** @type {((value?: any) => void)[]} called when there is nothing pending */
  onidle = [];

  /**
   * @param {any} options checked
   * @param {(event: string, ...values: any[]) => void} emit
   */
  constructor(options, emit) {
    this.options = options;
    this.emit = emit;
    this.outputs = new Outputs(options);
    this.outside = makeOutside();
    this.admission = new Admission(this);
    this.dispatcher = new Dispatcher(this);
    this.staff = new Staff(this);
    this.patrol = new Patrol(this);
    // Whoever made the pool is to hear of its first workers.
    if (!options.lazy) process.nextTick(() => this.staff.begin());
    this.patrol.settle();
  }

  schedule() {
    this.dispatcher.schedule();
  }

  /** @param {InstanceType<typeof import('./task.js').Task>} task */
  add(task) {
    // A signal of the program's own making may throw: until then nothing is counted.
    task.watch();
    this.pending += 1;
    this.queue.push(task);
    if (this.pending === 1) this.patrol.settle();
    this.schedule();
  }

  /** A frame of a worker. */
  receive(worker, frame) {
    worker.heardAt = performance.now();
    const task = worker.get(frame.s);
    switch (frame.o) {
      case OP.VALUE:
      case OP.NOTHING:
        if (task) this.#done(worker, task, frame).resolve(frame.v);
        return;
      case OP.ERROR:
        if (task) this.#done(worker, task, frame).reject(decodeError(frame.e));
        return;
      case OP.ITEM:
        task?.stream?.push(frame.v);
        return;
      case OP.PROGRESS:
        if (task && !task.isSettled) task.options.onProgress?.(frame.v);
        return;
      case OP.DROPPED:
        this.#dropped(worker, frame);
        return;
      case OP.READY:
        worker.becomeReady(frame.c === true);
        this.staff.succeeded(worker);
        this.schedule();
        return;
      case OP.FAILED:
        worker.failure = { error: decodeError(frame.e) };
    }
  }

  /** What a task has to say cannot be read. @param {any} head of the frame */
  unreadable(worker, head, error) {
    const task = worker.get(head.s);
    const isOver = head.o === OP.VALUE || head.o === OP.ERROR;
    if (head.o === OP.FAILED) worker.failure = { error };
    else if (task && isOver) this.#done(worker, task, head).reject(error);
    else if (task && !task.isSettled)
      this.abort(task, error, Math.max(this.options.abortGrace, RETURN_MS));
  }

  /** `t` is not there where it could not be begun. */
  #done(worker, task, { t }) {
    const us = Number(t) || 0;
    if (t !== undefined) this.dispatcher.learn(task.name, us);
    this.runTime.record(us);
    worker.finished += 1;
    worker.busyUs += us;
    this.#free(worker, task);
    return task;
  }

  /** Tasks that a worker has dropped before they began. */
  #dropped(worker, { d: numbers, a: isAnswer }) {
    if (isAnswer) worker.reclaimed();
    this.takeBack(worker, numbers.map((number) => worker.get(number)).filter(Boolean));
  }

  /** Tasks that a worker will not begin any more. */
  takeBack(worker, tasks) {
    for (const task of tasks.reverse()) {
      this.#free(worker, task);
      if (!task.isSettled) this.#requeue(task);
    }
  }

  /** A task could not be sent. */
  refused(worker, task, error) {
    // It may have been taken back meanwhile.
    if (worker.get(task.number) !== task) return;
    this.#free(worker, task);
    task.reject(error);
  }

  #free(worker, task) {
    worker.remove(task);
    this.staff.freed(worker);
    this.schedule();
  }

  #requeue(task) {
    task.worker = undefined;
    this.queue.unshift(task);
  }

  /** A worker has, as far as can be known here, begun a task. */
  begun(task) {
    const { timeout } = task.options;
    const { worker } = task;
    if (task.isSettled) {
      task.timer = setTimeout(() => worker.kill('abort'), this.options.abortGrace + DROP_MS);
      return;
    }
    task.startedAt = performance.now();
    this.waitTime.record((task.startedAt - task.queuedAt) * 1000);
    if (timeout === Infinity) return;
    task.timer = setTimeout(() => {
      task.reject(new TaskTimeout(task.name, timeout));
      worker.kill('timeout');
    }, timeout);
  }

  /** The program does not want a task any more. @param {number} [grace] in ms */
  abort(task, error, grace = this.options.abortGrace) {
    const { worker, isQueued } = task;
    task.reject(error);
    if (!isQueued && worker !== undefined) this.dispatcher.cancel(task, grace);
  }

  /** @internal A task's promise is settled. */
  settled(task, hasFailed) {
    if (task.isQueued) {
      this.queue.remove(task);
      this.admission.admit();
    }
    this.counts[hasFailed ? 'failed' : 'completed'] += 1;
    this.pending -= 1;
    if (this.pending > 0) return;
    this.patrol.settle();
    for (const done of this.onidle.splice(0)) done();
    this.emit('idle');
  }

  /** A worker's process has ended. */
  ended(worker, ending) {
    const back = [];
    for (const task of worker.takeAll()) {
      if (task.isSettled) continue;
      const hasBegun = task.number < ending.begun;
      const mayRetry = hasBegun
        ? task.attempt < task.options.retries && !task.stream
        : task.returns < MAX_RETURNS;
      if (!mayRetry) {
        task.reject(new WorkerExited(ending, task.name));
        continue;
      }
      if (hasBegun) this.#countRetry(task, ending);
      else task.returns += 1;
      back.push(task);
    }
    for (const task of back.reverse()) this.#requeue(task);
    this.staff.ended(worker, ending);
    this.schedule();
  }

  #countRetry(task, ending) {
    task.attempt += 1;
    this.counts.retried += 1;
    const error = new WorkerExited(ending, task.name);
    this.emit('taskRetry', { task: task.name, attempt: task.attempt, error });
  }

  /** Rejects what waits for a worker. */
  rejectQueued(error) {
    for (let task = this.queue.shift(); task; task = this.queue.shift()) task.reject(error);
  }

  /** Rejects all that is not settled. */
  rejectAll(error) {
    this.rejectQueued(error);
    for (const worker of this.staff.workers) {
      for (const task of worker.tasks()) task.reject(error);
    }
  }

  /** No task is taken any more. @param {string} how */
  shut(how) {
    this.state = 'closing';
    this.admission.shut(how);
    this.patrol.settle();
  }

  /** No worker is left. */
  finish() {
    this.state = 'closed';
    this.dispatcher.stop();
    this.outputs.end();
    this.patrol.settle();
  }
}

module.exports = { Core };
