'use strict';
// The environment of a child, as the `KEY=value` strings that execve takes.

const { passesFlagsOn, passFlagsOn } = require('./permission.js');
const { refuseNul } = require('./validate.js');

// From Node 22 on, what process.env inherits is not handed down.
const OWN_KEYS_ONLY = Number.parseInt(process.versions.node, 10) >= 22;

const HOST_PROTOTYPE = hostPrototype();

/**
 * @param {Record<string, any> | null | undefined} requested `options.env`; a falsy one means process.env
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
    const env = { ...process.env };
    passFlagsOn(env, args);
    return toPairs(env);
  }
  if (OWN_KEYS_ONLY && inherits(process.env)) return toPairs({ ...process.env });
  return toPairs(process.env);
}

function toPairs(env) {
  const pairs = [];
  // What an object inherits counts too, but looking for it with `for...in` makes process.env twice
  // as expensive.
  if (inherits(env)) for (const key in env) addPair(pairs, env, key);
  else for (const key of ownKeys(env)) addPair(pairs, env, key);
  return pairs;
}

function inherits(env) {
  for (const _ in Object.getPrototypeOf(env)) return true;
  return false;
}

function ownKeys(env) {
  // process.env has nothing but variables; Object.keys() would ask it about each one.
  const isHost = HOST_PROTOTYPE !== null && Object.getPrototypeOf(env) === HOST_PROTOTYPE;
  return isHost ? /** @type {string[]} */ (Reflect.ownKeys(env)) : Object.keys(env);
}

/** Prototype of Node's process.env, or null where a program has put an object of its own there. */
function hostPrototype() {
  const prototype = Object.getPrototypeOf(process.env);
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

function untilNul(text) {
  const end = text.indexOf('\0');
  return end === -1 ? text : text.slice(0, end);
}

module.exports = { environmentPairs };
