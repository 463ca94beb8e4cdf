'use strict';
// Puts the tasks of a worker into frames and sends them.

const { areApart } = require('./apart.js');
const { OP, FLAG, packHead } = require('./protocol.js');
const { refuseUnreadable } = require('./readable.js');

/** Values of a frame, so that plain ones still go as JSON. */
const MAX_VALUES = 480;
/** Arguments that are objects, for the same reason. */
const MAX_OBJECTS = 60;

class TaskSender {
  #process;
  #onroom;
  #onrefused;
  /** Indexes of the names that the worker knows. @type {Map<string, number>} */
  #names = new Map();
  /** So much is waiting to be written that it is better to wait. */
  isFull = false;

  /**
   * @param {InstanceType<typeof import('./process.js').WorkerProcess>} process
   * @param {() => void} onroom called when what was waiting has been written
   * @param {(task: any, error: any) => void} onrefused told of a task that cannot be cloned, or not be sent
   */
  constructor(process, onroom, onrefused) {
    this.#process = process;
    this.#onroom = onroom;
    this.#onrefused = onrefused;
  }

  /** @param {any[]} tasks with their numbers */
  send(tasks) {
    for (let at = 0; at < tasks.length; ) at = this.#sendSome(tasks, at);
  }

  /** As many as one frame holds, from `start` on. @returns {number} the first that it does not hold */
  #sendSome(tasks, start) {
    const flat = [];
    let objects = 0;
    let at = start;
    // What is bulky fails, and is taken back, by itself.
    const isAlone = tasks[start].isBulky;
    do {
      const task = tasks[at++];
      const { args, flags } = task;
      flat.push(this.#index(task.name), packHead(args.length, flags, task.attempt));
      if (flags & FLAG.STREAM) flat.push(task.stream.highWaterMark);
      for (const arg of args) {
        if (typeof arg === 'object' && arg !== null) objects += 1;
        flat.push(arg);
      }
    } while (
      !isAlone &&
      at < tasks.length &&
      flat.length < MAX_VALUES &&
      objects < MAX_OBJECTS &&
      !tasks[at].isBulky
    );
    const some = tasks.slice(start, at);
    if (objects > 0 && some.length > 1 && !areApart(flat)) this.#sendHalves(some);
    else this.#sendFrame(flat, some, objects > 0);
    return at;
  }

  #sendFrame(flat, tasks, hasObjects) {
    try {
      if (hasObjects) refuseUnreadable(flat);
      const frame = { o: OP.TASKS, b: tasks[0].number, c: tasks.length, t: flat };
      this.#hasRoom(this.#process.send(frame, (error) => this.#sent(tasks, error)));
    } catch (error) {
      // One of them cannot be cloned: the others are not to suffer for it.
      if (tasks.length > 1) this.#sendHalves(tasks);
      else this.#refuse(tasks, error);
    }
  }

  /** Of a new name the worker is told first: it must know it even if it cannot read the arguments. */
  #index(name) {
    let index = this.#names.get(name);
    if (index === undefined) {
      index = this.#names.size;
      this.#names.set(name, index);
      this.#process.send({ o: OP.NAME, n: name });
    }
    return index;
  }

  /** In frames of their own. */
  #sendHalves(tasks) {
    const half = Math.ceil(tasks.length / 2);
    this.send(tasks.slice(0, half));
    this.send(tasks.slice(half));
  }

  /** They were not sent. Their numbers are not used again. */
  #refuse(tasks, error) {
    for (const task of tasks) this.#onrefused(task, error);
  }

  #sent(tasks, error) {
    // Any other error is one of the channel: the end of the worker tells what becomes of its tasks.
    if (error?.code === 'EMSGSIZE') this.#refuse(tasks, error);
    this.#hasRoom(true);
  }

  #hasRoom(hasRoom) {
    const wasFull = this.isFull;
    this.isFull = !hasRoom;
    if (hasRoom && wasFull) this.#onroom();
  }
}

module.exports = { TaskSender };
