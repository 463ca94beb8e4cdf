'use strict';
// ChildProcess: its properties, and the one state machine that decides when 'spawn', 'error',
// 'exit' and 'close' come. The class is there as soon as the package is loaded; what it works with is
// loaded with the first child.

const { EventEmitter } = require('node:events');
const { addMethods, extrasOf } = require('./child-extras.js');

/** Failures that become an 'error' event; any other is thrown. */
const DEFERRED = ['EACCES', 'EAGAIN', 'EMFILE', 'ENFILE', 'ENOENT'];

// An old-style constructor, as in Node: programs call it on objects of their own.
/** @this {any} */
function ChildProcess() {
  const { created } = require('./diagnostics.js');
  const { Process } = require('./process-handle.js');
  EventEmitter.call(this);
  this._closesNeeded = 1;
  this._closesGot = 0;
  this.connected = false;
  this.signalCode = null;
  this.exitCode = null;
  this.killed = false;
  this.spawnfile = null;
  this._handle = new Process();
  this._handle.onexit = exitListener(this);
  if (created.hasSubscribers) created.publish({ process: this });
}
Object.setPrototypeOf(ChildProcess.prototype, EventEmitter.prototype);
Object.setPrototypeOf(ChildProcess, EventEmitter);

/** Everything is checked and opened before anything is started; what fails leaves nothing open. */
ChildProcess.prototype.spawn = function spawn(options) {
  const { spawned } = require('./diagnostics.js');
  const { isDeferred } = require('./environment.js');
  const { errnoException } = require('./errors.js');
  const { checkPermission } = require('./permission.js');
  const { parseStdio } = require('./stdio.js');
  const {
    validateObject,
    validateOneOf,
    validateArray,
    validateString,
    validateMaxMessageSize,
  } = require('./validate.js');
  validateObject(options, 'options');
  const stdio = parseStdio(options.stdio || 'pipe', false);
  const { serialization } = options;
  validateOneOf(serialization, 'options.serialization', [undefined, 'json', 'advanced']);
  validateMaxMessageSize(options.maxMessageSize);
  const hasChannel = stdio.ipcIndex !== -1;
  if (hasChannel && !isDeferred(options)) {
    if (options.envPairs === undefined) options.envPairs = [];
    else validateArray(options.envPairs, 'options.envPairs');
  }
  validateString(options.file, 'options.file');
  this.spawnfile = options.file;
  if (options.args === undefined) {
    this.spawnargs = [];
  } else {
    validateArray(options.args, 'options.args');
    this.spawnargs = options.args;
  }
  checkPermission(this.spawnfile);
  if (hasChannel) require('./ipc/open.js').channelEnvironment(options, stdio.ipcIndex);

  const tracing = spawned?.hasSubscribers ? spawned : undefined;
  tracing?.start.publish({ process: this, options });
  const started = this._handle.spawn(options, this.spawnargs, stdio, serialization === 'advanced');
  const error = started.status;
  if (error !== 0) {
    this._handle.failure = { step: started.step, request: options };
    tracing?.error.publish({ process: this, error: errnoException(error, 'spawn') });
    const { errno } = require('node:os').constants;
    if (!DEFERRED.some((name) => errno[name] === -error)) {
      closeAll(started.tokens);
      const thrown = errnoException(error, 'spawn');
      require('./failed-start.js').explain(thrown, this._handle.failure);
      this._handle = null;
      throw thrown;
    }
    process.nextTick(reportFailure, this, error);
    if (error === -errno.EMFILE || error === -errno.ENFILE) {
      closeAll(started.tokens);
      return error;
    }
  } else {
    tracing?.end.publish({ process: this });
    process.nextTick(reportSpawn, this);
  }
  this.pid = this._handle.pid;
  if (error === 0) extrasOf(options)?.started(this);
  attachStdio(this, stdio, started.tokens);
  if (hasChannel) {
    const token = started.tokens[stdio.channelEntry];
    require('./ipc/open.js').openChannel(this, token, options, () => maybeClose(this));
  }
  return error;
};

/** Makes the streams of all entries, and stops those that were lent to the child. */
function attachStdio(child, stdio, tokens) {
  const { Pipe } = require('./pipe-handle.js');
  const { Socket, lend } = require('./socket.js');
  const { KIND } = require('./stdio.js');
  /** @type {any[]} */
  const sockets = [];
  // A loop, since map() would stand twice between the program and what async hooks see of a pipe.
  for (const [index, entry] of stdio.entries.entries()) {
    sockets[index] = null;
    if (entry.kind === KIND.CHANNEL) {
      child._closesNeeded++;
    } else if (tokens[index] !== -1) {
      // A pipe has one direction only.
      const writable = entry.kind === KIND.SOCKET || index === 0;
      const socket = new Socket(new Pipe(tokens[index]), index > 0, writable);
      if (index > 0) {
        child._closesNeeded++;
        socket.on('close', () => maybeClose(child));
      }
      sockets[index] = socket;
    } else if (entry.stream) {
      lend(entry.stream);
    }
  }
  // There may be fewer than three, as holes are no entries.
  [child.stdin = null, child.stdout = null, child.stderr = null] = sockets;
  child.stdio = sockets;
}

function closeAll(tokens) {
  const { Pipe } = require('./pipe-handle.js');
  for (const token of tokens) if (token !== -1) new Pipe(token).close();
}

function reportSpawn(child) {
  child.emit('spawn');
}

function reportFailure(child, error) {
  child._handle?.onexit(error, '');
}

/**
 * Made here and not where it is set: V8 puts a function that is written into an assignment to a property among
 * what is old, where it would keep each child, with its streams, until the next full collection.
 */
function exitListener(child) {
  return (exitCode, signalCode) => finish(child, exitCode, signalCode);
}

/** The child has exited, or (a negative code) was never started. */
function finish(child, exitCode, signalCode) {
  const handle = child._handle;
  if (handle?.lateKills > 0) child.killed = true;
  if (signalCode) child.signalCode = signalCode;
  else child.exitCode = exitCode;
  child.stdin?.destroy();
  if (handle?.bill) require('./bill.js').keepBill(child, handle.bill);
  handle?.close();
  child._handle = null;
  if (exitCode < 0) {
    const syscall = child.spawnfile ? `spawn ${child.spawnfile}` : 'spawn';
    const { errnoException } = require('./errors.js');
    const error = /** @type {any} */ (errnoException(exitCode, syscall));
    if (child.spawnfile) error.path = child.spawnfile;
    error.spawnargs = child.spawnargs.slice(1);
    if (handle?.failure) require('./failed-start.js').explain(error, handle.failure);
    child.emit('error', error);
  } else {
    extrasOf(child)?.exited(child);
    child.emit('exit', child.exitCode, child.signalCode);
  }
  // Streams that nobody reads would never end, and 'close' waits for them.
  process.nextTick(drainUnread, child);
  maybeClose(child);
}

function drainUnread(child) {
  const { isLent } = require('./socket.js');
  for (const stream of child.stdio ?? []) {
    if (stream?.readable && !isLent(stream)) stream.resume();
  }
}

/** One more of the things that 'close' waits for is done: the exit, each output, the channel. */
function maybeClose(child) {
  child._closesGot++;
  if (child._closesGot === child._closesNeeded) {
    child.emit('close', child.exitCode, child.signalCode);
  }
}

/**
 * Sends a signal, SIGTERM by default. True if it was sent; false if the child has exited, was
 * never started, or (after an 'error' event) may not be signalled. With `tree: true` it goes to all
 * processes of the tree, also after the exit of the child. With `forceKillAfter`, or if the child was
 * given that option, SIGKILL follows, for whoever got the signal.
 */
ChildProcess.prototype.kill = function kill(signal, options = undefined) {
  const { forceKillDelay, killLater } = require('./force-kill.js');
  const { toSignalNumber } = require('./signals.js');
  const number = toSignalNumber(signal);
  const forceAfter = forceKillDelay(this, number, options);
  const status = extrasOf(this)?.kill(number) ?? this._handle?.kill(number);
  if (status === undefined) return false;
  if (status === 0) {
    this.killed = true;
    if (forceAfter !== undefined) killLater(this, { forceAfter });
    return true;
  }
  const { errnoException } = require('./errors.js');
  const { EINVAL, ENOSYS, ESRCH } = require('node:os').constants.errno;
  if (status === -EINVAL || status === -ENOSYS) throw errnoException(status, 'kill');
  if (status !== -ESRCH) this.emit('error', errnoException(status, 'kill'));
  return false;
};

ChildProcess.prototype[/** @type {any} */ (Symbol).dispose ?? Symbol.for('nodejs.dispose')] =
  function dispose() {
    if (!this.killed) this.kill();
  };

ChildProcess.prototype.ref = function ref() {
  this._handle?.ref();
};

ChildProcess.prototype.unref = function unref() {
  this._handle?.unref();
};

addMethods(ChildProcess.prototype);

module.exports = { ChildProcess };
