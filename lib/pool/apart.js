'use strict';
// Whether values of several tasks may travel in one frame: V8's serializer writes an object once for all that mention
// it, and at the other end they share it; and where one cannot be read there, none can.

const { types } = require('node:util');
const { isPlainMessage } = require('../ipc/plain.js');

/** No other object can be reached from it. */
const isLeaf = (value) =>
  ArrayBuffer.isView(value) || types.isArrayBuffer(value) || types.isDate(value);

/**
 * Whether they have nothing in common and are not nested deep; false too where that is not known after a short look.
 * @param {any[]} values
 */
function areApart(values) {
  const leaves = values.filter(isLeaf);
  if (leaves.length === 0) return isPlainMessage(values);
  if (new Set(leaves).size < leaves.length) return false;
  return isPlainMessage(values.filter((value) => !isLeaf(value)));
}

module.exports = { areApart };
