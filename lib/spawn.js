'use strict';
// spawn(): a checked request, a ChildProcess, and what ends it: a timeout or an AbortSignal.

const { addAbortListener } = require('node:events');
const { ChildProcess } = require('./child.js');
const { abortError } = require('./errors.js');
const { settleExtras } = require('./extra-options.js');
const {
  normalizeSpawnArguments,
  sanitizeKillSignal,
  validateTimeout,
  validateAbortSignal,
} = require('./options.js');

function spawn(file, args, options) {
  const request = normalizeSpawnArguments(file, args, options);
  validateTimeout(request.timeout);
  validateAbortSignal(request.signal, 'options.signal');
  const killSignal = sanitizeKillSignal(request.killSignal);
  settleExtras(request);
  const child = new ChildProcess();
  child.spawn(request);
  if (request.timeout > 0) killAfter(child, request.timeout, killSignal);
  if (request.signal) killOnAbort(child, request.signal, killSignal);
  return child;
}

function killAfter(child, timeout, killSignal) {
  const timer = setTimeout(() => {
    try {
      child.kill(killSignal);
    } catch (error) {
      child.emit('error', error);
    }
  }, timeout);
  child.once('exit', () => clearTimeout(timer));
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
    if (child.kill(killSignal)) child.emit('error', abortError(reason));
  } catch (error) {
    child.emit('error', error);
  }
}

module.exports = { spawn };
