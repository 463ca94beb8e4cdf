'use strict';
// The option `dieWithParent`: the child and its whole tree end when this process does, however that
// comes about. A guard process sees to it (src/guard), which is told of the tree before it has begun.

const { variablesOf } = require('./environment.js');
const { guardFailed } = require('./guard-error.js');
const { invalidArgValue } = require('./errors.js');
const { environment } = require('./native.js');
const { MARKER, openTree } = require('./process-tree.js');
const { isNullish, validateBoolean } = require('./validate.js');

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
      tree = open(request, plan);
      const enrolled = environment().enrol(tree.group ?? undefined);
      if (enrolled.ward === 0) {
        tree.release();
        throw guardFailed(enrolled.step, enrolled.errno);
      }
      plan.ward = ward = enrolled.ward;
      // Beside the marker of the tree: one search by the guard finds all that bear this.
      const variables = variablesOf(request);
      variables.set(MARKER, `${variables.get(MARKER)}:${enrolled.marker}`);
    },
    undo() {
      environment().withdraw(ward);
      tree.release();
    },
    exited() {
      tree.exited();
    },
  };
}

/** Who has not asked for a tree need not hear of one. */
function open(request, plan) {
  try {
    return openTree(request, plan);
  } catch (error) {
    const errno = Number(/** @type {any} */ (error).cause?.code);
    if (request.tree || Number.isNaN(errno)) throw error;
    throw guardFailed('tree', -errno);
  }
}

module.exports = { settle };
