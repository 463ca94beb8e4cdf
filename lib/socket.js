'use strict';
// child.stdin, child.stdout, child.stderr and the extra pipes: net.Sockets, as libraries expect,
// whose bytes go through our own handle. net.Socket reads, pauses, half-closes and closes by the
// handle's methods; only writing had to be replaced, as Node's reads its outcome from a place
// that an addon cannot write to.

const net = require('node:net');
const { Capturable } = require('./capturable.js');
const { errnoException } = require('./errors.js');
const { adopt } = require('./lent-memory.js');
const { NODE_MAJOR } = require('./node-version.js');

/** Pieces of a gathered write smaller than this are joined, to spare system calls. */
const JOIN_BYTES = 16 * 1024;

/** What the addon reads at a time before a stream is known to be fast (READ_BYTES there). */
const FULL_READ_BYTES = 64 * 1024;

/** After so many full reads in a row a stream is worth another thread. */
const FULL_READS_UNTIL_AHEAD = 16;

/** What Node reserves on its stack for a text to write, and for a character of it. */
const STACK_BYTES = 16 * 1024;
const WIDTHS = new Map(
  Object.entries({ utf8: 3, 'utf-8': 3, utf16le: 2, ucs2: 2, latin1: 1, binary: 1, ascii: 1 }),
);

/** Streams that were given to a child as its stdio: their bytes are that child's. */
const lent = new WeakSet();

class Socket extends Capturable {
  #fullReads = 0;

  /**
   * @param {InstanceType<typeof import('./pipe-handle.js').Pipe>} handle
   * @param {boolean} readable
   * @param {boolean} writable
   */
  constructor(handle, readable, writable) {
    super(/** @type {any} */ (settings(handle, readable, writable)));
    handle.owner = this;
  }

  /** The descriptor, by which Node's own spawn accepts the stream as stdio. */
  get fd() {
    return internals(this)._handle?.fd;
  }

  /** @param {Buffer | string} given a string if the addon has decoded it, as the stream would */
  takeChunk(given) {
    const chunk = adopt(given);
    internals(this)._unrefTimer();
    const encoding = typeof chunk === 'string' ? this.readableEncoding : undefined;
    const keepsReading = this.push(chunk, encoding ?? undefined);
    const handle = internals(this)._handle;
    this.#heed(chunk.length, handle);
    if (keepsReading) return;
    if (handle === null) return;
    handle.reading = false;
    if (this.destroyed) return;
    const status = handle.readStop();
    if (status !== 0) this.destroy(errnoException(status, 'read'));
  }

  // Full reads make the addon read more at a time, and then ahead of us, which only a flowing stream may
  // let it do: what is read ahead of a reader that pauses counts against highWaterMark.
  #heed(length, handle) {
    if (length < FULL_READ_BYTES) {
      this.#fullReads = 0;
    } else if (!this.readableFlowing) {
      handle?.cool();
    } else {
      this.#fullReads += 1;
      if (this.#fullReads % FULL_READS_UNTIL_AHEAD === 0) handle?.readAhead();
    }
  }

  /**
   * Ends the stream behind what was written to it by now, though somebody else may still hold its other
   * end. For when the child has exited.
   */
  endSoon() {
    internals(this)._handle?.endSoon();
  }

  pause() {
    this.#fullReads = 0;
    internals(this)._handle?.cool();
    return super.pause();
  }

  /** @param {number} status 0 at the end of file, else a negative errno */
  takeEnd(status) {
    if (this.destroyed) return;
    if (status !== 0) {
      this.destroy(errnoException(status, 'read'));
      return;
    }
    this.push(null);
    this.read(0);
  }

  _writeGeneric(gathered, data, encoding, callback) {
    const handle = internals(this)._handle;
    if (!handle) {
      callback(socketClosed());
      return false;
    }
    internals(this)._unrefTimer();
    if (gathered) {
      handle.write(joinSmall(data), callback, false);
    } else {
      const bytes = toBytes(data, encoding);
      handle.write([bytes], callback, typeof data === 'string' && isShort(data, encoding));
    }
    return undefined;
  }
}

// `socket.constructor === net.Socket` holds, as for Node's.
Object.defineProperty(Socket.prototype, 'constructor', {
  value: net.Socket,
  writable: true,
  configurable: true,
});

/** What net.Socket takes; it copies that, and sets the same four properties in each copy. */
function settings(handle, readable, writable) {
  if (NODE_MAJOR >= 22) return writable ? { handle, readable } : { handle, readable, writable };
  // V8 of Node 20 makes new maps for each property that it adds to such a copy, and looks anew for all that is
  // read from it: ten times the work of a socket. So nothing is left to add. Later ones gain nothing.
  return {
    handle,
    readable,
    writable,
    allowHalfOpen: false,
    emitClose: false,
    autoDestroy: true,
    decodeStrings: false,
  };
}

/**
 * What net.Socket keeps for itself, and its typings do not tell.
 * @param {any} socket
 * @returns {any}
 */
function internals(socket) {
  return socket;
}

/** Whether Node would convert the text on its stack, and not make a Buffer of it. */
function isShort(text, encoding) {
  return text.length * (WIDTHS.get(encoding) ?? Number.POSITIVE_INFINITY) <= STACK_BYTES;
}

function toBytes(data, encoding) {
  return typeof data === 'string' ? Buffer.from(data, encoding) : data;
}

/** @param {any} chunks what _writev is given; with `allBuffers` the chunks themselves are bytes */
function joinSmall(chunks) {
  const buffers = [];
  let small = [];
  const flush = () => {
    if (small.length > 0) buffers.push(small.length === 1 ? small[0] : Buffer.concat(small));
    small = [];
  };
  for (const { chunk, encoding } of chunks) {
    const bytes = toBytes(chunk, encoding);
    if (bytes.byteLength < JOIN_BYTES) {
      small.push(bytes);
    } else {
      flush();
      buffers.push(bytes);
    }
  }
  flush();
  return buffers;
}

function socketClosed() {
  return Object.assign(new Error('Socket is closed'), { code: 'ERR_SOCKET_CLOSED' });
}

/**
 * Stops our side of a stream that becomes a child's stdio: two readers would share its bytes. It
 * can be resumed by hand once that child is done.
 * @param {any} stream a net.Socket, ours or Node's
 */
function lend(stream) {
  const handle = stream._handle ?? stream.handle;
  handle.reading = false;
  handle.readStop?.();
  stream.pause();
  stream.readableFlowing = false;
  // A read that the stream has planned for this tick must not start the reading again.
  const state = stream._readableState;
  state.reading = true;
  process.nextTick(() => {
    state.reading = false;
  });
  lent.add(stream);
}

module.exports = { Socket, lend, isLent: (stream) => lent.has(stream) };
