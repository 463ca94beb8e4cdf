'use strict';
// The addon as the rest of lib/ uses it: whether it could be loaded, the native state of this thread, and
// the way its events find their owners. addon-files.js knows where it is and requires it. Where it cannot
// be had, `native` is false and `nativeError` says why; nothing else here may be used then.

const { explain, requireAddon } = require('./addon-files.js');
const { hasFlag } = require('./node-flags.js');

/** @type {typeof import('../binding.js') | undefined} */
let binding;
/** @type {Error | undefined} */
let nativeError;
/** Whether it is as somebody wanted it, or as it must be on this platform. */
let isExpected = true;
let hasWarned = false;

if (process.versions.bun || process.versions.deno) {
  nativeError = new Error('sprog is native under Node.js only');
} else {
  // Which the loaders of many packages obey: it may be meant for another.
  const isChosen = Boolean(process.env.NAPI_RS_NATIVE_LIBRARY_PATH);
  try {
    const loaded = isChosen ? require('../binding.js') : requireAddon();
    if (typeof loaded.Environment !== 'function') throw new Error('what was loaded is not ours');
    binding = loaded;
  } catch (error) {
    fail(error, isChosen);
  }
}

function fail(error, isChosen) {
  const found = isChosen ? chosen(error) : explain(error);
  const text = found.remedy ? `${found.reason}; to mend it, ${found.remedy}` : found.reason;
  nativeError = new Error(`the addon of sprog cannot be loaded: ${text}`, { cause: error });
  isExpected = found.isExpected;
}

/**
 * The generated loader tries many places, and chains what it found there as causes, the first place
 * last. Where a file was found, what was wrong with it counts; else that the first was missing.
 * @returns {ReturnType<typeof explain>}
 */
function chosen(error) {
  const messages = [];
  for (let it = error; it instanceof Error; it = it.cause) messages.unshift(it.message);
  const isTelling = (message) => !message.startsWith('Cannot find ');
  const message = messages.find(isTelling) ?? messages[0] ?? String(error);
  return { reason: message.split('\n')[0], isExpected: true };
}

/**
 * Without the addon everything works as Node's does, only slower: that must not go unnoticed. One
 * process warning, whoever asks for it and how often.
 */
function warnNotNative() {
  const { isMainThread } = require('node:worker_threads');
  if (hasWarned || !isMainThread) return;
  hasWarned = true;
  process.emitWarning(`child processes are Node's own: ${nativeError?.message}`, {
    type: 'SprogWarning',
    code: 'SPROG_NOT_NATIVE',
  });
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
  SHUT_DOWN: 14,
};

/**
 * An owner of a token: told of every event of its child, stream or channel, each as a callback
 * of its own (ticks and microtasks run after it).
 * @typedef {{ onevent(event: number, first: any, second: any): void }} Owner
 */

/** @type {(Owner | undefined)[]} by token */
const owners = [];

/** Numbers that the addon leaves for the owner of an event; during EXIT the bill of the child. */
const figures = new Float64Array(11);

/** @type {import('../binding.js').Environment | undefined} */
let current;

/** This thread's native state, made at first use: requiring sprog costs no more than loading. */
function environment() {
  if (current === undefined) {
    if (binding === undefined) throw nativeError;
    current = new binding.Environment(dispatch, figures);
  }
  return current;
}

/** What the event under way has thrown, and has been told, at last. @type {{ error: any } | undefined} */
let reported;

function dispatch(token, event, first, second) {
  reported = undefined;
  const owner = owners[token];
  // A token is free again after these; the owner may spawn while it handles them.
  if (event === EVENT.CLOSED || event === EVENT.EXIT || event === EVENT.DONE)
    owners[token] = undefined;
  owner?.onevent(event, first, second);
}

/** Whether an uncaught exception is to leave a core; looked up with the first event. @type {boolean | undefined} */
let dumpsCore;

/**
 * Has an owner take an event in the context of what the event is of. What that throws is an uncaught
 * exception while the context still holds, as in Node: a handler of those finds the same AsyncLocalStorage.
 * With --abort-on-uncaught-exception nothing is caught, as the core is dumped at the throw.
 * @param {import('node:async_hooks').AsyncResource} context
 * @param {(first?: any, second?: any, third?: any) => void} take
 * @param {any} owner
 * @param {any} [first]
 * @param {any} [second]
 * @param {any} [third]
 */
function deliverIn(context, take, owner, first, second, third) {
  dumpsCore ??= hasFlag('abort-on-uncaught-exception');
  if (dumpsCore) context.runInAsyncScope(take, owner, first, second, third);
  else context.runInAsyncScope(takeOrReport, owner, take, first, second, third);
}

/** @this {any} */
function takeOrReport(take, first, second, third) {
  try {
    take.call(this, first, second, third);
  } catch (error) {
    // Once: contexts are entered within each other. Another may come behind it.
    if (reported === undefined || reported.error !== error) environment().uncaught(error);
    reported = { error };
    // The event has failed all the same, for what comes after it.
    throw error;
  }
}

/** What this process uses of the kernel; only where `native`. */
function facts() {
  if (binding === undefined) throw nativeError;
  return binding.facts();
}

/** @param {number} token @param {Owner} owner */
function own(token, owner) {
  owners[token] = owner;
}

/**
 * What /proc tells of a process of this machine at this moment; null where there is none of this pid.
 * A zombie has a state, 'Z', and no memory.
 * @param {number} pid
 */
function processVitals(pid) {
  return environment().processVitals(pid);
}

module.exports = {
  native: binding !== undefined,
  nativeError,
  isExpected,
  /** Whether the addon finds by itself what a child inherits. */
  readsEnviron: binding?.READS_ENVIRON === true,
  warnNotNative,
  environment,
  facts,
  own,
  deliverIn,
  figures,
  processVitals,
  EVENT,
};
