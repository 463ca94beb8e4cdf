'use strict';
// `forceKillAfter`: SIGKILL for a child that its signal did not end in time. It is sent by a thread of
// the addon, so that it comes while this one is busy.

const os = require('node:os');
const { kTree } = require('./tree-key.js');
const { invalidArgType, errnoException, outOfRange } = require('./errors.js');
const { environmentOrErrno } = require('./native-state.js');
const { sanitizeKillSignal } = require('./signals.js');
const { validateObject } = require('./validate.js');

const { signals } = os.constants;
/** Milliseconds from a signal that asks for the end to SIGKILL, where nobody says otherwise. */
const GRACE_MS = 5_000;

/** Signals that do not ask a program to end: it is told something, or stopped, or made to go on. */
const HARMLESS = new Set([
  0,
  signals.SIGUSR1,
  signals.SIGUSR2,
  signals.SIGCHLD,
  signals.SIGCONT,
  signals.SIGSTOP,
  signals.SIGTSTP,
  signals.SIGTTIN,
  signals.SIGTTOU,
  signals.SIGURG,
  signals.SIGWINCH,
  signals.SIGIO,
]);

/** On a child that was started with the option: the milliseconds. */
const kForceKillAfter = Symbol('sprog.forceKillAfter');

/**
 * @param {unknown} value milliseconds, or whether at all
 * @param {number | undefined} fallback where it is not given
 * @returns {number | undefined} undefined: never
 */
function toForceKillAfter(value, fallback) {
  if (value === undefined || value === null) return fallback;
  if (value === true) return GRACE_MS;
  if (value === false || value === Number.POSITIVE_INFINITY) return undefined;
  const name = 'options.forceKillAfter';
  if (typeof value !== 'number') throw invalidArgType(name, ['number', 'boolean'], value);
  if (!(value >= 0)) throw outOfRange(name, '>= 0', value);
  return value;
}

/** Starts what `killLater` needs. Throws the system's error if there is no thread to be had. */
function getReady(syscall) {
  const native = environmentOrErrno();
  const status = typeof native === 'number' ? native : native.getReadyToKillLater();
  if (status !== 0) throw errnoException(status, syscall);
}

/** After how many milliseconds SIGKILL is to follow a signal; undefined: never. */
function forceKillDelay(child, signal, options) {
  const fallback = HARMLESS.has(signal) ? undefined : child[kForceKillAfter];
  if (options === undefined && fallback === undefined) return undefined;
  if (options !== undefined) validateObject(options, 'options');
  const delay = toForceKillAfter(options?.forceKillAfter, fallback);
  if (delay === undefined || signal === 0 || signal === signals.SIGKILL) return undefined;
  getReady('kill');
  return delay;
}

/**
 * Has a child, or its whole tree, killed at its time; see `killLater` of a handle. After the exit of the
 * child what is left of its tree. `getReady` must have been called.
 * @param {any} child
 * @param {{ signal?: number, timeout?: number, forceAfter?: number }} times
 */
function killLater(child, times) {
  if (child._handle) child._handle.killLater(times, child[kTree]);
  else child[kTree]?.killLater(-1, times);
}

/** Has every kill of the child escalate; of `getReady` no more is needed then. */
function setForceKillAfter(child, delay) {
  child[kForceKillAfter] = delay;
}

/** For `kill`, where the signal is one that is meant to end the child, whichever it is. */
function forcing(child) {
  const forceKillAfter = child[kForceKillAfter];
  return forceKillAfter === undefined ? undefined : { forceKillAfter };
}

/** Whether the addon sees to the timeout of a request. */
function killsInTime(request) {
  return toForceKillAfter(request.forceKillAfter, undefined) !== undefined;
}

/** What the option means for a spawn; see extra-options.js. */
function settle(request) {
  const forceAfter = toForceKillAfter(request.forceKillAfter, undefined);
  if (forceAfter === undefined) return undefined;
  const { timeout } = request;
  const signal = sanitizeKillSignal(request.killSignal) ?? signals.SIGTERM;
  return {
    prepare: () => getReady('spawn'),
    started(child) {
      setForceKillAfter(child, forceAfter);
      if (timeout > 0) killLater(child, { signal, timeout, forceAfter });
    },
  };
}

module.exports = {
  GRACE_MS,
  toForceKillAfter,
  getReady,
  forceKillDelay,
  killLater,
  setForceKillAfter,
  forcing,
  killsInTime,
  settle,
};
