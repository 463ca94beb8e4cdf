'use strict';
// Error factories. Each returns (never throws) an error that a program cannot tell from the one
// node:child_process makes: same class, `code`, message, enumerable keys and stack header.

const util = require('node:util');
const {
  describeExpected,
  describeType,
  enumerate,
  kindOf,
  showNumber,
} = require('./error-text.js');
const { NODE_MAJOR } = require('./node-version.js');

const NodeTypeError = coded(TypeError);
const NodeRangeError = coded(RangeError);
const NodeError = coded(Error);

/**
 * @param {string} name an option path (`options.cwd`) or the name of an argument
 * @param {string | string[]} expected names of types (`string`), classes (`Buffer`) or neither (`int32`)
 * @param {unknown} actual
 */
function invalidArgType(name, expected, actual) {
  const wanted = describeExpected(Array.isArray(expected) ? expected : [expected]);
  const message = `The "${name}" ${kindOf(name)} must be ${wanted}. Received ${describeType(actual)}`;
  return create(NodeTypeError, 'ERR_INVALID_ARG_TYPE', message, invalidArgType);
}

function invalidArgValue(name, value, reason = 'is invalid') {
  let received = util.inspect(value);
  if (received.length > 128) received = `${received.slice(0, 128)}...`;
  const message = `The ${kindOf(name)} '${name}' ${reason}. Received ${received}`;
  return create(NodeTypeError, 'ERR_INVALID_ARG_VALUE', message, invalidArgValue);
}

function outOfRange(name, range, received) {
  const shown = showNumber(received);
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${shown}`;
  return create(NodeRangeError, 'ERR_OUT_OF_RANGE', message, outOfRange);
}

function unknownSignal(signal) {
  // %s, not a template: symbols and null-prototype objects have no string form.
  const message = util.format('Unknown signal: %s', signal);
  return create(NodeTypeError, 'ERR_UNKNOWN_SIGNAL', message, unknownSignal);
}

function missingArgs(...names) {
  const quoted = names.map((name) => `"${name}"`);
  const message = `The ${enumerate(quoted, 'and')} argument${names.length > 1 ? 's' : ''} must be specified`;
  return create(NodeTypeError, 'ERR_MISSING_ARGS', message, missingArgs);
}

function ipcOnePipe() {
  const message = 'Child process can have only one IPC pipe';
  return create(NodeError, 'ERR_IPC_ONE_PIPE', message, ipcOnePipe);
}

function ipcSyncFork() {
  const message = 'IPC cannot be used with synchronous forks';
  return create(NodeError, 'ERR_IPC_SYNC_FORK', message, ipcSyncFork);
}

function invalidSyncForkInput(value) {
  const message = `Asynchronous forks do not support Buffer, TypedArray, DataView or string input: ${util.inspect(value)}`;
  return create(NodeTypeError, 'ERR_INVALID_SYNC_FORK_INPUT', message, invalidSyncForkInput);
}

function ipcRequired(name) {
  const message = `Forked processes must have an IPC channel, missing value 'ipc' in ${name}`;
  return create(NodeError, 'ERR_CHILD_PROCESS_IPC_REQUIRED', message, ipcRequired);
}

function ipcDisconnected() {
  const message = 'IPC channel is already disconnected';
  return create(NodeError, 'ERR_IPC_DISCONNECTED', message, ipcDisconnected);
}

function ipcChannelClosed() {
  return create(NodeError, 'ERR_IPC_CHANNEL_CLOSED', 'Channel closed', ipcChannelClosed);
}

/** @param {number} limit in bytes */
function messageTooLarge(limit) {
  const message = `The other end of the channel sent a message of more than ${limit} bytes`;
  return create(NodeRangeError, 'ERR_SPROG_MESSAGE_TOO_LARGE', message, messageTooLarge);
}

function invalidHandleType() {
  const message = 'This handle type cannot be sent';
  return create(NodeTypeError, 'ERR_INVALID_HANDLE_TYPE', message, invalidHandleType);
}

function childClosedBeforeReply() {
  const message = 'Child closed before reply received';
  return create(NodeError, 'ERR_CHILD_CLOSED_BEFORE_REPLY', message, childClosedBeforeReply);
}

/** @param {string} name `stdout` or `stderr` */
function maxBufferExceeded(name) {
  const message = `${name} maxBuffer length exceeded`;
  const code = 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';
  return create(NodeRangeError, code, message, maxBufferExceeded);
}

function featureUnavailable(name) {
  const message = `The feature ${name} is unavailable on the current platform, which is being used to run Node.js`;
  const code = 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM';
  return create(NodeTypeError, code, message, featureUnavailable);
}

/** @param {string} limit @param {string} reason @param {string} remedy */
function limitUnavailable(limit, reason, remedy) {
  const message = `The limit '${limit}' cannot be had here: ${reason}. ${remedy}.`;
  const error = create(NodeError, 'ERR_SPROG_LIMIT_UNAVAILABLE', message, limitUnavailable);
  return Object.assign(error, { limit, reason });
}

/** @param {string} reason */
function exactUsageUnavailable(reason) {
  const message = `The option usage: 'exact' cannot be had here: the launcher cannot be made in memory (${reason})`;
  return create(NodeError, 'ERR_SPROG_EXACT_USAGE_UNAVAILABLE', message, exactUsageUnavailable);
}

function unknownEncoding(name) {
  const message = util.format('Unknown encoding: %s', name);
  return create(NodeTypeError, 'ERR_UNKNOWN_ENCODING', message, unknownEncoding);
}

/** What the permission model says. Node 20 neither names the flag nor the file. */
function accessDenied(resource) {
  const hint = NODE_MAJOR >= 22 ? '. Use --allow-child-process to manage permissions.' : '';
  const error = new Error(`Access to this API has been restricted${hint}`);
  Error.captureStackTrace(error, accessDenied);
  return Object.assign(error, {
    code: 'ERR_ACCESS_DENIED',
    permission: 'ChildProcess',
    resource: NODE_MAJOR >= 22 ? resource : '',
  });
}

class AbortError extends Error {
  constructor(reason) {
    super('The operation was aborted', { cause: reason });
    this.code = 'ABORT_ERR';
    this.name = 'AbortError';
  }
}

function abortError(reason) {
  const error = new AbortError(reason);
  Error.captureStackTrace(error, abortError);
  return error;
}

/**
 * @param {number} errno negative, as system calls of libuv report it
 * @param {string} syscall
 * @param {string} [detail] appended to the message
 */
function errnoException(errno, syscall, detail) {
  const code = util.getSystemErrorName(errno);
  const error = new Error(detail ? `${syscall} ${code} ${detail}` : `${syscall} ${code}`);
  Error.captureStackTrace(error, errnoException);
  return Object.assign(error, { errno, code, syscall });
}

/**
 * A subclass that hides itself: `constructor` is the base class and `name` is inherited, as Node's
 * own coded errors have it.
 */
function coded(Base) {
  class Coded extends Base {
    toString() {
      return `${this.name} [${this.code}]: ${this.message}`;
    }
  }
  const hidden = { writable: true, configurable: true, enumerable: false };
  Object.defineProperty(Coded.prototype, 'constructor', { value: Base, ...hidden });
  return Coded;
}

function create(Class, code, message, factory) {
  const error = new Class(message);
  // V8 puts name and message into the first line of the stack, at the latest when it is first
  // read. So the name carries the code until then.
  const name = `${error.name} [${code}]`;
  Object.defineProperty(error, 'name', { value: name, configurable: true });
  Error.captureStackTrace(error, factory);
  void error.stack;
  delete error.name;
  error.code = code;
  return error;
}

module.exports = {
  NodeError,
  NodeTypeError,
  create,
  invalidArgType,
  invalidArgValue,
  outOfRange,
  unknownSignal,
  missingArgs,
  ipcOnePipe,
  ipcSyncFork,
  invalidSyncForkInput,
  ipcRequired,
  ipcDisconnected,
  ipcChannelClosed,
  messageTooLarge,
  invalidHandleType,
  childClosedBeforeReply,
  maxBufferExceeded,
  accessDenied,
  featureUnavailable,
  limitUnavailable,
  exactUsageUnavailable,
  unknownEncoding,
  abortError,
  errnoException,
};
