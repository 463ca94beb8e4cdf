'use strict';
// The option `dieWithParent`: the child and its whole tree end when this process does, however that
// comes about. A guard process sees to it (src/guard), which is told of the tree before it has begun.

const { randomBytes } = require('node:crypto');
const { variablesOf } = require('./environment.js');
const { guardFailed } = require('./guard-error.js');
const { invalidArgValue } = require('./errors.js');
const { environment } = require('./native.js');
const { openTree } = require('./process-tree.js');
const { isNullish, validateBoolean } = require('./validate.js');

/** As crates/tree has it: all trees that a process is in, separated by colons. */
const MARKER = 'SPROG_TREE';

/**
 * Borne by all that this thread starts so, beside the marker of each tree: one search by the guard finds
 * all of them, those too whose tree it has been told to forget. Like those markers it has neither
 * colons nor NULs.
 * @type {string | undefined}
 */
let common;

/**
 * @param {any} request
 * @returns {import('./extra-options.js').Part | undefined}
 */
function settle(request) {
  const { dieWithParent } = request;
  if (isNullish(dieWithParent)) return undefined;
  validateBoolean(dieWithParent, 'options.dieWithParent');
  if (!dieWithParent) return undefined;
  if (request.detached) {
    const reason =
      'must not be true together with options.dieWithParent: what is detached is meant to live on';
    throw invalidArgValue('options.detached', true, reason);
  }
  /** @type {any} */
  let tree;
  let ward = 0;
  return {
    prepare(request, plan) {
      tree = openTree(request, plan);
      const variables = variablesOf(request);
      common ??= randomBytes(8).toString('hex');
      variables.set(MARKER, `${variables.get(MARKER)}:${common}`);
      ward = enrol(common, tree.group);
      plan.ward = ward;
    },
    undo() {
      if (ward !== 0) environment().withdraw(ward);
      tree?.release();
    },
    exited() {
      tree.exited();
    },
  };
}

function enrol(marker, group) {
  const { ward, step, errno } = environment().enrol(marker, group ?? undefined);
  if (ward === 0) throw guardFailed(step, errno);
  return ward;
}

module.exports = { settle };
