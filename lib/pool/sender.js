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
    /** @type {any} */
    const frame = { o: OP.TASKS, b: tasks[start].number, t: flat };
    let objects = 0;
    let withObjects = 0;
    let at = start;
    do {
      const task = tasks[at++];
      const { args, flags } = task;
      flat.push(this.#index(task.name, frame), packHead(args.length, flags, task.attempt));
      if (flags & FLAG.STREAM) flat.push(task.stream.highWaterMark);
      const before = objects;
      for (const arg of args) {
        if (typeof arg === 'object' && arg !== null) objects += 1;
        flat.push(arg);
      }
      if (objects > before) withObjects += 1;
    } while (at < tasks.length && flat.length < MAX_VALUES && objects < MAX_OBJECTS);
    const some = tasks.slice(start, at);
    // V8 would write what two of them have in common once, and they would share it there.
    if (withObjects > 1 && !areApart(flat)) this.#sendEach(some, frame.n);
    else this.#sendFrame(frame, some, objects > 0);
    return at;
  }

  #sendFrame(frame, tasks, hasObjects) {
    try {
      if (hasObjects) refuseUnreadable(frame.t);
      this.#hasRoom(this.#process.send(frame, (error) => this.#sent(tasks, error)));
    } catch (error) {
      // One of them cannot be cloned: the others are not to suffer for it.
      if (tasks.length > 1) this.#sendEach(tasks, frame.n);
      else this.#refuse(tasks, error, frame.n);
    }
  }

  /** A new name is sent with the first frame that needs it. */
  #index(name, frame) {
    let index = this.#names.get(name);
    if (index === undefined) {
      index = this.#names.size;
      this.#names.set(name, index);
      frame.n ??= [];
      frame.n.push(name);
    }
    return index;
  }

  /** Each in a frame of its own, after the names that they need. */
  #sendEach(tasks, names) {
    this.#sendNames(names);
    for (const task of tasks) this.#sendSome([task], 0);
  }

  #sendNames(names) {
    if (names) this.#process.send({ o: OP.TASKS, b: 0, t: [], n: names });
  }

  /** They were not sent. Their numbers are not used again. */
  #refuse(tasks, error, names = undefined) {
    this.#sendNames(names);
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
