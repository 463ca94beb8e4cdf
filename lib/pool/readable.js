'use strict';
// Values that V8 writes but cannot read. The one of Node 20 takes an error for known only when its `cause` has
// been read: where the cause leads back to the error, the whole message is lost, and with it the number
// of its task. Such values are refused by the end that sends them, as those are that cannot be cloned.
//
// The serialization is tried where a value may be of that kind, for what it says is what counts; most
// are known not to be after a walk.

const { types } = require('node:util');

/** From 12 on V8 reads them. */
const IS_CONCERNED = Number.parseInt(process.versions.v8, 10) < 12;
/** Values that are looked at before the rest is tried instead. */
const MAX_VALUES = 1_000_000;

/** Throws what the serialization throws of values that cannot be cloned. @param {any} value */
function refuseUnreadable(value) {
  if (!IS_CONCERNED || typeof value !== 'object' || value === null) return;
  if (!mayBeUnreadable(value) || isReadable(value)) return;
  const message =
    'An error that is among its own causes could not be cloned by this version of Node';
  throw new DOMException(message, 'DataCloneError');
}

/** @param {any} value that can be written */
function isReadable(value) {
  const { fromBytes, toBytes } = require('../ipc/host-objects.js');
  const bytes = toBytes(value);
  try {
    fromBytes(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Whether there may be an error with a cause in it. */
function mayBeUnreadable(root) {
  const seen = new Set([root]);
  let left = MAX_VALUES;
  const visit = (value) => {
    left -= 1;
    if (typeof value === 'object' && value !== null) seen.add(value);
  };
  // What is added meanwhile has its turn too.
  for (const each of seen) {
    if (types.isProxy(each) || ArrayBuffer.isView(each) || types.isAnyArrayBuffer(each)) continue;
    if (types.isNativeError(each)) {
      if (hasCause(each)) return true;
      continue;
    }
    if (Array.isArray(each)) {
      // One that is long and empty is soon tried.
      if (each.length > left) return true;
      each.forEach(visit);
    } else if (types.isMap(each)) {
      for (const [key, value] of Map.prototype.entries.call(each)) {
        visit(key);
        visit(value);
      }
    } else if (types.isSet(each)) {
      for (const value of Set.prototype.values.call(each)) visit(value);
    } else if (!visitProperties(each, visit)) {
      return true;
    }
    if (left < 0) return true;
  }
  return false;
}

/** Whether the serialization is to find something else than undefined and plain values there. */
function hasCause(error) {
  const cause = Object.getOwnPropertyDescriptor(error, 'cause');
  if (cause === undefined) return false;
  return cause.get !== undefined || (typeof cause.value === 'object' && cause.value !== null);
}

/** @returns {boolean} false if there is a getter, which is not to be called for this */
function visitProperties(object, visit) {
  for (const key of Object.keys(object)) {
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (property?.get) return false;
    visit(property?.value);
  }
  return true;
}

module.exports = { refuseUnreadable };
