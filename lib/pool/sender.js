'use strict';
// Puts the tasks of a worker into frames and sends them.

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
   * @param {(task: any, error: any) => void} onrefused told of a task that cannot be cloned
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
    let at = start;
    do {
      const task = tasks[at++];
      const { args, flags } = task;
      flat.push(this.#index(task.name, frame), packHead(args.length, flags, task.attempt));
      if (flags & FLAG.STREAM) flat.push(task.stream.highWaterMark);
      for (const arg of args) {
        if (typeof arg === 'object') objects += 1;
        flat.push(arg);
      }
    } while (at < tasks.length && flat.length < MAX_VALUES && objects < MAX_OBJECTS);
    try {
      if (objects > 0) refuseUnreadable(flat);
      this.#hasRoom(this.#process.send(frame, () => this.#hasRoom(true)));
    } catch (error) {
      this.#sendEach(tasks.slice(start, at), frame.n, error);
    }
    return at;
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

  /** One of them cannot be cloned: the others are not to suffer for it. */
  #sendEach(tasks, names, error) {
    if (names) this.#process.send({ o: OP.TASKS, b: 0, t: [], n: names });
    // Its number is not used again.
    if (tasks.length === 1) this.#onrefused(tasks[0], error);
    else for (const task of tasks) this.#sendSome([task], 0);
  }

  #hasRoom(hasRoom) {
    const wasFull = this.isFull;
    this.isFull = !hasRoom;
    if (hasRoom && wasFull) this.#onroom();
  }
}

module.exports = { TaskSender };
