'use strict';
// runSync(): what run() does, before the call returns.

const { toResourceUsage } = require('../bill.js');
const { abortError, invalidArgValue, errnoException, maxBufferExceeded } = require('../errors.js');
const { refuseInSync } = require('../extra-options.js');
const { explain } = require('../failed-start.js');
const { checkPermission } = require('../permission.js');
const { signalName } = require('../signals.js');
const { parseStdio, ROOMY_PIPE } = require('../stdio.js');
const { PREPARED, run: runToEnd } = require('../sync.js');
const { joinEnds, wholeEnd } = require('./ends.js');
const { gatherSync, refuseAsync, release } = require('./input.js');
const { OpenFiles } = require('./open-files.js');
const { settle } = require('./options.js');
const { nothingWritten, timeoutError } = require('./outcome.js');
const { callSite, toError, toResult } = require('./result.js');

/** @param {Function} callee what the caller has called: the error's stack begins below it */
function runSync(callee, command, args, options) {
  const settings = settle(command, args, options);
  refuseUnavailable(settings);
  const startedAt = performance.now();
  const outcome = outcomeOf(settings);
  outcome.durationMs = performance.now() - startedAt;
  const result = toResult(settings, outcome);
  if (result.failed && settings.reject) throw toError(result, settings, callSite(callee));
  return result;
}

function refuseUnavailable({ request, signal, source }) {
  refuseInSync(request);
  refuseAsync(source);
  if (signal && !signal.aborted) {
    throw invalidArgValue('options.signal', signal, 'is not available in synchronous calls');
  }
}

function outcomeOf(settings) {
  const outcome = /** @type {any} */ ({
    pid: undefined,
    code: null,
    signal: null,
    ...nothingWritten(settings),
    dropped: { stdout: 0, stderr: 0 },
    timedOut: false,
    aborted: Boolean(settings.signal?.aborted),
    maxBufferExceeded: false,
    forceKilled: false,
    durationMs: 0,
    usage: undefined,
    cause: undefined,
  });
  if (outcome.aborted) {
    outcome.cause = abortError(settings.signal.reason);
    release(settings.source);
    return outcome;
  }
  let input;
  try {
    input = gatherSync(settings.source);
  } catch (error) {
    // The source's own failure, as in run().
    outcome.cause = error;
    return outcome;
  }
  try {
    addOutcome(outcome, settings, /** @type {any} */ (ran(settings, input)));
  } catch (error) {
    if (typeof (/** @type {any} */ (error).errno) !== 'number') throw error;
    outcome.cause = error;
  }
  return outcome;
}

/** Runs it. */
function ran(settings, input) {
  const { request, killSignal, maxBuffer, forceKillAfter: forceAfter } = settings;
  checkPermission(request.file);
  const files = new OpenFiles();
  try {
    // The call reads all the time: the size of a pipe does not matter.
    const list = files.open(settings.stdio).map((item) => (item === ROOMY_PIPE ? 'fifo' : item));
    const { entries } = parseStdio(list, true);
    request.timeout = settings.timeout;
    const limit = maxBuffer.limit ?? Number.POSITIVE_INFINITY;
    const { head, tail } = maxBuffer;
    request[PREPARED] = {
      entries,
      input,
      // 0 is no limit there.
      maxBuffer: limit === 0 ? Number.MIN_VALUE : limit,
      killSignal,
      more: { forceAfter, head, tail, endsAtExit: true },
    };
    return runToEnd(request);
  } finally {
    files.close();
  }
}

function addOutcome(
  outcome,
  settings,
  { errno, step, pid, code, signal, output, dropped, forced, bill },
) {
  if (pid === 0) {
    const { file } = settings.request;
    outcome.cause = Object.assign(errnoException(-errno, `spawn ${file}`), { path: file });
    explain(outcome.cause, { step: step ?? 0, request: settings.request });
    return;
  }
  const kept = output && withinLimit(output, settings);
  const stdout = contentOf(kept?.[1], dropped?.[1] ?? 0, settings);
  const stderr = contentOf(kept?.[2], dropped?.[2] ?? 0, settings);
  outcome.pid = pid;
  outcome.code = signal === 0 ? code : null;
  outcome.signal = signal === 0 ? null : signalName(signal);
  outcome.stdout = stdout.content;
  outcome.stderr = stderr.content;
  outcome.dropped = { stdout: stdout.dropped, stderr: stderr.dropped };
  outcome.forceKilled = Boolean(forced);
  outcome.usage = bill && toResourceUsage(bill);
  addCause(outcome, settings, errno === 0 ? undefined : errnoException(-errno, 'spawn'));
}

/**
 * The last read may have brought more than the limit. Of which output it was is not known; the longest one
 * has that much.
 */
function withinLimit(output, { encoding, maxBuffer: { limit = Number.POSITIVE_INFINITY } }) {
  const lengths = output.map((bytes) => bytes?.length ?? 0);
  const excess = lengths.reduce((sum, length) => sum + length, 0) - Math.floor(limit);
  if (excess <= 0) return output;
  const longest = lengths.indexOf(Math.max(...lengths));
  const cut = output[longest].subarray(0, lengths[longest] - excess);
  return output.with(longest, cut.subarray(0, wholeEnd(cut, encoding)));
}

function contentOf(bytes, dropped, { encoding, maxBuffer: { head = 0 } }) {
  if (!bytes) return { content: undefined, dropped };
  return joinEnds(bytes.subarray(0, head), bytes.subarray(head), dropped, encoding);
}

function addCause(outcome, settings, error) {
  outcome.timedOut = error?.code === 'ETIMEDOUT';
  outcome.maxBufferExceeded =
    error?.code === 'ENOBUFS' || outcome.dropped.stdout + outcome.dropped.stderr > 0;
  if (outcome.timedOut) outcome.cause = timeoutError(settings.timeout);
  else if (error?.code === 'ENOBUFS') outcome.cause = maxBufferExceeded('stdout');
  // Input that was not read to the end is no failure.
  else if (error && error.code !== 'EPIPE') outcome.cause = error;
}

module.exports = { runSync };
