'use strict';
// exec() and execFile(), whose work is done in execution.js, and what util.promisify() makes of them.

const util = require('node:util');
const { NODE_MAJOR } = require('./node-version.js');

// Node 20 leaves the promisified functions without a name.
const NAMES_PROMISIFIED = NODE_MAJOR >= 22;

/**
 * The exec() of a module: it calls the execFile() that the module exports at that time, so that a
 * program that replaces the one changes the other too.
 * @param {() => { execFile: Function }} surface
 */
function makeExec(surface) {
  function exec(command, options, callback) {
    const { normalizeExecArgs } = require('./execution.js');
    const request = normalizeExecArgs(command, options, callback);
    return surface().execFile(request.file, request.options, request.callback);
  }
  Object.defineProperty(exec, util.promisify.custom, { value: promisified(exec) });
  return exec;
}

function execFile(file, args, options, callback) {
  return require('./execution.js').execFile(file, args, options, callback);
}

/** What util.promisify() makes of exec() and execFile(); bad arguments are thrown, not rejected. */
function promisified(run) {
  const call = (...args) => {
    const { promise, resolve, reject } = deferred();
    promise.child = run(...args, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else reject(Object.assign(error, { stdout, stderr }));
    });
    return promise;
  };
  Object.defineProperty(call, 'name', { value: NAMES_PROMISIFIED ? run.name : '' });
  return call;
}

function deferred() {
  let resolve;
  let reject;
  const promise = new Promise((onfulfilled, onrejected) => {
    resolve = onfulfilled;
    reject = onrejected;
  });
  return /** @type {any} */ ({ promise, resolve, reject });
}

Object.defineProperty(execFile, util.promisify.custom, { value: promisified(execFile) });

module.exports = { makeExec, execFile };
