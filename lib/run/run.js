'use strict';
// run(): a program to its end, as a promise, with `child`, and lines to iterate over.

const { Execution } = require('./execution.js');
const { iterate } = require('./lines.js');
const { OpenFiles } = require('./open-files.js');
const { settle } = require('./options.js');
const { toOutcome } = require('./outcome.js');
const { callSite, toError, toResult } = require('./result.js');

/** @param {Function} callee what the caller has called: the error's stack begins below it */
function run(callee, command, args, options) {
  const settings = settle(command, args, options);
  const site = callSite(callee);
  let resolve;
  let reject;
  const promise = /** @type {any} */ (
    new Promise((onfulfilled, onrejected) => {
      resolve = onfulfilled;
      reject = onrejected;
    })
  );
  const execution = new Execution(settings, {
    onend() {
      const result = toResult(settings, toOutcome(execution));
      if (result.failed && settings.reject) reject(toError(result, settings, site));
      else resolve(result);
    },
  });
  const files = new OpenFiles();
  try {
    execution.start(files);
  } catch (error) {
    // That is thrown, and nobody gets the promise.
    promise.catch(() => {});
    throw error;
  } finally {
    files.close();
  }
  promise.child = execution.child;
  promise[Symbol.asyncIterator] = () =>
    iterate(execution, promise, () => execution.stop(undefined));
  return promise;
}

module.exports = { run };
