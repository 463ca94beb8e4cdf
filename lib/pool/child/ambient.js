'use strict';
// Where the module that a worker's functions import (`sprog/worker`) and the one that runs them meet, even if
// they come from two copies of the package.

const PLACE = Symbol.for('sprog.pool.worker');

/**
 * @typedef {object} Ambient
 * @property {boolean} isWorker
 * @property {((task: any, run: () => any) => any) | undefined} enter set once somebody asks for the
 *   current task: tasks of others do not pay for it
 */

/** @returns {Ambient} */
function ambient() {
  const holder = /** @type {any} */ (process);
  if (holder[PLACE] === undefined) {
    const value = { isWorker: false, enter: undefined };
    Object.defineProperty(process, PLACE, { value });
  }
  return holder[PLACE];
}

module.exports = { ambient };
