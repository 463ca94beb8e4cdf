'use strict';
// Runs the tasks of a worker: in the order in which they came, `concurrency` at a time.

const { AsyncResource } = require('node:async_hooks');
const { types } = require('node:util');
const { setImmediate } = require('../../host-timers.js');
const { OP, FLAG, unpackHead } = require('../protocol.js');
const { ambient } = require('./ambient.js');
const { Claim } = require('../claims.js');
const { send, sendError, sendValue } = require('./link.js');
const { sendItems } = require('./stream.js');
const { WorkerTask } = require('./task.js');

/** Short tasks run one after the other for so long before the event loop has its turn. */
const TURN_MS = 10;

class Runner {
  #find;
  #concurrency;
  #claim;
  #ambient = ambient();
  /** What a task leaves behind in the async context is not the next one's. */
  #context = new AsyncResource('SPROG_TASK', { requireManualDestroy: true });
  /** @type {string[]} by the index under which the pool sends them */
  #names = [];
  /** @type {(Function | undefined)[]} */
  #functions = [];
  /** What has not begun. @type {(InstanceType<typeof WorkerTask> | undefined)[]} */
  #queue = [];
  #head = 0;
  /** @type {Map<number, InstanceType<typeof WorkerTask>>} */
  #running = new Map();
  #isPumping = false;
  #turnBegan = 0;
  #hasTurn = false;
  /** More may come in this tick, since a read brings many frames: it is part of the turn. */
  #isTick = false;

  /**
   * @param {(name: string) => Function | undefined} find
   * @param {number} concurrency
   * @param {number} claimsFd
   */
  constructor(find, concurrency, claimsFd) {
    this.#find = find;
    this.#concurrency = concurrency;
    this.#claim = new Claim(claimsFd);
  }

  /** Whether the pool can see what has begun. */
  get isOpen() {
    return this.#claim.isShared;
  }

  /** Frame NAME. */
  learn(name) {
    this.#names.push(name);
    this.#functions.push(this.#find(name));
  }

  /** Frame TASKS. */
  take({ b: first, t: flat }) {
    let number = first;
    for (let at = 0; at < flat.length; ) {
      const index = flat[at++];
      const { argc, flags, attempt } = unpackHead(flat[at++]);
      const credits = flags & FLAG.STREAM ? flat[at++] : 0;
      const args = flat.slice(at, at + argc);
      at += argc;
      const name = this.#names[index];
      const run = this.#functions[index];
      this.#queue.push(new WorkerTask(number++, name, run, args, flags, attempt, credits));
    }
    if (!this.#hasTurn) this.#goOn();
  }

  #goOn() {
    if (this.#isTick) {
      this.#pump();
      return;
    }
    this.#isTick = true;
    process.nextTick(() => {
      this.#isTick = false;
    });
    this.#takeTurn();
  }

  /** Frame CANCEL. */
  cancel(number) {
    const running = this.#running.get(number);
    if (running) {
      running.cancel();
      return;
    }
    const at = this.#queue.findIndex((task) => task?.number === number);
    if (at < this.#head) return;
    this.#queue[at] = undefined;
    send({ o: OP.DROPPED, d: [number] });
  }

  /** Frame RECLAIM. */
  giveBack() {
    this.#drop(true);
  }

  /** @param {boolean} isAnswer to a frame; else the pool has been seen to take them back */
  #drop(isAnswer) {
    const rest = this.#queue.slice(this.#head).filter((task) => task !== undefined);
    this.#queue = [];
    this.#head = 0;
    send({ o: OP.DROPPED, d: rest.map(({ number }) => number), a: isAnswer });
  }

  /** Frame CREDIT. */
  grant(number, credits) {
    this.#running.get(number)?.grant(credits);
  }

  #takeTurn() {
    this.#turnBegan = performance.now();
    this.#pump();
  }

  #pump() {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#head < this.#queue.length && this.#running.size < this.#concurrency) {
      if (performance.now() - this.#turnBegan > TURN_MS) {
        this.#yield();
        break;
      }
      const task = this.#queue[this.#head];
      if (task !== undefined && !this.#claim.take(task.number)) {
        this.#drop(false);
        break;
      }
      this.#queue[this.#head++] = undefined;
      if (task !== undefined) this.#begin(task);
    }
    if (this.#head === this.#queue.length) {
      this.#queue.length = 0;
      this.#head = 0;
    }
    this.#isPumping = false;
  }

  /** Cancellations and timers come between two turns. */
  #yield() {
    if (this.#hasTurn) return;
    this.#hasTurn = true;
    setImmediate(() => {
      this.#hasTurn = false;
      this.#takeTurn();
    });
  }

  #begin(task) {
    this.#running.set(task.number, task);
    task.began = performance.now();
    let value;
    /** @type {Promise<any> | undefined} */
    let promise;
    try {
      const { enter } = this.#ambient;
      const run = enter ? () => enter(task, () => call(task)) : () => call(task);
      value = this.#context.runInAsyncScope(run);
      // To look at what it returned may run code of the program too.
      if (isThenable(value)) promise = Promise.resolve(value);
    } catch (error) {
      this.#fail(task, error);
      return;
    }
    if (promise === undefined) {
      this.#succeed(task, value);
      return;
    }
    promise.then(
      (result) => {
        this.#succeed(task, result);
        this.#pump();
      },
      (error) => {
        this.#fail(task, error);
        this.#pump();
      },
    );
  }

  #succeed(task, value) {
    try {
      if (!task.isStream && isStream(value)) throw isAStream(task.name);
    } catch (error) {
      this.#fail(task, error);
      return;
    }
    sendValue(task.number, this.#end(task), value, this.#head < this.#queue.length);
  }

  #fail(task, error) {
    sendError(task.number, this.#end(task), error);
  }

  /** @returns {number} microseconds that it ran */
  #end(task) {
    this.#running.delete(task.number);
    task.isOver = true;
    const ran = (performance.now() - task.began) * 1000;
    return Math.round(ran);
  }
}

/** @param {InstanceType<typeof WorkerTask>} task */
function call(task) {
  const { run } = task;
  if (run === undefined) throw noSuchFunction(task.name);
  const value = run(...task.args);
  return task.isStream ? sendItems(task, value) : value;
}

function isThenable(value) {
  const kind = typeof value;
  if (value === null || (kind !== 'object' && kind !== 'function')) return false;
  return typeof value.then === 'function';
}

function isStream(value) {
  if (value === null || typeof value !== 'object') return false;
  return typeof value[Symbol.asyncIterator] === 'function' || types.isGeneratorObject(value);
}

function isAStream(name) {
  const error = new TypeError(`"${name}" returns a stream: use stream() for it`);
  return Object.assign(error, { code: 'ERR_SPROG_IS_A_STREAM' });
}

function noSuchFunction(name) {
  const error = new TypeError(`The worker module exports no function "${name}"`);
  return Object.assign(error, { code: 'ERR_SPROG_NO_SUCH_FUNCTION' });
}

module.exports = { Runner };
