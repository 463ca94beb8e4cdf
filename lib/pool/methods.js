'use strict';
// `pool.methods.resize(...args)` is `pool.run('resize', args)`.

/**
 * What the language calls by itself, of whatever is awaited, made JSON or text: whoever does that is
 * not to run a task. `run()` runs functions of these names too.
 */
const NO_TASKS = new Set(['then', 'toJSON', 'toString', 'toLocaleString', 'valueOf']);

/** @param {{ run: (name: string, args: any[]) => Promise<any> }} pool */
function methodsOf(pool) {
  /** @type {Map<string, Function>} */
  const made = new Map();
  return new Proxy(Object.create(null), {
    get(_, name) {
      if (typeof name !== 'string') return undefined;
      if (NO_TASKS.has(name)) return Reflect.get(Object.prototype, name);
      let method = made.get(name);
      if (method === undefined) {
        method = (...args) => pool.run(name, args);
        made.set(name, method);
      }
      return method;
    },
  });
}

module.exports = { methodsOf };
