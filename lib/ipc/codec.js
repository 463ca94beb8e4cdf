'use strict';
// The two serializations of a channel. Each turns a message into what the addon frames and
// sends, and what the addon delivers into a list of messages.
//
// A list may hold a `Malformed` instead of a message.

const v8 = require('node:v8');

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
  send(environment, token, message, collect, descriptor) {
    // What JSON has no text for (a toJSON that gives undefined) goes out as Node sends it.
    const text = `${JSON.stringify(message)}`;
    return environment.sendText(token, text, collect, descriptor);
  },

  /** All lines of a read at once; one by one if they are not one message each. */
  parseBatch(environment, token, text, count) {
    try {
      const messages = JSON.parse(text);
      if (messages.length === count) return messages;
    } catch {
      // One of them is malformed; the others are not.
    }
    return parseEach(environment.lines(token), (text) => JSON.parse(text));
  },

  /** The message as it is now, for one that is sent later. */
  snapshot(message) {
    const text = JSON.stringify(message);
    return text === undefined ? message : JSON.parse(text);
  },

  parseFrames: () => [],
};

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
  send(environment, token, message, collect, descriptor) {
    return environment.sendBytes(token, toBytes(message), collect, descriptor);
  },

  snapshot: (message) => fromBytes(toBytes(message)),

  parseBatch: () => [],

  /** @param {Buffer} bytes `count` messages, each behind its length */
  parseFrames(bytes, count) {
    const frames = [];
    let at = 0;
    for (let i = 0; i < count; i++) {
      const start = at + LENGTH_BYTES;
      at = start + bytes.readUInt32BE(at);
      frames.push(bytes.subarray(start, at));
    }
    return parseEach(frames, fromBytes);
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

/** Malformed messages of one read after which the rest of it is given up. */
const MAX_MALFORMED = 100;

/**
 * The messages of one read, each parsed alone. Of those that are malformed the first is reported: Node
 * gives up the rest of the read there. A flood of them must not keep the loop from everything else.
 */
function parseEach(list, parse) {
  const messages = [];
  let malformed = 0;
  for (const item of list) {
    try {
      messages.push(parse(item));
    } catch (error) {
      if (++malformed === 1) messages.push(new Malformed(error));
      if (malformed === MAX_MALFORMED) break;
    }
  }
  return messages;
}

module.exports = { codecs: { json, advanced }, Malformed, WithHandle };
