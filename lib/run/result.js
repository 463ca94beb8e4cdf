'use strict';
// How a run came out, as the object that a program is given, and in words.

const { currentDirectory } = require('../current-directory.js');
const { RunError } = require('./error.js');
const { toOutput } = require('./text.js');

/** How much of what a failed program said on stderr its error repeats. */
const EXCERPT_CHARACTERS = 4_000;

/** The place of the call, for an error that may come later. */
function callSite(callee) {
  const site = /** @type {any} */ ({});
  Error.captureStackTrace(site, callee);
  return site;
}

/**
 * @typedef {object} Outcome how a program ended, and what it wrote
 * @property {number | undefined} pid
 * @property {number | null} code
 * @property {string | null} signal
 * @property {string | Buffer | undefined} stdout
 * @property {string | Buffer | undefined} stderr
 * @property {{ stdout: number, stderr: number }} dropped
 * @property {boolean} timedOut
 * @property {boolean} aborted
 * @property {boolean} maxBufferExceeded
 * @property {boolean} forceKilled
 * @property {number} durationMs
 * @property {any} usage
 * @property {any} cause
 */

/**
 * @param {import('./options.js').Settings} settings
 * @param {Outcome} outcome
 */
function toResult(settings, outcome) {
  const { cause, code, signal, stdout, stderr, dropped, ...others } = outcome;
  const form = (output) => (output === undefined ? undefined : toOutput(output, settings));
  const { all } = settings;
  const failed = cause !== undefined || code !== 0 || signal !== null;
  const wasStarted = outcome.pid !== undefined;
  return {
    command: settings.command,
    args: settings.args,
    cwd: settings.request.cwd ?? currentDirectory(),
    ...others,
    code: wasStarted ? code : (cause?.code ?? null),
    signal,
    failed,
    stdout: all ? undefined : form(stdout),
    stderr: all ? undefined : form(stderr),
    all: all ? form(stdout) : undefined,
    dropped: all ? { stdout: 0, stderr: 0, all: dropped.stdout } : { ...dropped, all: 0 },
    step: cause?.step,
    interpreter: cause?.interpreter,
    cause,
  };
}

/** What happened, in words. */
function describe(result, { timeout }) {
  if (result.pid === undefined && !result.aborted) {
    return `could not be started: ${result.cause?.message ?? result.code}${hint(result)}`;
  }
  if (result.aborted) return 'was aborted';
  if (result.timedOut) return `timed out after ${timeout} milliseconds`;
  if (result.maxBufferExceeded && result.cause) return 'wrote more than maxBuffer';
  if (result.cause) return `failed: ${result.cause.message ?? result.cause}`;
  return result.signal === null
    ? `failed with exit code ${result.code}`
    : `was killed with ${result.signal || 'a signal'}`;
}

function hint({ cwd, interpreter, step }) {
  if (interpreter !== undefined) return ` (its interpreter ${interpreter} is missing)`;
  return step === 'chdir' ? ` (its directory ${cwd} cannot be entered)` : '';
}

function commandLine({ command, args }) {
  return [command, ...args].join(' ');
}

/** @returns {InstanceType<typeof RunError>} */
function toError(result, settings, site) {
  const what = `Command ${describe(result, settings)}: ${commandLine(result)}`;
  return new RunError(`${what}${excerpt(result)}`, result, site);
}

function excerpt({ stderr, all }) {
  const said = stderr ?? all;
  if (said === undefined || said.length === 0) return '';
  const text = Array.isArray(said) ? said.join('\n') : String(said);
  return `\n${text.length > EXCERPT_CHARACTERS ? `...${text.slice(-EXCERPT_CHARACTERS)}` : text}`;
}

module.exports = { callSite, toResult, toError, describe, commandLine, excerpt };
