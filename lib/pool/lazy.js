'use strict';
// Pool as the package exports it: the class, loaded with the first use of it, so that whoever has no pool
// does not pay for one.

/** @returns {typeof import('./pool.js').Pool} */
function real() {
  return require('./pool.js').Pool;
}

/** What the proxy stands before; a class of which nothing is used. */
function Unloaded() {}

/** @type {ReturnType<typeof real>} */
const Pool = new Proxy(/** @type {any} */ (Unloaded), {
  construct(_, args, target) {
    return Reflect.construct(real(), args, target === Pool ? real() : target);
  },
  apply() {
    throw new TypeError("Class constructor Pool cannot be invoked without 'new'");
  },
  get: (_, name) => Reflect.get(real(), name),
  has: (_, name) => Reflect.has(real(), name),
  getPrototypeOf: () => Object.getPrototypeOf(real()),
});

module.exports = { Pool };
