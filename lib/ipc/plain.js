'use strict';
// Which 'advanced' messages may travel as JSON between two ends of ours: small trees of plain values,
// for which JSON.parse gives what V8's deserializer would have given. A fraction of the cost: V8's
// serializers are made anew for each message, and a batch of JSON texts is parsed at once.
//
// Whatever is in doubt goes to V8, and before anything of the program has run: no getter is called
// here, no trap of a proxy, no toJSON. What follows from JSON alone (undefined, NaN, -0, two mentions of
// one object) is in doubt too.

const { types } = require('node:util');

const { isProxy } = types;
const { isView } = ArrayBuffer;
const { isArray } = Array;
const { getPrototypeOf, getOwnPropertyDescriptor, keys } = Object;
const { stringify } = JSON;
const ObjectPrototype = Object.prototype;
const ArrayPrototype = Array.prototype;
const { toString: tagOf, __lookupGetter__: lookupGetter } = /** @type {any} */ (ObjectPrototype);

/** What is larger is V8's: past here its cost for each message no longer counts. */
const MAX_VALUES = 512;
const MAX_CONTAINERS = 64;
const MAX_STRING = 2000;

/** Kinds of objects whose brand neither their prototype nor `toString` need betray. */
const BRANDS = [
  types.isMap,
  types.isSet,
  types.isAnyArrayBuffer,
  types.isPromise,
  types.isWeakMap,
  types.isWeakSet,
  types.isMapIterator,
  types.isSetIterator,
  types.isGeneratorObject,
  types.isExternal,
];

/** Values of the message under way that may still be looked at. */
let valuesLeft = 0;
/** Objects and arrays met so far. @type {any[]} */
const containers = new Array(MAX_CONTAINERS).fill(null);
let met = 0;

/**
 * The JSON text of a message that JSON carries exactly; undefined for any other.
 * @param {any} message
 * @returns {string | undefined}
 */
function plainText(message) {
  valuesLeft = MAX_VALUES;
  met = 0;
  const isExact = isPlain(message);
  while (met > 0) containers[--met] = null;
  return isExact ? stringify(message) : undefined;
}

function isPlain(value) {
  if (--valuesLeft < 0) return false;
  switch (typeof value) {
    case 'string':
      return value.length <= MAX_STRING;
    case 'number':
      // No infinity or NaN, and no negative zero.
      return value - value === 0 && (value !== 0 || 1 / value > 0);
    case 'boolean':
      return true;
    case 'object':
      return value === null || isPlainContainer(value);
    default:
      return false;
  }
}

function isPlainContainer(value) {
  if (met === MAX_CONTAINERS || isProxy(value)) return false;
  for (let i = 0; i < met; i++) if (containers[i] === value) return false;
  containers[met++] = value;
  const isList = isArray(value);
  // First of all: a prototype of the program's may be a proxy.
  if (getPrototypeOf(value) !== (isList ? ArrayPrototype : ObjectPrototype)) return false;
  if ('toJSON' in value) return false;
  return isList ? isPlainArray(value) : isPlainObject(value);
}

function isPlainArray(array) {
  const { length } = array;
  if (length > valuesLeft) return false;
  // Holes make for fewer keys, properties beside the elements for more; for both there is the walk.
  if (keys(array).length !== length) return false;
  for (let i = 0; i < length; i++) {
    // A descriptor costs four times as much where the key is a number.
    if (lookupGetter.call(array, i) !== undefined || !isPlain(array[i])) return false;
  }
  return true;
}

function isPlainObject(object) {
  if (isView(object)) return false;
  // A tag of the program's would hide what V8 goes by: `arguments`, errors, boxed primitives.
  if (Symbol.toStringTag in object || tagOf.call(object) !== '[object Object]') return false;
  let isEmpty = true;
  for (const key in object) {
    isEmpty = false;
    const property = getOwnPropertyDescriptor(object, key);
    // There is none for a property of Object.prototype that somebody made enumerable; that of a
    // getter has no value, and undefined is not plain.
    if (property === undefined || !isPlain(property.value)) return false;
  }
  return !isEmpty || !BRANDS.some((isOfBrand) => isOfBrand(object));
}

module.exports = { plainText };
