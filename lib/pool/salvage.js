'use strict';
// What a frame says before its values, where V8 cannot read those: whose frame it is, which kind, which task. So
// one task fails, and not the reader.
//
// V8's format, as far as it is needed: 0xFF and a version, 'o' for an object, then keys and values. Every frame of
// ours begins with `cmd`, and has only numbers before its values.

const { v8Part } = require('../ipc/host-objects.js');
const { CMD } = require('./protocol.js');

const VERSION = 0xff;
const OBJECT = 0x6f;
const ONE_BYTE_STRING = 0x22;
const INT32 = 0x49;
const DOUBLE = 0x4e;

class Cursor {
  #bytes;
  #at = 0;

  /** @param {Buffer} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
  }

  byte() {
    if (this.#at >= this.#bytes.length) throw new RangeError('the end');
    return this.#bytes[this.#at++];
  }

  /** Seven bits a byte, the lowest first. */
  varint() {
    let value = 0;
    for (let factor = 1; factor < 2 ** 63; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new RangeError('no number');
  }

  string() {
    const length = this.varint();
    const text = this.#bytes.latin1Slice(this.#at, this.#at + length);
    this.#at += length;
    return text;
  }

  /** A number or a short text; undefined for anything else. */
  value() {
    switch (this.byte()) {
      case INT32: {
        const zigzag = this.varint();
        return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      }
      case DOUBLE:
        this.#at += 8;
        return this.#bytes.readDoubleLE(this.#at - 8);
      case ONE_BYTE_STRING:
        return this.string();
    }
    return undefined;
  }
}

/**
 * The numbers of a frame, by their keys; undefined if it is none.
 * @param {any} source the bytes of a message that could not be read
 * @returns {Record<string, any> | undefined}
 */
function salvage(source) {
  if (!Buffer.isBuffer(source)) return undefined;
  const cursor = new Cursor(v8Part(source));
  /** @type {Record<string, any>} */
  const head = { __proto__: null };
  try {
    if (cursor.byte() !== VERSION) return undefined;
    cursor.varint();
    if (cursor.byte() !== OBJECT) return undefined;
    while (cursor.byte() === ONE_BYTE_STRING) {
      const key = cursor.string();
      const value = cursor.value();
      if (value === undefined) break;
      head[key] = value;
    }
  } catch {
    // It was cut off; the numbers come first.
  }
  return head.cmd === CMD ? head : undefined;
}

module.exports = { salvage };
