'use strict';
// What V8 leaves to its embedder, as Node writes it: a tag before each host object. And between two ends of
// ours, big views beside V8's format instead of inside of it: they are written from where they stand
// and read where they stay.
//
// Such a message is a head of 8 bytes (`PARTS`, and how long V8's part is), V8's part, and the
// views in the order of their mention, each part starting at a multiple of 8.

const { bytesOf, shownBy } = require('../memory.js');
const { NODE_MAJOR } = require('../node-version.js');

const ARRAY_BUFFER_VIEW = 0;
const PLAIN_COPY = 1;
/** Followed by which of `VIEWS` it is, and its length in bytes. */
const VIEW_BESIDE = 2;

/** The first byte of a message in parts; V8's format begins with another. */
const PARTS = 2;
const HEAD_BYTES = 8;
const ALIGNMENT = 8;

/** From this size on a view is worth a part of its own. */
const BESIDE_BYTES = 64 * 1024;

const VIEWS = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];
const BUFFER = VIEWS.length;
const NAMES = VIEWS.map(({ name }) => name);
const { toString: tagOf } = Object.prototype;
/** The name of a typed array's kind, whatever its prototype is; undefined for a DataView. */
const { get: kindOf } = /** @type {any} */ (
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
);
/** Node's numbers of the kinds; 9 is a DataView, 10 a Buffer. */
const NODES_NAMES = [
  ...['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array'],
  ...['Uint32Array', 'Float32Array', 'Float64Array', undefined, 'Buffer'],
  ...['BigInt64Array', 'BigUint64Array', 'Float16Array'],
];
/**
 * From Node 24 on a view is what it was made as, whatever it says of its kind and its size, and one whose memory
 * is gone is empty. Before that Node believes it, and refuses what it cannot believe.
 */
const BELIEVES = NODE_MAJOR < 24;
/** @type {ReturnType<typeof makeClasses> | undefined} */
let classes;

/** Made with the first message that needs them: node:v8 is large, and most channels carry JSON. */
function v8Classes() {
  classes ??= makeClasses(require('node:v8'));
  return classes;
}

/** @param {typeof import('node:v8')} v8 */
function makeClasses(v8) {
  const { prototype: serializing } = /** @type {any} */ (v8.DefaultSerializer);
  const { prototype: deserializing } = /** @type {any} */ (v8.DefaultDeserializer);

  class Serializer extends v8.DefaultSerializer {
    _writeHostObject(object) {
      if (ArrayBuffer.isView(object)) {
        this.writeUint32(ARRAY_BUFFER_VIEW);
        if (BELIEVES) return serializing._writeHostObject.call(this, object);
        const name = object.constructor === Buffer ? 'Buffer' : kindOf.call(object);
        const bytes = shownBy(object);
        this.writeUint32(NODES_NAMES.indexOf(name));
        this.writeUint32(bytes.length);
        this.writeRawBytes(bytes);
        return undefined;
      }
      this.writeUint32(PLAIN_COPY);
      this.writeValue({ ...object });
      return undefined;
    }
  }

  class Deserializer extends v8.DefaultDeserializer {
    _readHostObject() {
      const tag = this.readUint32();
      return tag === ARRAY_BUFFER_VIEW
        ? deserializing._readHostObject.call(this)
        : this.readOther(tag);
    }

    readOther(_tag) {
      return this.readValue();
    }
  }

  class PartsSerializer extends Serializer {
    /** @type {Uint8Array[]} */
    views = [];

    _writeHostObject(object) {
      const size = ArrayBuffer.isView(object) ? bytesOf(object) : 0;
      if (size < BESIDE_BYTES || (BELIEVES && isOdd(object))) return super._writeHostObject(object);
      const kind = object.constructor === Buffer ? BUFFER : NAMES.indexOf(kindOf.call(object));
      if (kind === -1) return super._writeHostObject(object);
      this.writeUint32(VIEW_BESIDE);
      this.writeUint32(kind);
      this.writeUint32(size);
      this.views.push(shownBy(object));
      return undefined;
    }
  }

  class PartsDeserializer extends Deserializer {
    #bytes;
    #next;

    /** @param {Buffer} bytes the whole message */
    constructor(bytes) {
      const end = HEAD_BYTES + bytes.readUInt32LE(HEAD_BYTES / 2);
      super(bytes.subarray(HEAD_BYTES, end));
      this.#bytes = bytes;
      this.#next = end;
    }

    readOther(tag) {
      if (tag !== VIEW_BESIDE) return super.readOther(tag);
      const kind = this.readUint32();
      const length = this.readUint32();
      const start = aligned(this.#next);
      this.#next = start + length;
      const View = VIEWS[kind] ?? Uint8Array;
      const isWhole = length % View.BYTES_PER_ELEMENT === 0 && kind <= BUFFER;
      if (this.#next > this.#bytes.length || !isWhole) throw new RangeError(MALFORMED_TEXT);
      const part = this.#bytes.subarray(start, this.#next);
      if (kind === BUFFER) return part;
      const count = length / View.BYTES_PER_ELEMENT;
      const isAligned = part.byteOffset % View.BYTES_PER_ELEMENT === 0;
      // In memory of its own, where it did not arrive in any.
      const { buffer, byteOffset } = isAligned ? part : new Uint8Array(part);
      return new View(/** @type {ArrayBuffer} */ (buffer), byteOffset, count);
    }
  }

  return { Serializer, Deserializer, PartsSerializer, PartsDeserializer };
}

/** Whether a view says something else of itself than what it is: that is Node's to write, or to refuse. */
function isOdd(view) {
  const { buffer, byteOffset, byteLength } = shownBy(view);
  if (view.buffer !== buffer || view.byteOffset !== byteOffset || view.byteLength !== byteLength)
    return true;
  return tagOf.call(view) !== `[object ${kindOf.call(view)}]`;
}

const MALFORMED_TEXT = 'A message in parts is malformed';

function aligned(position) {
  return Math.ceil(position / ALIGNMENT) * ALIGNMENT;
}

/** @param {any} message @returns {Buffer} in V8's format */
function toBytes(message) {
  const { Serializer } = v8Classes();
  return write(new Serializer(), message);
}

/**
 * The message in V8's format, or, if it holds big views, in parts.
 * @param {any} message
 * @returns {Buffer | Uint8Array[]}
 */
function toParts(message) {
  const { PartsSerializer } = v8Classes();
  const serializer = new PartsSerializer();
  const bytes = write(serializer, message);
  if (serializer.views.length === 0) return bytes;
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = PARTS;
  head.writeUInt32LE(bytes.length, HEAD_BYTES / 2);
  let at = HEAD_BYTES + bytes.length;
  const parts = [head, bytes];
  for (const view of serializer.views) {
    const padding = aligned(at) - at;
    if (padding > 0) parts.push(new Uint8Array(padding));
    parts.push(view);
    at += padding + view.length;
  }
  return parts;
}

// One serializer per message: it would write a second mention of an object as a reference.
function write(serializer, message) {
  serializer.writeHeader();
  serializer.writeValue(message);
  return serializer.releaseBuffer();
}

/** @param {Buffer} bytes V8's format */
function fromBytes(bytes) {
  const { Deserializer } = v8Classes();
  return read(new Deserializer(bytes));
}

/** @param {Buffer} bytes V8's format, or parts */
function fromParts(bytes) {
  const { Deserializer, PartsDeserializer } = v8Classes();
  return read(bytes[0] === PARTS ? new PartsDeserializer(bytes) : new Deserializer(bytes));
}

/** What of a message is in V8's format. @param {Buffer} bytes */
function v8Part(bytes) {
  return bytes[0] === PARTS ? bytes.subarray(HEAD_BYTES) : bytes;
}

function read(deserializer) {
  deserializer.readHeader();
  return deserializer.readValue();
}

module.exports = { toBytes, toParts, fromBytes, fromParts, v8Part };
