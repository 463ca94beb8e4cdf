'use strict';
// What a ChildProcess has that Node's does not: methods, and what the options of ours have settled. Each
// method only loads, at its first call, the file that does the work; nothing is enumerable, so that a child
// looks as under Node.

/**
 * Where a request, and a child that runs, keeps what was settled: a symbol, so that it stays with a copy
 * of the request.
 */
const kExtras = Symbol('sprog.extras');

/**
 * What all areas together do about one child; extra-options.js tells when and why.
 * @typedef {object} Extras
 * @property {import('../binding.js').SpawnExtras} plan what crosses into the addon
 * @property {(request: any) => void} prepare
 * @property {() => void} undo
 * @property {(child: any) => void} started
 * @property {(signal: number) => number | undefined} kill
 * @property {(child: any) => void} exited
 */

/**
 * @param {any} owner a request, or a child that was started
 * @returns {Extras | undefined}
 */
function extrasOf(owner) {
  return owner[kExtras];
}

/** @type {Record<string, (this: any, ...args: any[]) => any>} by name */
const METHODS = {
  killTree(...args) {
    return require('./ending.js').killTree(this, ...args);
  },
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

/** Where `await using` looks; a Node that has no such symbol may be given one by a compiler's helpers. */
const ASYNC_DISPOSE = /** @type {any} */ (Symbol).asyncDispose ?? Symbol.for('nodejs.asyncDispose');

/** @param {object} prototype of ChildProcess */
function addMethods(prototype) {
  for (const [name, value] of Object.entries(METHODS)) addMethod(prototype, name, value);
  for (const [name, get] of Object.entries(GETTERS)) {
    Object.defineProperty(prototype, name, { get, configurable: true });
  }
  addMethod(prototype, ASYNC_DISPOSE, disposeAsync);
}

function addMethod(prototype, name, value) {
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
}

/** @this {any} */
function disposeAsync() {
  return require('./ending.js').dispose(this);
}

module.exports = { ASYNC_DISPOSE, addMethods, extrasOf, kExtras };
