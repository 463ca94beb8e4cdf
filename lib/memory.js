'use strict';
// How large memory is, without asking the program: a view may have a `byteLength` of its own, and a DataView
// throws where its memory is detached.

const { types } = require('node:util');

/** @param {any} prototype @param {string} [name] @returns {(this: any) => any} */
const getter = (prototype, name = 'byteLength') =>
  /** @type {any} */ (Object.getOwnPropertyDescriptor(prototype, name)).get;

const TypedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype);
const ofTypedArray = getter(TypedArrayPrototype);
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

/** Where the bytes of a view are, whatever it says itself. @param {any} prototype */
const placeOf = (prototype) => ({
  buffer: getter(prototype, 'buffer'),
  start: getter(prototype, 'byteOffset'),
});
const placeOfTypedArray = placeOf(TypedArrayPrototype);
const placeOfDataView = placeOf(DataView.prototype);

/** The bytes that a view shows; none where its memory is gone. @param {any} view */
function shownBy(view) {
  const size = bytesOf(view);
  if (size === 0) return new Uint8Array();
  const { buffer, start } = types.isTypedArray(view) ? placeOfTypedArray : placeOfDataView;
  return new Uint8Array(buffer.call(view), start.call(view), size);
}

module.exports = { bytesOf, shownBy };
