'use strict';
// A worker and all that its tasks have started: forked as a tree, ended as one, and left to the guard for
// the case that this process is killed.

const os = require('node:os');
const { fork } = require('../fork.js');
const { kTree } = require('../tree-key.js');
const { sleep } = require('../host-timers.js');
const { isNullish } = require('../validate.js');

const ALL_AT_ONCE = { signal: 'SIGKILL', grace: 0 };
/** Nothing to look for the others with: descriptors, memory, a thread. That may change. */
const PASSING = ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'];
const RETRY_MS = 100;

/**
 * Forks with `tree` and `dieWithParent` unless the options say otherwise. What was not asked for and
 * cannot be had here is done without: a worker alone is better than none. Throws what fork() throws.
 * @param {string} file
 * @param {string[]} args
 * @param {any} options
 */
function forkTree(file, args, options) {
  const wanted = {
    tree: isNullish(options.tree) ? true : options.tree,
    dieWithParent: isNullish(options.dieWithParent) ? true : options.dieWithParent,
  };
  for (;;) {
    try {
      return fork(file, args, { ...options, ...wanted });
    } catch (error) {
      const { code } = /** @type {any} */ (error);
      if (code === 'ERR_SPROG_TREE_UNAVAILABLE' && wanted.tree && options.tree !== true) {
        wanted.tree = false;
      } else if (code === 'ERR_SPROG_GUARD' && options.dieWithParent !== true) {
        wanted.dieWithParent = false;
      } else {
        throw error;
      }
    }
  }
}

/**
 * Ends a worker with all that it has started; of one that has exited, what it has left.
 * @param {any} child
 * @returns {Promise<void>} fulfilled when the last one is gone, or is known to be out of reach
 */
async function endTree(child) {
  if (child[kTree] === undefined) {
    child.kill('SIGKILL');
    return;
  }
  for (;;) {
    try {
      await child.killTree(ALL_AT_ONCE);
      return;
    } catch (error) {
      killWorker(child);
      // Processes of another user among them, say: those are out of reach for good.
      if (!PASSING.includes(/** @type {any} */ (error).code)) return;
    }
    await sleep(RETRY_MS);
  }
}

/** The same before this call returns, as far as one look reaches: there is no time for another. */
function endTreeNow(child) {
  if (!child.kill('SIGKILL')) killWorker(child);
}

/** At least the worker itself, for which no descriptor has to be had. */
function killWorker(child) {
  child._handle?.kill(os.constants.signals.SIGKILL);
}

module.exports = { forkTree, endTree, endTreeNow };
