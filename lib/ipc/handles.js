'use strict';
// Handles as messages carry them. Sending: of what type a handle is, the native handle below it
// whose descriptor rides along, what the receiver must be told, and what becomes of the sender's
// object. Receiving: from a descriptor to a native handle, and from that to an object again.

const { invalidHandleType } = require('../errors.js');
const { environment } = require('../native.js');

// Large modules, which a program that passes no handle may never load.
const modules = {
  get net() {
    return require('node:net');
  },
  get dgram() {
    return require('node:dgram');
  },
};

/** The class names of what libuv, or the addon, holds a stream's or a socket's descriptor in. */
const STREAM_CLASSES = ['TCP', 'Pipe'];
const DATAGRAM_CLASSES = ['UDP'];

/**
 * @typedef {object} Packet what is sent in the place of a message with a handle
 * @property {'NODE_HANDLE'} cmd
 * @property {string} type
 * @property {any} msg the message
 * @property {string} [key] names the server that the socket came from
 * @property {string} [dgramType] 'udp4' or 'udp6'
 */

/**
 * @typedef {object} Conversion
 * @property {(object: any) => any} native the native handle; a falsy one means that there is none
 * @property {(packet: Packet, object: any, lists: SocketLists) => void} [describe]
 * @property {(object: any) => void} [detach] once it is sent without keepOpen: the receiver's now,
 *   and the native handle is to be closed when the receiver has it
 * @property {(native: any, packet: Packet) => boolean} fits whether one can be made of what came
 * @property {(native: any, packet: Packet, lists: SocketLists, done: (object: any) => void) => void} receive
 */

/** @typedef {InstanceType<typeof import('./socket-list.js').SocketLists>} SocketLists */

/** @type {Map<string, Conversion>} */
const conversions = new Map([
  [
    'net.Socket',
    {
      native: (socket) => socket._handle,
      describe: describeSocket,
      detach: detachSocket,
      fits: isStreamHandle,
      receive: receiveSocket,
    },
  ],
  [
    'net.Server',
    {
      native: (server) => server._handle,
      fits: isStreamHandle,
      receive(native, _packet, _lists, done) {
        const server = new modules.net.Server();
        server.listen(native, () => done(server));
      },
    },
  ],
  [
    'net.Native',
    {
      native: (handle) => handle,
      fits: isStreamHandle,
      receive: (native, _packet, _lists, done) => done(native),
    },
  ],
  [
    'dgram.Socket',
    {
      native: (socket) => datagramState(socket).handle,
      describe(packet, socket) {
        packet.dgramType = socket.type;
      },
      fits: (native, { dgramType }) =>
        isDatagramHandle(native) && (dgramType === 'udp4' || dgramType === 'udp6'),
      receive(native, { dgramType }, _lists, done) {
        const socket = modules.dgram.createSocket(
          /** @type {import("node:dgram").SocketType} */ (dgramType),
        );
        socket.bind(native, () => done(socket));
      },
    },
  ],
  [
    'dgram.Native',
    {
      native: (handle) => handle,
      fits: isDatagramHandle,
      receive: (native, _packet, _lists, done) => done(native),
    },
  ],
]);

/** The type under which an object is sent; throws for what cannot be. */
function handleType(object) {
  if (object instanceof modules.net.Socket) return 'net.Socket';
  if (object instanceof modules.net.Server) return 'net.Server';
  if (isStreamHandle(object)) return 'net.Native';
  if (object instanceof modules.dgram.Socket) return 'dgram.Socket';
  if (isDatagramHandle(object)) return 'dgram.Native';
  throw invalidHandleType();
}

/**
 * The native handle below `object`; undefined if there is none: never connected, closed, or sent
 * already. Throws if there is one without a descriptor of its own (TLS, a cluster worker's server).
 */
function nativeHandle(type, object) {
  const native = conversions.get(type)?.native(object);
  if (!native) return undefined;
  if (!isStreamHandle(native) && !isDatagramHandle(native)) throw invalidHandleType();
  return native;
}

function isStreamHandle(handle) {
  return isInstance(handle, STREAM_CLASSES);
}

function isDatagramHandle(handle) {
  return isInstance(handle, DATAGRAM_CLASSES);
}

// By name, as Node does not hand out these classes.
function isInstance(handle, names) {
  const Class = handle.constructor;
  return typeof Class === 'function' && names.includes(Class.name) && handle instanceof Class;
}

function describeSocket(packet, socket, lists) {
  const { server } = socket;
  if (!server) return;
  packet.key = server._connectionKey;
  lists.sendsOf(server);
}

function detachSocket(socket) {
  const native = socket._handle;
  if (socket.server) socket.server._connections--;
  // What arrives from here on is for the receiver to read.
  native.readStop();
  native.onread = () => {};
  socket._handle = null;
  socket.setTimeout(0);
  detachHttp(socket);
}

/** Lets go of a request or response that was in progress on the socket. */
function detachHttp(socket) {
  const { parser, _httpMessage: message } = socket;
  if (parser?.constructor?.name !== 'HTTPParser') return;
  freeHttpParser(parser, socket);
  message?.detachSocket(socket);
}

/** By the one function of Node that knows how, which is no public one. */
function freeHttpParser(parser, socket) {
  const load = /** @type {NodeJS.Require} */ (require);
  load('node:_http_common').freeParser(parser, null, socket);
}

/** @type {Conversion['receive']} */
function receiveSocket(native, { key }, lists, done) {
  /** @type {any} */
  const options = { handle: native, readable: true, writable: true };
  const socket = new modules.net.Socket(options);
  if (key) lists.countReceived(key, socket);
  done(socket);
}

/**
 * Makes a native handle of a descriptor, which is then the handle's to close. Null, with the
 * descriptor closed, if it is of no kind that Node has a handle for.
 * @param {number} fd
 */
function openNative(fd) {
  const native = openStream(fd) ?? openDatagram(fd);
  if (native === null) environment().closeDescriptor(fd);
  return native;
}

/** Node's own way from a descriptor to a TCP or a Pipe; then the socket around it is left behind. */
function openStream(fd) {
  let socket;
  try {
    socket = /** @type {any} */ (
      new modules.net.Socket(/** @type {any} */ ({ fd, manualStart: true }))
    );
  } catch {
    return null;
  }
  const native = socket._handle;
  socket._handle = null;
  for (const symbol of Object.getOwnPropertySymbols(native)) {
    if (symbol.description === 'owner_symbol') native[symbol] = null;
  }
  return native;
}

let UDP;

function openDatagram(fd) {
  if (UDP === undefined) {
    const socket = modules.dgram.createSocket('udp4');
    UDP = datagramState(socket).handle.constructor;
    socket.close();
  }
  const native = new UDP();
  if (native.open(fd) === 0) return native;
  native.close();
  return null;
}

/** Where a dgram.Socket keeps its handle: the accessors of old times warn. */
function datagramState(socket) {
  const symbols = Object.getOwnPropertySymbols(socket);
  const symbol = symbols.find(({ description }) => description === 'state symbol');
  return symbol === undefined ? {} : socket[symbol];
}

/** Closes what nobody will ever be given. */
function discard(object) {
  if (typeof object.destroy === 'function') object.destroy();
  else object.close();
}

module.exports = { conversions, handleType, nativeHandle, openNative, discard };
