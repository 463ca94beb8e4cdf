'use strict';
// Errors on their way from a worker to the program: name, message, stack, cause, code and whatever
// else they carry arrive, and what arrives is an Error. Used at both ends.

const { types } = require('node:util');

/** Causes of causes that are followed. */
const MAX_DEPTH = 8;
/** What is set apart, or would hide what the class has. */
const APART = new Set(['name', 'message', 'stack', 'cause', 'errors']);

const CLASSES = new Map(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((Class) => [
    Class.name,
    Class,
  ]),
);

/**
 * What was thrown, as a value that can be sent if its properties can.
 * @param {any} thrown
 * @param {boolean} [bare] without its properties, where they cannot be sent
 */
function encodeError(thrown, bare = false, depth = 0) {
  if (!isError(thrown)) return { thrown: bare ? String(safely(() => `${thrown}`)) : thrown };
  /** @type {any} */
  const encoded = {
    name: text(() => thrown.name),
    message: text(() => thrown.message),
    stack: text(() => thrown.stack),
  };
  if (depth < MAX_DEPTH) {
    const cause = safely(() => (Object.hasOwn(thrown, 'cause') ? { is: thrown.cause } : undefined));
    if (cause) encoded.cause = encodeError(cause.is, bare, depth + 1);
    const errors = safely(() => (Array.isArray(thrown.errors) ? thrown.errors : undefined));
    if (errors) encoded.errors = errors.map((error) => encodeError(error, bare, depth + 1));
  }
  const code = safely(() => thrown.code);
  if (typeof code === 'string' || typeof code === 'number') encoded.code = code;
  if (!bare) {
    const entries = Object.keys(thrown)
      .filter((key) => !APART.has(key) && key !== 'code')
      .map((key) => [key, safely(() => thrown[key])])
      .filter(([, value]) => value !== undefined && typeof value !== 'function');
    if (entries.length > 0) encoded.properties = Object.fromEntries(entries);
  }
  return encoded;
}

/** @returns {boolean} */
function isError(thrown) {
  return types.isNativeError(thrown) || thrown instanceof Error;
}

/** What a getter of the program's gives; undefined if it throws. */
function safely(get) {
  try {
    return get();
  } catch {
    return undefined;
  }
}

function text(get) {
  const value = safely(get);
  return typeof value === 'string' ? value : '';
}

/** @param {any} encoded */
function decodeError(encoded) {
  if (typeof encoded?.message !== 'string') return encoded?.thrown;
  const error = /** @type {any} */ (construct(encoded));
  if (error.name !== encoded.name && encoded.name) hidden(error, 'name', encoded.name);
  hidden(error, 'stack', encoded.stack);
  if (encoded.cause) hidden(error, 'cause', decodeError(encoded.cause));
  if (encoded.code !== undefined) error.code = encoded.code;
  return Object.assign(error, encoded.properties);
}

function construct({ name, message, errors }) {
  const { stackTraceLimit } = Error;
  // Its stack is the worker's.
  Error.stackTraceLimit = 0;
  try {
    if (errors) return new AggregateError(errors.map(decodeError), message);
    return new (CLASSES.get(name) ?? Error)(message);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function hidden(error, name, value) {
  Object.defineProperty(error, name, { value, writable: true, configurable: true });
}

module.exports = { encodeError, decodeError };
