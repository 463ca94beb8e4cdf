'use strict';
// The `input` of a run, in all its forms, and its way to the child. A child that does not read to the end
// is no failure: what is left of the input is let go of.

const { invalidArgType, invalidArgValue } = require('../errors.js');
const { isNullish, validatePath } = require('../validate.js');
const { File } = require('./file.js');

const EXPECTED = ['string', 'Buffer', 'TypedArray', 'DataView', 'Iterable', 'AsyncIterable'];

/**
 * @param {any} input
 * @returns {any} undefined, bytes, a File, or something iterable
 */
function settleInput(input) {
  if (isNullish(input)) return undefined;
  if (typeof input === 'string') return Buffer.from(input);
  if (ArrayBuffer.isView(input)) {
    return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  }
  if (typeof input === 'object') {
    if (input instanceof ArrayBuffer) return new Uint8Array(input);
    if (input instanceof URL) return new File(validatePath(input, 'options.input'), 'r');
    if (isIterable(input)) return input;
    // A Blob.
    if (typeof input.stream === 'function' && typeof input.size === 'number') return input.stream();
    if (Object.hasOwn(input, 'file')) return fromFile(input);
  }
  throw invalidArgType('options.input', EXPECTED, input);
}

function isIterable(input) {
  return Boolean(input[Symbol.asyncIterator] ?? input[Symbol.iterator]);
}

function fromFile({ file, ...others }) {
  const [stranger] = Object.keys(others);
  if (stranger !== undefined) {
    throw invalidArgValue(`options.input.${stranger}`, others[stranger], 'is unknown');
  }
  return new File(validatePath(file, 'options.input.file'), 'r');
}

/**
 * Writes the input to a child.
 * @param {any} stdin
 * @param {any} source bytes or something iterable
 * @param {(error: unknown) => void} onerror the source has failed
 * @returns {() => void} lets go of the source
 */
function feed(stdin, source, onerror) {
  if (source instanceof Uint8Array) {
    stdin.end(source);
    return () => {};
  }
  let isOver = false;
  /** @type {any} */
  let iterator;
  const stop = () => {
    if (isOver) return;
    isOver = true;
    letGo(source, iterator);
  };
  const pump = async () => {
    iterator = iteratorOf(source);
    while (!isOver) {
      const { done, value } = await iterator.next();
      if (isOver) return;
      if (done) {
        isOver = true;
        stdin.end();
        return;
      }
      if (!stdin.write(toChunk(value))) await room(stdin);
    }
  };
  stdin.once('close', stop);
  pump().catch((error) => {
    if (isOver) return;
    stop();
    onerror(error);
  });
  return stop;
}

function toChunk(value) {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  throw invalidArgType('chunk of options.input', ['string', 'Buffer', 'TypedArray'], value);
}

/** Resolves when there is room again, or never will be. */
function room(stdin) {
  return new Promise((resolve) => {
    const done = () => {
      stdin.off('drain', done);
      stdin.off('close', done);
      resolve(undefined);
    };
    stdin.on('drain', done);
    stdin.on('close', done);
    if (stdin.destroyed) done();
  });
}

function iteratorOf(source) {
  if (typeof source.getReader === 'function') return readerOf(source);
  return (source[Symbol.asyncIterator] ?? source[Symbol.iterator]).call(source);
}

/** The iterator of a Web stream would cancel it only when what it waits for has come. */
function readerOf(stream) {
  const reader = stream.getReader();
  return {
    async next() {
      const result = await reader.read();
      if (result.done) reader.releaseLock();
      return result;
    },
    return: () => reader.cancel(),
  };
}

/**
 * Lets go of an input that nobody will read: its program was not started.
 * @param {any} source as settleInput() has it
 */
function release(source) {
  if (source === undefined || source instanceof File || source instanceof Uint8Array) return;
  let iterator;
  try {
    if (typeof source.destroy !== 'function') iterator = iteratorOf(source);
  } catch {
    // Somebody else reads it, or it cannot be read at all.
    return;
  }
  letGo(source, iterator);
}

function letGo(source, iterator) {
  if (source === process.stdin) {
    source.pause();
  } else if (typeof source.destroy === 'function') {
    source.destroy();
  } else {
    // Of a generator that waits for something it is done when that has come.
    Promise.resolve(iterator?.return?.()).catch(() => {});
  }
}

/** @param {any} source for a call that cannot wait for it */
function refuseAsync(source) {
  if (source === undefined || source instanceof File) return;
  if (typeof source[Symbol.iterator] !== 'function') {
    throw invalidArgType('options.input', EXPECTED.slice(0, -1), source);
  }
}

/**
 * All of it at once, for a call that waits.
 * @param {any} source
 * @returns {Uint8Array}
 */
function gatherSync(source) {
  if (source === undefined || source instanceof File) return new Uint8Array(0);
  if (source instanceof Uint8Array) return source;
  return Buffer.concat(
    Array.from(source, (value) => Buffer.from(/** @type {any} */ (toChunk(value)))),
  );
}

module.exports = { settleInput, feed, release, refuseAsync, gatherSync };
