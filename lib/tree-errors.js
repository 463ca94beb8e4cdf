'use strict';
// The errors of trees: none of them is Node's.

const { NodeError, NodeTypeError, create } = require('./errors.js');

/** killTree() of a child without a tree. */
function noTree() {
  const message = 'killTree() is for children that were started with the option tree';
  return create(NodeTypeError, 'ERR_SPROG_NO_TREE', message, noTree);
}

/** @param {Error} cause what the addon says; its code is an errno */
function treeUnavailable(cause) {
  const message = `The option tree cannot be had here: ${cause.message}`;
  const error = create(NodeError, 'ERR_SPROG_TREE_UNAVAILABLE', message, treeUnavailable);
  return Object.assign(error, { cause });
}

/**
 * Processes that this one may not signal.
 * @param {object} result of killTree(), as far as it goes
 * @param {{ pid: number, command: string }[]} remaining
 */
function treeRemains(result, remaining) {
  const list = remaining.map(({ pid, command }) => `${pid} (${command})`).join(', ');
  const message = `Processes of the tree live on, as this process may not signal them: ${list}`;
  const error = create(NodeError, 'ERR_SPROG_TREE_REMAINS', message, treeRemains);
  return Object.assign(error, result, { remaining });
}

module.exports = { noTree, treeUnavailable, treeRemains };
