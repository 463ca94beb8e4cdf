'use strict';
// Errors on their way from a worker to the program: name, message, stack, cause, code and whatever
// else they carry arrive, and what arrives is an Error. Used at both ends.
//
// They travel as a table in which each error stands once, however many others name it: an error may be
// its own cause, and many may share one. What names an error is a reference, `{ at }` with its place in
// the table; any other value is `{ thrown }`.

const { types } = require('node:util');

/** Causes of causes that are followed. */
const MAX_DEPTH = 8;
/** Errors that one of them may bring along. */
const MAX_ERRORS = 10_000;
/** What is set apart, or would hide what the class has. */
const APART = new Set(['name', 'message', 'stack', 'cause', 'code', '__proto__']);

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
function encodeError(thrown, bare = false) {
  const table = new Table(bare);
  const root = table.refer(thrown, 0);
  return { root, errors: table.encodeAll() };
}

/** The errors that are to be sent, the nearest first. */
class Table {
  #bare;
  /** @type {{ error: any, depth: number }[]} */
  #entries = [];
  /** @type {Map<any, number>} */
  #places = new Map();

  /** @param {boolean} bare */
  constructor(bare) {
    this.#bare = bare;
  }

  /** A reference to a value; undefined if it is an error too far away. */
  refer(value, depth) {
    if (!isError(value)) return { thrown: this.#bare ? textOf(value) : value };
    let at = this.#places.get(value);
    if (at === undefined) {
      if (depth > MAX_DEPTH || this.#entries.length === MAX_ERRORS) return undefined;
      at = this.#entries.push({ error: value, depth }) - 1;
      this.#places.set(value, at);
    }
    return { at };
  }

  /** Those that others bring along are added meanwhile. */
  encodeAll() {
    const encoded = [];
    for (let at = 0; at < this.#entries.length; at++) encoded.push(this.#encode(this.#entries[at]));
    return encoded;
  }

  #encode({ error, depth }) {
    /** @type {any} */
    const encoded = {
      name: text(() => error.name),
      message: text(() => error.message),
      stack: text(() => error.stack),
    };
    const refer = (value) => this.refer(value, depth + 1);
    const cause = safely(() => (Object.hasOwn(error, 'cause') ? { is: error.cause } : undefined));
    if (cause) encoded.cause = refer(cause.is);
    const errors = safely(() => (Array.isArray(error.errors) ? [...error.errors] : undefined));
    if (errors) {
      encoded.list = errors.map(refer).filter(Boolean);
      encoded.isAggregate = isAggregate(error);
    }
    const code = safely(() => error.code);
    if (typeof code === 'string' || typeof code === 'number') encoded.code = code;
    if (safely(() => error instanceof DOMException)) encoded.isDom = true;
    if (!this.#bare) addProperties(encoded, error, refer);
    return encoded;
  }
}

/** Errors among them are referred to as the others are. */
function addProperties(encoded, error, refer) {
  const properties = [];
  const links = [];
  for (const key of safely(() => Object.keys(error)) ?? []) {
    if (APART.has(key) || (key === 'errors' && encoded.list)) continue;
    const value = safely(() => error[key]);
    if (value === undefined || typeof value === 'function') continue;
    if (isError(value)) links.push([key, refer(value)]);
    else properties.push([key, value]);
  }
  if (properties.length > 0) encoded.properties = Object.fromEntries(properties);
  if (links.length > 0) encoded.links = links.filter(([, link]) => link !== undefined);
}

/** @returns {boolean} */
function isError(value) {
  return types.isNativeError(value) || safely(() => value instanceof Error) === true;
}

/** Other errors have a list of that name too. */
function isAggregate(error) {
  return safely(() => error instanceof AggregateError || error.name === 'AggregateError') === true;
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

/** Symbols have a text too, but not in a template. */
function textOf(value) {
  return safely(() => String(value)) ?? typeof value;
}

/** @param {any} sent what encodeError() made */
function decodeError({ root, errors }) {
  // All are made before any is told of another.
  const made = errors.map(construct);
  const resolve = (reference) => ('at' in reference ? made[reference.at] : reference.thrown);
  for (const [at, encoded] of errors.entries()) complete(made[at], encoded, resolve);
  return resolve(root);
}

function construct({ name, message, isAggregate: hasList, isDom }) {
  const { stackTraceLimit } = Error;
  // Its stack is the worker's.
  Error.stackTraceLimit = 0;
  try {
    if (isDom) return new DOMException(message, name);
    if (hasList) return new AggregateError([], message);
    return new (CLASSES.get(name) ?? Error)(message);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function complete(error, { name, stack, cause, list, isAggregate: hasList, ...rest }, resolve) {
  if (error.name !== name && name) hidden(error, 'name', name);
  hidden(error, 'stack', stack);
  if (cause) hidden(error, 'cause', resolve(cause));
  if (hasList) hidden(error, 'errors', list.map(resolve));
  else if (list) error.errors = list.map(resolve);
  if (rest.code !== undefined && rest.code !== error.code) own(error, 'code', rest.code);
  for (const [key, value] of Object.entries(rest.properties ?? {})) own(error, key, value);
  for (const [key, link] of rest.links ?? []) own(error, key, resolve(link));
}

/** Not by assignment: what a DOMException inherits cannot be assigned to. */
function own(error, name, value) {
  const attributes = { writable: true, enumerable: true, configurable: true };
  Object.defineProperty(error, name, { value, ...attributes });
}

function hidden(error, name, value) {
  Object.defineProperty(error, name, { value, writable: true, configurable: true });
}

module.exports = { encodeError, decodeError };
