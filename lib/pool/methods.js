'use strict';
// `pool.methods.resize(...args)` is `pool.run('resize', args)`.

/** @param {{ run: (name: string, args: any[]) => Promise<any> }} pool */
function methodsOf(pool) {
  /** @type {Map<string, Function>} */
  const made = new Map();
  return new Proxy(Object.create(null), {
    get(_, name) {
      // `then`: whoever awaits it is not to run a task.
      if (typeof name !== 'string' || name === 'then') return undefined;
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
