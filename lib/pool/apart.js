'use strict';
// Whether values of several tasks may travel in one frame: V8's serializer writes an object once for all that mention
// it, and at the other end they share it; and where one is nested too deep to be read there, none can be read.

const { types } = require('node:util');

const { getOwnPropertyDescriptor, getPrototypeOf, keys } = Object;

/** Deeper ones have a frame to themselves. */
const MAX_DEPTH = 50;
/** So many values are looked at. */
const MAX_VALUES = 4000;

/** No other object can be reached from it. */
const isLeaf = (value) =>
  ArrayBuffer.isView(value) || types.isArrayBuffer(value) || types.isDate(value);

/**
 * Whether they have nothing in common and are not nested deep; false too where that is not known after a short look,
 * which calls nothing of the program's.
 * @param {any[]} values
 */
function areApart(values) {
  const seen = new Set();
  let left = MAX_VALUES;

  function isApart(value, depth) {
    if (--left < 0) return false;
    if (typeof value !== 'object' || value === null) return true;
    if (seen.has(value) || depth > MAX_DEPTH || types.isProxy(value)) return false;
    seen.add(value);
    if (isLeaf(value)) return true;
    if (types.isMap(value)) {
      for (const [key, item] of Map.prototype.entries.call(value))
        if (!isApart(key, depth + 1) || !isApart(item, depth + 1)) return false;
      return true;
    }
    if (types.isSet(value)) {
      for (const item of Set.prototype.values.call(value))
        if (!isApart(item, depth + 1)) return false;
      return true;
    }
    const prototype = getPrototypeOf(value);
    const isPlain = prototype === Object.prototype || prototype === Array.prototype;
    if (!isPlain || types.isNativeError(value)) return false;
    for (const key of keys(value)) {
      const property = getOwnPropertyDescriptor(value, key);
      if (property === undefined || property.get !== undefined) return false;
      if (!isApart(property.value, depth + 1)) return false;
    }
    return true;
  }

  return values.every((value) => isApart(value, 0));
}

module.exports = { areApart };
