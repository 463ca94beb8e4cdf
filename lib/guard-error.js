'use strict';
// The error of the guard that dieWithParent needs: none of Node's.

const { NodeError, create, errnoException } = require('./errors.js');

/**
 * @param {string} step what failed: 'tree', 'image', 'socket', 'exec', 'ready', 'thread' or 'enrol'
 * @param {number} errno negative
 */
function guardFailed(step, errno) {
  const cause = errnoException(errno, 'spawn', `sprog-guard (${step})`);
  const message = `The guard that dieWithParent needs cannot be had: ${cause.message}`;
  const error = create(NodeError, 'ERR_SPROG_GUARD', message, guardFailed);
  return Object.assign(error, { step, cause });
}

module.exports = { guardFailed };
