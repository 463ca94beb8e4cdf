'use strict';
// The loader: the one file that requires the addon, and the way its events find their owners.
// Where the addon cannot be had, `native` is false and `nativeError` says why; nothing else here
// may be used then.

/** @type {typeof import('../binding.js') | undefined} */
let binding;
/** @type {Error | undefined} */
let nativeError;

if (process.versions.bun || process.versions.deno) {
  nativeError = new Error('sprog is native under Node.js only');
} else {
  try {
    const loaded = require('../binding.js');
    // NAPI_RS_NATIVE_LIBRARY_PATH, which the loaders of many packages obey, may be meant for another.
    if (typeof loaded.Environment !== 'function') throw new Error('what was loaded is not ours');
    binding = loaded;
  } catch (error) {
    nativeError = new Error(`the addon of sprog cannot be loaded: ${reason(error)}`, {
      cause: error,
    });
  }
}

/**
 * The generated loader tries many places, and chains what it found there as causes, the first place
 * last. Where a file was found, what was wrong with it counts; else that the first was missing.
 */
function reason(error) {
  const messages = [];
  for (let it = error; it instanceof Error; it = it.cause) messages.unshift(it.message);
  const isTelling = (message) => !message.startsWith('Cannot find ');
  return (messages.find(isTelling) ?? messages[0] ?? String(error)).split('\n')[0];
}

/** What the addon reports; src/bindings/environment.rs has the same numbers. */
const EVENT = {
  EXIT: 0,
  DATA: 1,
  END: 2,
  WRITABLE: 3,
  MESSAGES: 4,
  DESCRIPTORS: 5,
  FRAMES: 6,
  WRITTEN: 7,
  CLOSED: 8,
  MORE_FOLLOWS: 9,
  GREETED: 10,
  LARGE: 11,
  LITERAL: 12,
  DONE: 13,
};

/**
 * An owner of a token: told of every event of its child, stream or channel, each as a callback
 * of its own (ticks and microtasks run after it).
 * @typedef {{ onevent(event: number, first: any, second: any): void }} Owner
 */

/** @type {(Owner | undefined)[]} by token */
const owners = [];

/** @type {import('../binding.js').Environment | undefined} */
let current;

/** This thread's native state, made at first use: requiring sprog costs no more than loading. */
function environment() {
  if (current === undefined) {
    if (binding === undefined) throw nativeError;
    current = new binding.Environment(dispatch);
  }
  return current;
}

function dispatch(token, event, first, second) {
  const owner = owners[token];
  // A token is free again after these; the owner may spawn while it handles them.
  if (event === EVENT.CLOSED || event === EVENT.EXIT || event === EVENT.DONE)
    owners[token] = undefined;
  owner?.onevent(event, first, second);
}

/** @param {number} token @param {Owner} owner */
function own(token, owner) {
  owners[token] = owner;
}

module.exports = { native: binding !== undefined, nativeError, environment, own, EVENT };
