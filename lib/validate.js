'use strict';
// Checks of single values, by Node's rules for options; each throws the error that Node throws.

const { types } = require('node:util');
const { fileURLToPath } = require('node:url');
const { invalidArgType, invalidArgValue, outOfRange } = require('./errors.js');
const { NODE_MAJOR } = require('./node-version.js');

// Node 26 checks integers in steps (type, integer, range), the lines before it all at once.
const STEPWISE = NODE_MAJOR >= 26;

/** Whether an optional argument or option was left out. */
function isNullish(value) {
  return value === null || value === undefined;
}

function validateString(value, name) {
  if (typeof value !== 'string') throw invalidArgType(name, 'string', value);
}

function validateBoolean(value, name) {
  if (typeof value !== 'boolean') throw invalidArgType(name, 'boolean', value);
}

function validateFunction(value, name) {
  if (typeof value !== 'function') throw invalidArgType(name, 'function', value);
}

function validateArray(value, name) {
  if (!Array.isArray(value)) throw invalidArgType(name, 'Array', value);
}

/** Neither null, nor an array, nor a function. */
function validateObject(value, name) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw invalidArgType(name, 'object', value);
  }
}

function validateOneOf(value, name, allowed) {
  if (allowed.includes(value)) return;
  const list = allowed.map((item) => (typeof item === 'string' ? `'${item}'` : String(item)));
  throw invalidArgValue(name, value, `must be one of: ${list.join(', ')}`);
}

function validateInt32(value, name) {
  if (STEPWISE) validateInteger(value, name, -(2 ** 31), 2 ** 31 - 1);
  // The bit operation is also what makes Node refuse symbols and bigints with V8's own TypeError.
  else if (value !== (value | 0)) throw invalidArgType(name, 'int32', value);
}

/** Milliseconds; null and undefined mean none. */
function validateTimeout(timeout) {
  if (timeout === null || timeout === undefined) return;
  if (STEPWISE) validateInteger(timeout, 'timeout', 0, Number.MAX_SAFE_INTEGER);
  else if (!Number.isInteger(timeout) || timeout < 0) {
    throw outOfRange('timeout', 'an unsigned integer', timeout);
  }
}

/** Bytes, Infinity included; null and undefined mean the default. */
function validateMaxBuffer(maxBuffer) {
  if (maxBuffer === null || maxBuffer === undefined) return;
  const name = 'options.maxBuffer';
  if (STEPWISE && typeof maxBuffer !== 'number') throw invalidArgType(name, 'number', maxBuffer);
  if (typeof maxBuffer !== 'number' || !(maxBuffer >= 0)) {
    throw outOfRange(name, STEPWISE ? '>= 0' : 'a positive number', maxBuffer);
  }
}

/** Bytes of one message; null and undefined mean the default. */
function validateMaxMessageSize(size) {
  if (isNullish(size)) return;
  const name = 'options.maxMessageSize';
  if (typeof size !== 'number') throw invalidArgType(name, 'number', size);
  if (size !== Infinity && !(Number.isInteger(size) && size > 0)) {
    throw outOfRange(name, 'a positive integer or Infinity', size);
  }
}

/** Duck-typed as in Node: anything with `aborted` will do. */
function validateAbortSignal(signal, name = 'options.signal') {
  if (signal === undefined) return;
  if (signal === null || typeof signal !== 'object' || !('aborted' in signal)) {
    throw invalidArgType(name, 'AbortSignal', signal);
  }
}

/**
 * For those who listen to the signal: that it has `aborted`, which is enough for Node, is not enough then.
 * @param {any} signal
 * @param {string[]} methods that are called
 */
function validateListenableSignal(signal, methods) {
  validateAbortSignal(signal);
  if (signal === undefined || methods.every((name) => typeof signal[name] === 'function')) return;
  throw invalidArgType('options.signal', 'AbortSignal', signal);
}

/** C strings end at the first NUL: what follows it would be lost without a word. */
function refuseNul(value, name) {
  if (typeof value === 'string' && value.includes('\0')) {
    throw invalidArgValue(name, value, 'must be a string without null bytes');
  }
}

function refuseNulIn(values, name) {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === 'string' && value.includes('\0')) refuseNul(value, `${name}[${i}]`);
  }
}

/**
 * A path given as string, bytes or file: URL.
 * @returns {string | Uint8Array} URLs are converted, the rest is returned as it came
 */
function validatePath(value, name) {
  const path = isURL(value) ? fileURLToPath(value) : value;
  if (typeof path !== 'string' && !types.isUint8Array(path)) {
    throw invalidArgType(name, ['string', 'Buffer', 'URL'], path);
  }
  if (typeof path === 'string' ? path.includes('\0') : path.includes(0)) {
    const reason = 'must be a string, Uint8Array, or URL without null bytes';
    throw invalidArgValue(name, path, reason);
  }
  return path;
}

/** Node's test: a URL of another realm or library passes, the result of url.parse() does not. */
function isURL(value) {
  return Boolean(
    value?.href && value.protocol && value.auth === undefined && value.path === undefined,
  );
}

function validateInteger(value, name, min, max) {
  if (typeof value !== 'number') throw invalidArgType(name, 'number', value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < min || value > max) throw outOfRange(name, `>= ${min} && <= ${max}`, value);
}

module.exports = {
  isNullish,
  validateString,
  validateBoolean,
  validateFunction,
  validateArray,
  validateObject,
  validateOneOf,
  validateInteger,
  validateInt32,
  validateTimeout,
  validateMaxBuffer,
  validateMaxMessageSize,
  validateAbortSignal,
  validateListenableSignal,
  validatePath,
  refuseNul,
  refuseNulIn,
};
