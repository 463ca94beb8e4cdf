'use strict';
// The option `usage: 'exact'`: a child that is started by the launcher, so that its peak memory is its own.

const { exactUsageUnavailable } = require('../errors.js');
const { environmentOrErrno } = require('../native-state.js');
const { validateOneOf } = require('../validate.js');

/** @param {any} request @returns {import('../extra-options.js').Part} */
function settle(request) {
  validateOneOf(request.usage, 'options.usage', ['exact']);
  return {
    prepare(_request, extras) {
      const native = environmentOrErrno();
      // Then the start fails of the same.
      if (typeof native === 'number') return;
      const problem = native.exactUsageProblem();
      if (problem) throw exactUsageUnavailable(problem);
      extras.exactUsage = true;
    },
  };
}

module.exports = { settle };
