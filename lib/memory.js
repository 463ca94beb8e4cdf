'use strict';
// How large memory is, without asking the program: a view may have a `byteLength` of its own, and a DataView
// throws where its memory is detached.

const { types } = require('node:util');

/** @param {any} prototype @returns {(this: any) => number} */
const getter = (prototype) =>
  /** @type {any} */ (Object.getOwnPropertyDescriptor(prototype, 'byteLength')).get;

const ofTypedArray = getter(Object.getPrototypeOf(Uint8Array.prototype));
const ofDataView = getter(DataView.prototype);
const ofArrayBuffer = getter(ArrayBuffer.prototype);
const ofSharedArrayBuffer = getter(SharedArrayBuffer.prototype);

function getterOf(value) {
  if (types.isTypedArray(value)) return ofTypedArray;
  if (types.isDataView(value)) return ofDataView;
  if (types.isArrayBuffer(value)) return ofArrayBuffer;
  return types.isSharedArrayBuffer(value) ? ofSharedArrayBuffer : undefined;
}

/** 0 for what is no memory, or none any more. @param {any} value @returns {number} */
function bytesOf(value) {
  try {
    return getterOf(value)?.call(value) ?? 0;
  } catch {
    return 0;
  }
}

module.exports = { bytesOf };
