'use strict';
// spawn(): a checked request, a ChildProcess, and what ends it: a timeout or an AbortSignal.

const { addAbortListener } = require('node:events');
const util = require('node:util');
const { ChildProcess } = require('./child.js');
const { abortError } = require('./errors.js');
const { settleExtras } = require('./extra-options.js');
const { clearTimeout, setTimeout } = require('./host-timers.js');
const { NODE_MAJOR } = require('./node-version.js');
const { normalizeSpawnArguments } = require('./options.js');
const { sanitizeKillSignal } = require('./signals.js');
const { isNullish, validateTimeout, validateAbortSignal } = require('./validate.js');

const debug = util.debuglog('child_process');

/** Until when a timeout counts: from Node 26 on while anything of the child is open. */
const TIMEOUT_ENDS = NODE_MAJOR >= 26 ? 'close' : 'exit';

function spawn(file, args, options) {
  const request = normalizeSpawnArguments(file, args, options);
  validateTimeout(request.timeout);
  validateAbortSignal(request.signal, 'options.signal');
  const killSignal = sanitizeKillSignal(request.killSignal);
  settleExtras(request);
  debug('spawn', request);
  const child = new ChildProcess();
  child.spawn(request);
  if (request.timeout > 0 && !isTimedElsewhere(request))
    killAfter(child, request.timeout, killSignal);
  if (request.signal) killOnAbort(child, request.signal, killSignal);
  return child;
}

/** With `forceKillAfter` the addon sees to the timeout too. */
function isTimedElsewhere(request) {
  if (isNullish(request.forceKillAfter)) return false;
  return require('./force-kill.js').killsInTime(request);
}

function killAfter(child, timeout, killSignal) {
  const timer = setTimeout(() => {
    try {
      child.kill(killSignal);
    } catch (error) {
      child.emit('error', error);
    }
  }, timeout);
  child.once(TIMEOUT_ENDS, () => clearTimeout(timer));
}

function killOnAbort(child, signal, killSignal) {
  const onAbort = () => abort(child, killSignal, signal.reason);
  if (signal.aborted) {
    process.nextTick(onAbort);
  } else {
    const listening = addAbortListener(signal, onAbort);
    child.once('exit', listening[/** @type {any} */ (Symbol).dispose]);
  }
}

function abort(child, killSignal, reason) {
  try {
    // Whatever the signal is, it is meant to end the child.
    const { forcing } = require('./force-kill.js');
    if (child.kill(killSignal, forcing(child))) child.emit('error', abortError(reason));
  } catch (error) {
    child.emit('error', error);
  }
}

module.exports = { spawn };
