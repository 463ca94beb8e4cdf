'use strict';
// The methods of a ChildProcess that Node does not have. Each only loads, at its first call, the file
// that does the work; none is enumerable, so that a child looks as under Node.

/** @type {Record<string, (this: any, ...args: any[]) => any>} */
const METHODS = {
  usage() {
    return require('./usage.js').usage(this);
  },
  resourceUsage() {
    return require('./bill.js').resourceUsage(this);
  },
};

/** Properties that are read only. @type {Record<string, (this: any) => any>} */
const GETTERS = {
  oomKilled() {
    return require('./bill.js').oomKilled(this);
  },
};

/** @param {object} prototype of ChildProcess */
function addMethods(prototype) {
  for (const [name, value] of Object.entries(METHODS)) {
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
  for (const [name, get] of Object.entries(GETTERS)) {
    Object.defineProperty(prototype, name, { get, configurable: true });
  }
}

module.exports = { addMethods };
