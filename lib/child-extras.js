'use strict';
// The methods of a ChildProcess that Node does not have. Each only loads, at its first call, the file
// that does the work; none is enumerable, so that a child looks as under Node.

/** @type {Record<string, (this: any, ...args: any[]) => any>} by name */
const METHODS = {
  killTree(...args) {
    return require('./ending.js').killTree(this, ...args);
  },
};

const asyncDispose = /** @type {any} */ (Symbol).asyncDispose ?? Symbol.for('nodejs.asyncDispose');

/** @param {object} prototype of ChildProcess */
function addMethods(prototype) {
  for (const [name, value] of Object.entries(METHODS)) addMethod(prototype, name, value);
  addMethod(prototype, asyncDispose, disposeAsync);
}

function addMethod(prototype, name, value) {
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
}

/** @this {any} */
function disposeAsync() {
  return require('./ending.js').dispose(this);
}

module.exports = { addMethods };
