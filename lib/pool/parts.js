'use strict';
// What a Pool is made of, loaded with the first of them.

const { AsyncResource } = require('node:async_hooks');
const diagnostics = require('node:diagnostics_channel');
const { abortError } = require('../errors.js');
const errors = require('./errors.js');
const { Core } = require('./core.js');
const options = require('./options.js');
const { poolStats } = require('./stats.js');
const { TaskStream } = require('./stream.js');
const { Task } = require('./task.js');
const { startTop } = require('./top.js');

/** Every event of every pool, as `{ event, pool, values }`. */
const channel = diagnostics.channel('sprog:pool');

/** `pool.methods.resize(...args)` is `pool.run('resize', args)`. */
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

module.exports = {
  ...options,
  AsyncResource,
  abortError,
  channel,
  Core,
  errors,
  methodsOf,
  poolStats,
  startTop,
  Task,
  TaskStream,
};
