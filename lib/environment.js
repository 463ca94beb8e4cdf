'use strict';
// The environment of a child, as the `KEY=value` strings that execve takes.

const { types } = require('node:util');
const { isMainThread } = require('node:worker_threads');
const { hostEnvironment, isKept } = require('./host-environment.js');
const { NODE_MAJOR } = require('./node-version.js');
const { readsEnviron } = require('./native.js');
const { passesFlagsOn, passFlagsOn } = require('./permission.js');
const { terminated, untilNul } = require('./terminated.js');
const { refuseNul } = require('./validate.js');

// From Node 22 on, what process.env inherits is not handed down.
const OWN_KEYS_ONLY = NODE_MAJOR >= 22;

const HOST_PROTOTYPE = hostPrototype();

/** The object that Node made, behind which is the environment that a child inherits by itself. */
const HOST_ENVIRONMENT = HOST_PROTOTYPE !== null && isMainThread ? hostEnvironment : undefined;

/**
 * In a request whose environment is that of this process: the pairs that come on top of it, until
 * somebody looks at `envPairs`.
 */
const kAdded = Symbol('sprog.added');

/**
 * Gives `request` its `envPairs`, the `KEY=value` strings of `request.env`, or of process.env where
 * that is falsy. Reading every variable from JS costs more than all else that a spawn does in JS:
 * where the environment is simply ours, the addon takes it from where libc has it, and `envPairs` is
 * made only for a program that looks at it.
 * @param {any} request complete but for this
 */
function setEnvironment(request) {
  const { env } = request;
  if (isHost(env)) deferPairs(request);
  else request.envPairs = environmentPairs(env, request.args);
}

/** What a child inherits where nothing is asked for. */
function inherited() {
  return isKept ? hostEnvironment : process.env;
}

function isHost(requested) {
  const env = requested || inherited();
  if (!readsEnviron || env !== HOST_ENVIRONMENT || passesFlagsOn) return false;
  return (isKept && !requested) || (env === process.env && !inherits(env));
}

function deferPairs(request) {
  request[kAdded] = [];
  const settle = (value) => {
    request[kAdded] = undefined;
    Object.defineProperty(request, 'envPairs', { value, writable: true });
    return value;
  };
  Object.defineProperty(request, 'envPairs', {
    get: () => settle(merge(toPairs(hostEnvironment), request[kAdded])),
    set: settle,
    enumerable: true,
    configurable: true,
  });
}

function merge(pairs, added) {
  const names = added.map(nameOf);
  return [...pairs.filter((pair) => !names.includes(nameOf(pair))), ...added];
}

function nameOf(pair) {
  return pair.slice(0, pair.indexOf('='));
}

/**
 * The variables of the child that a request describes, to be read and changed: not those of the caller's
 * object, nor those of this process.
 * @typedef {object} Variables
 * @property {(name: string) => string | undefined} get
 * @property {(name: string, value: string | number) => void} set
 */

/** @returns {Variables} */
function variablesOf(request) {
  const pairs = () => request[kAdded] ?? request.envPairs;
  return {
    get(name) {
      const pair = pairs().find((pair) => pair.startsWith(`${name}=`));
      if (pair !== undefined) return pair.slice(name.length + 1);
      return request[kAdded] && hostEnvironment[name];
    },
    set(name, value) {
      const list = pairs();
      const index = list.findIndex((pair) => pair.startsWith(`${name}=`));
      list[index === -1 ? list.length : index] = `${name}=${value}`;
    },
  };
}

/**
 * What crosses into the addon.
 * @returns {{ inherits: boolean, text: string }} whether `text` comes on top of our own environment
 */
function packEnvironment(request) {
  const added = request[kAdded];
  if (added !== undefined) return { inherits: true, text: terminated(added) };
  // A ChildProcess that is used bare may be told of no environment.
  const { envPairs } = request;
  if (!Array.isArray(envPairs) && readsEnviron) return { inherits: true, text: '' };
  const pairs = Array.isArray(envPairs) ? envPairs : toPairs(hostEnvironment);
  return { inherits: false, text: terminated(pairs) };
}

/** Whether the pairs of a request, which has some, are still to be made. */
function isDeferred(request) {
  return request[kAdded] !== undefined;
}

/**
 * @param {Record<string, any> | null | undefined} requested `options.env`; a falsy one means what is inherited
 * @param {unknown[]} args of the child, which may carry permission flags
 * @returns {string[]}
 */
function environmentPairs(requested, args) {
  if (requested) {
    // Coverage must not end at a child whose environment was written by hand. Node adds the
    // variable to the caller's own object.
    const coverage = process.env.NODE_V8_COVERAGE;
    if (coverage && requested !== process.env && !Object.hasOwn(requested, 'NODE_V8_COVERAGE')) {
      requested.NODE_V8_COVERAGE = coverage;
    }
    if (passesFlagsOn) passFlagsOn(requested, args);
    return toPairs(requested);
  }
  if (passesFlagsOn) {
    const env = { ...inherited() };
    passFlagsOn(env, args);
    return toPairs(env);
  }
  if (isKept) return toPairs(Object.assign(Object.create(null), inherited()));
  if (OWN_KEYS_ONLY && inherits(process.env)) return toPairs({ ...process.env });
  return toPairs(process.env);
}

function toPairs(env) {
  const pairs = [];
  // What an object inherits counts too, but looking for it with `for...in` makes process.env twice
  // as expensive.
  // A proxy is asked for its keys first.
  if (types.isProxy(env) || inherits(env)) for (const key in env) addPair(pairs, env, key);
  else for (const key of ownKeys(env)) addPair(pairs, env, key);
  return pairs;
}

function inherits(env) {
  for (const _ in Object.getPrototypeOf(env) ?? {}) return true;
  return false;
}

function ownKeys(env) {
  // process.env has nothing but variables; Object.keys() would ask it about each one.
  const isHost = HOST_PROTOTYPE !== null && Object.getPrototypeOf(env) === HOST_PROTOTYPE;
  return isHost ? /** @type {string[]} */ (Reflect.ownKeys(env)) : Object.keys(env);
}

/** Prototype of Node's process.env, or null where a program has put an object of its own there. */
function hostPrototype() {
  const prototype = Object.getPrototypeOf(hostEnvironment);
  const isNative = /^function \(\) \{\s*\[native code\]\s*\}$/.test(String(prototype?.constructor));
  return isNative ? prototype : null;
}

function addPair(pairs, env, key) {
  const value = env[key];
  if (value === undefined) return;
  // Only text is refused; what was made into text ends at its first NUL, as any C string.
  if (key.includes('\0')) refuseNul(key, `options.env['${key}']`);
  if (typeof value === 'string') {
    if (value.includes('\0')) refuseNul(value, `options.env['${key}']`);
    pairs.push(`${key}=${value}`);
  } else {
    pairs.push(untilNul(`${key}=${value}`));
  }
}

module.exports = { setEnvironment, packEnvironment, variablesOf, isDeferred };
