'use strict';
// Tasks that wait: the highest priority first, and among equals the one that came first.

/** A double-ended queue; what was taken from its front is dropped in bulk. */
class Line {
  #items = [];
  #head = 0;

  get size() {
    return this.#items.length - this.#head;
  }

  push(item) {
    this.#items.push(item);
  }

  unshift(item) {
    if (this.#head === 0) this.#items.unshift(item);
    else this.#items[--this.#head] = item;
  }

  peek() {
    return this.#items[this.#head];
  }

  shift() {
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length || this.#head > 4096) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }
}

/**
 * Items are marked by `isQueued`; one that is taken out of the middle stays where it is until its turn,
 * unmarked.
 * @template {{ priority: number, isQueued: boolean }} Item
 */
class PriorityQueue {
  /** @type {Map<number, Line>} */
  #lines = new Map();
  /** Falling. @type {number[]} */
  #priorities = [];
  size = 0;

  /** @param {Item} item */
  push(item) {
    this.#line(item.priority).push(item);
    this.#added(item);
  }

  /** Ahead of its equals: it has been at the front before. @param {Item} item */
  unshift(item) {
    this.#line(item.priority).unshift(item);
    this.#added(item);
  }

  /** @returns {Item | undefined} */
  peek() {
    while (this.#priorities.length > 0) {
      const line = /** @type {Line} */ (this.#lines.get(this.#priorities[0]));
      while (line.size > 0) {
        if (line.peek().isQueued) return line.peek();
        line.shift();
      }
      this.#lines.delete(/** @type {number} */ (this.#priorities.shift()));
    }
    return undefined;
  }

  /** @returns {Item | undefined} */
  shift() {
    const item = this.peek();
    if (item === undefined) return undefined;
    this.#lines.get(item.priority)?.shift();
    this.remove(item);
    return item;
  }

  /** @param {Item} item that is in the queue */
  remove(item) {
    item.isQueued = false;
    this.size -= 1;
  }

  #added(item) {
    item.isQueued = true;
    this.size += 1;
  }

  #line(priority) {
    let line = this.#lines.get(priority);
    if (line === undefined) {
      line = new Line();
      this.#lines.set(priority, line);
      const at = this.#priorities.findIndex((other) => other < priority);
      this.#priorities.splice(at === -1 ? this.#priorities.length : at, 0, priority);
    }
    return line;
  }
}

module.exports = { PriorityQueue };
