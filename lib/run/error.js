'use strict';
// The error of all that run() and its relatives can meet.

/** Why run(), runSync() or pipeline() did not succeed: it has all that the result would have. */
class RunError extends Error {
  /**
   * @param {string} message
   * @param {any} result
   * @param {{ stack: string } | undefined} site where the run was asked for
   */
  constructor(message, result, site) {
    const { cause, ...others } = result;
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, others);
    // Nobody is on the stack when a child exits.
    if (site) this.stack = `RunError: ${message}\n${frames(site.stack)}`;
  }
}
Object.defineProperty(RunError.prototype, 'name', {
  value: 'RunError',
  writable: true,
  configurable: true,
});

function frames(stack) {
  return stack.slice(stack.indexOf('\n') + 1);
}

module.exports = { RunError };
