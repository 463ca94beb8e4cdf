'use strict';
// The serializations of a channel. Each turns a message into what the addon frames and
// sends, and what the addon delivers into a list of messages.
//
// A list may hold a `Malformed` instead of a message.

const v8 = require('node:v8');
const { plainText } = require('./plain.js');

/** In the place of a message that could not be parsed. */
class Malformed {
  constructor(error) {
    this.error = error;
  }
}

/** A control message, and the native handle that came with it (null: it came without). */
class WithHandle {
  constructor(message, native) {
    this.message = message;
    this.native = native;
  }
}

const json = {
  send(outlet, message, collect, descriptor) {
    // What JSON has no text for (a toJSON that gives undefined) goes out as Node sends it.
    const text = `${JSON.stringify(message)}`;
    return outlet.text(text, collect, descriptor);
  },

  /** All lines of a read at once; one by one if they are not one message each. */
  parseBatch(environment, token, text, count) {
    try {
      const messages = JSON.parse(text);
      if (messages.length === count) return messages;
    } catch {
      // One of them is malformed; the others are not.
    }
    return environment.texts(token).map(parseText);
  },

  /** The message as it is now, for one that is sent later. */
  snapshot(message) {
    const text = JSON.stringify(message);
    return text === undefined ? message : JSON.parse(text);
  },

  parseFrames: () => [],
};

function parseText(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    return new Malformed(error);
  }
}

// Node's convention for what V8 leaves to its embedder: a tag before each host object.
const ARRAY_BUFFER_VIEW = 0;
const PLAIN_COPY = 1;

class Serializer extends v8.DefaultSerializer {
  _writeHostObject(object) {
    if (ArrayBuffer.isView(object)) {
      this.writeUint32(ARRAY_BUFFER_VIEW);
      return /** @type {any} */ (v8.DefaultSerializer.prototype)._writeHostObject.call(
        this,
        object,
      );
    }
    this.writeUint32(PLAIN_COPY);
    this.writeValue({ ...object });
    return undefined;
  }
}

class Deserializer extends v8.DefaultDeserializer {
  _readHostObject() {
    if (this.readUint32() === ARRAY_BUFFER_VIEW) {
      return /** @type {any} */ (v8.DefaultDeserializer.prototype)._readHostObject.call(this);
    }
    return this.readValue();
  }
}

const LENGTH_BYTES = 4;

const advanced = {
  send(outlet, message, collect, descriptor) {
    return outlet.bytes(toBytes(message), collect, descriptor);
  },

  snapshot: (message) => fromBytes(toBytes(message)),

  // Texts come from ends of ours only.
  parseBatch: json.parseBatch,

  /** @param {Buffer} bytes `count` messages, each behind its length */
  parseFrames(bytes, count) {
    const messages = [];
    let at = 0;
    for (let i = 0; i < count; i++) {
      const start = at + LENGTH_BYTES;
      at = start + bytes.readUInt32BE(at);
      messages.push(parseBytes(bytes.subarray(start, at)));
    }
    return messages;
  },
};

/** 'advanced' to an end of ours: what JSON carries exactly goes as JSON. */
const dialect = {
  ...advanced,

  send(outlet, message, collect, descriptor) {
    const text = plainText(message);
    return text === undefined
      ? advanced.send(outlet, message, collect, descriptor)
      : outlet.text(text, collect, descriptor);
  },
};

function toBytes(message) {
  // One serializer per message: it would write a second mention of an object as a reference.
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(message);
  return serializer.releaseBuffer();
}

function fromBytes(bytes) {
  const deserializer = new Deserializer(bytes);
  deserializer.readHeader();
  return deserializer.readValue();
}

function parseBytes(bytes) {
  try {
    return fromBytes(bytes);
  } catch (error) {
    return new Malformed(error);
  }
}

module.exports = { codecs: { json, advanced, dialect }, Malformed, WithHandle };
