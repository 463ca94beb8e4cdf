'use strict';
// A worker and all that its tasks have started: forked as a tree, ended as one, and left to the guard for
// the case that this process is killed.

const { fork } = require('../fork.js');
const { kTree } = require('../child-extras.js');
const { isNullish } = require('../validate.js');

const ALL_AT_ONCE = { signal: 'SIGKILL', grace: 0 };

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
  try {
    await child.killTree(ALL_AT_ONCE);
  } catch {
    // No thread to be had, or processes of another user among them: at least the worker itself.
    child.kill('SIGKILL');
  }
}

module.exports = { forkTree, endTree };
