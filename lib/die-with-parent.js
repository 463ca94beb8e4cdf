'use strict';
// The option `dieWithParent`: the child and its whole tree end when this process does, however that
// comes about. A guard process sees to it (src/guard), which is told of the tree before it has begun.

const { environment } = require('./native.js');
const { guardFailed, invalidArgValue } = require('./errors.js');
const { mark } = require('./marker.js');
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
    const reason = 'cannot be used with options.detached, which asks for a child that outlives its parent';
    throw invalidArgValue('options.dieWithParent', dieWithParent, reason);
  }
  let ward = 0;
  return {
    prepare(request, plan) {
      const { marker, cgroup, others } = mark(request, plan);
      const enrolled = environment().enrol(marker, cgroup, others);
      if (enrolled.ward === 0) throw guardFailed(enrolled.step, enrolled.errno);
      ward = enrolled.ward;
      plan.ward = ward;
    },
    undo() {
      environment().withdraw(ward);
    },
  };
}

module.exports = { settle };
