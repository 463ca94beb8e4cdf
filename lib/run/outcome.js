'use strict';
// From an execution that is over to its outcome.

/**
 * @param {InstanceType<typeof import('./execution.js').Execution>} execution
 * @returns {import('./result.js').Outcome}
 */
function toOutcome(execution) {
  const { child, settings, stdout, stderr } = execution;
  // First of all: only then is it known how much is missing.
  const outputs = { stdout: stdout?.content(), stderr: stderr?.content() };
  const dropped = { stdout: stdout?.dropped ?? 0, stderr: stderr?.dropped ?? 0 };
  return {
    pid: child.pid,
    code: execution.code,
    signal: execution.signal,
    ...outputs,
    dropped,
    timedOut: execution.timedOut,
    aborted: execution.aborted,
    maxBufferExceeded: execution.maxBufferExceeded || dropped.stdout + dropped.stderr > 0,
    forceKilled: execution.forceKilled,
    durationMs: execution.durationMs,
    usage: execution.wasStarted ? child.resourceUsage?.() : undefined,
    cause: execution.cause ?? (execution.timedOut ? timeoutError(settings.timeout) : undefined),
  };
}

/** @param {number} timeout in milliseconds */
function timeoutError(timeout) {
  const error = new Error(`timed out after ${timeout} milliseconds`);
  return Object.assign(error, { code: 'ETIMEDOUT' });
}

module.exports = { toOutcome, timeoutError };
