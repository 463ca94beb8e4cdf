'use strict';
// The serializations of a channel. Each turns a message into what the addon frames and
// sends, and what the addon delivers into a list of messages.
//
// A list may hold a `Malformed` instead of a message.

const { parseWith } = require('./long-strings.js');

// What only 'advanced' channels need. Most carry JSON.
/** @type {typeof import('./host-objects.js') | undefined} */
let hostObjects;
/** @type {typeof import('./plain.js') | undefined} */
let plainValues;
const objects = () => (hostObjects ??= require('./host-objects.js'));
const plain = () => (plainValues ??= require('./plain.js'));
const fromBytes = (bytes) => objects().fromBytes(bytes);
const fromParts = (bytes) => objects().fromParts(bytes);
const toBytes = (message) => objects().toBytes(message);

/** In the place of a message that could not be parsed. */
class Malformed {
  /**
   * @param {any} error
   * @param {any} source its text or bytes; undefined for all that was given up after it
   * @param {boolean} isFirst of its read
   */
  constructor(error, source, isFirst = true) {
    this.error = error;
    this.source = source;
    this.isFirst = isFirst;
  }
}

/** A control message, and the native handle that came with it (null: it came without). */
class WithHandle {
  constructor(message, native) {
    this.message = message;
    this.native = native;
  }
}

const { stringify, parse } = JSON;

const json = {
  send(outlet, message, collect, descriptor) {
    const text = outlet.longText(message, descriptor);
    if (typeof text === 'number') return text;
    if (text !== undefined) return outlet.text(text, collect, descriptor);
    // What JSON has no text for (a toJSON that gives undefined) goes out as Node sends it.
    return outlet.text(`${stringify(message)}`, collect, descriptor);
  },

  /**
   * All texts of a read at once; one by one if they are not one message each. `literals` are long
   * strings that are not in the text.
   */
  parseBatch(environment, token, text, count, literals) {
    try {
      const messages = literals === undefined ? parse(text) : parseWith(text, literals);
      if (messages.length === count) return messages;
    } catch {
      // One of them is malformed; the others are not.
    }
    return parseEach(environment.texts(token), parse);
  },

  /** The message as it is now, for one that is sent later. */
  snapshot(message) {
    const text = stringify(message);
    return text === undefined ? message : parse(text);
  },

  parseFrames: () => [],

  parseLarge: () => undefined,
};

const LENGTH_BYTES = 4;

const advanced = {
  send(outlet, message, collect, descriptor) {
    return outlet.bytes(toBytes(message), collect, descriptor);
  },

  snapshot: (message) => fromBytes(toBytes(message)),

  // Texts come from ends of ours only.
  parseBatch: json.parseBatch,

  parseFrames: (bytes, count) => parseFrames(bytes, count, fromBytes),

  parseLarge: (bytes) => parseBytes(bytes, fromBytes),
};

/**
 * 'advanced' to an end of ours: what JSON carries exactly goes as JSON, big views beside V8's format.
 */
const dialect = {
  ...advanced,

  send(outlet, message, collect, descriptor) {
    const text = plain().plainText(message);
    if (text !== undefined) return outlet.text(text, collect, descriptor);
    if (descriptor !== -1) return advanced.send(outlet, message, collect, descriptor);
    const parts = objects().toParts(message);
    return Array.isArray(parts) ? outlet.parts(parts) : outlet.bytes(parts, collect, descriptor);
  },

  parseFrames: (bytes, count) => parseFrames(bytes, count, fromParts),

  parseLarge: (bytes) => parseBytes(bytes, fromParts),
};

/** @param {Buffer} bytes `count` messages, each behind its length */
function parseFrames(bytes, count, parse) {
  const frames = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const start = at + LENGTH_BYTES;
    at = start + bytes.readUInt32BE(at);
    frames.push(bytes.subarray(start, at));
  }
  return parseEach(frames, parse);
}

/** Malformed messages of one read after which the rest of it is given up. */
const MAX_MALFORMED = 100;

/**
 * The messages of one read, each parsed alone. A flood of malformed ones must not keep the loop from
 * everything else.
 */
function parseEach(list, parse) {
  const messages = [];
  let malformed = 0;
  for (const item of list) {
    try {
      messages.push(parse(item));
    } catch (error) {
      messages.push(new Malformed(error, item, ++malformed === 1));
      if (malformed === MAX_MALFORMED) {
        messages.push(new Malformed(error, undefined, false));
        break;
      }
    }
  }
  return messages;
}

function parseBytes(bytes, parse) {
  try {
    return parse(bytes);
  } catch (error) {
    return new Malformed(error, bytes);
  }
}

module.exports = { codecs: { json, advanced, dialect }, Malformed, WithHandle };
