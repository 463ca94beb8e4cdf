'use strict';
// From an execution that is over to its outcome.

const { ROOMY_PIPE } = require('../stdio.js');

const PIPES = new Set([ROOMY_PIPE, 'fifo', 'overlapped']);

/**
 * @param {InstanceType<typeof import('./execution.js').Execution>} execution
 * @returns {import('./result.js').Outcome}
 */
function toOutcome(execution) {
  const { child, settings, stdout, stderr } = execution;
  // First of all: only then is it known how much is missing.
  const nothing = nothingWritten(settings);
  const outputs = {
    stdout: execution.isIterated ? undefined : (stdout?.content() ?? nothing.stdout),
    stderr: stderr?.content() ?? nothing.stderr,
  };
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

/**
 * The outputs of what was not started: nothing, where there would have been a pipe.
 * @param {import('./options.js').Settings} settings
 */
function nothingWritten({ encoding, stdio }) {
  const of = (item) => {
    if (!PIPES.has(item)) return undefined;
    return encoding === null ? Buffer.alloc(0) : '';
  };
  return { stdout: of(stdio[1]), stderr: of(stdio[2]) };
}

/** @param {number} timeout in milliseconds */
function timeoutError(timeout) {
  const error = new Error(`timed out after ${timeout} milliseconds`);
  return Object.assign(error, { code: 'ETIMEDOUT' });
}

module.exports = { toOutcome, nothingWritten, timeoutError };
