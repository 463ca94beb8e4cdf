'use strict';
// From what callers pass to spawn, exec, execFile and fork to one checked, complete request.
// Nothing is started here. The order of the checks is Node's: with several mistakes in a call,
// the same one is reported.

const { invalidArgType, invalidArgValue } = require('./errors.js');
const { setEnvironment } = require('./environment.js');
const { NODE_MAJOR } = require('./node-version.js');
const { bequeath } = require('./register/inheritance.js');
const {
  isNullish,
  validateString,
  validateBoolean,
  validateFunction,
  validateObject,
  validateInt32,
  validatePath,
  refuseNul,
  refuseNulIn,
} = require('./validate.js');

/** Bytes of output that exec(), execFile() and the *Sync calls take unless they are told otherwise. */
const MAX_BUFFER = 1024 * 1024;

const WARNS_OF_SHELL_ARGS = NODE_MAJOR >= 24;
let hasWarnedOfShellArgs = false;

/**
 * @typedef {object} SpawnRequest a null-prototype copy of the caller's options, in which these are settled
 * @property {string} file the program, or the shell that runs it
 * @property {any[]} args argv: `argv0` or the file first, elements as the caller gave them
 * @property {string | undefined} cwd undefined means that of this process
 * @property {string[]} envPairs `KEY=value`; see environment.js
 * @property {boolean} detached
 * @property {number | null | undefined} uid
 * @property {number | null | undefined} gid
 * @property {boolean} windowsHide
 * @property {boolean} windowsVerbatimArguments
 * @property {any} [stdio] this and what follows is not checked yet
 * @property {any} [serialization]
 * @property {any} [signal]
 * @property {any} [timeout]
 * @property {any} [killSignal]
 * @property {any} [forceKillAfter]
 */

/**
 * The arguments of spawn() and spawnSync(): `(file, args?, options?)` or `(file, options)`.
 * `timeout`, `signal`, `killSignal`, `stdio` and `serialization` are left to the caller, who must
 * check them afterwards and in this order.
 * @param {boolean} [sync] whether this is for a sync function: they read `cwd` differently
 * @returns {SpawnRequest}
 */
function normalizeSpawnArguments(file, args, options, sync = false) {
  validateString(file, 'file');
  refuseNul(file, 'file');
  if (file.length === 0) throw invalidArgValue('file', file, 'cannot be empty');

  if (args === null || args === undefined) {
    args = [];
  } else if (!Array.isArray(args)) {
    if (typeof args !== 'object') throw invalidArgType('args', 'object', args);
    options = args;
    args = [];
  }
  refuseNulIn(args, 'args');

  if (options !== undefined) validateObject(options, 'options');
  // Without a prototype: what someone put on Object.prototype is not an option.
  const request = /** @type {any} */ ({ __proto__: null, ...options });

  request.cwd = isNullish(request.cwd) ? undefined : toCwd(request.cwd, sync);
  validateIfGiven(validateBoolean, request.detached, 'options.detached');
  validateIfGiven(validateInt32, request.uid, 'options.uid');
  validateIfGiven(validateInt32, request.gid, 'options.gid');
  validateShell(request.shell);
  validateArgv0(request.argv0);
  validateIfGiven(validateBoolean, request.windowsHide, 'options.windowsHide');
  const verbatim = request.windowsVerbatimArguments;
  validateIfGiven(validateBoolean, verbatim, 'options.windowsVerbatimArguments');

  if (request.shell) {
    refuseNul(request.shell, 'options.shell');
    if (args.length > 0) warnOfShellArgs();
    const command = [file, ...args].join(' ');
    file = typeof request.shell === 'string' ? request.shell : '/bin/sh';
    args = ['-c', command];
  }

  request.file = file;
  // A copy of the same kind: holes stay holes, in `spawnargs` too.
  request.args = Array.prototype.slice.call(args);
  request.args.unshift(typeof request.argv0 === 'string' ? request.argv0 : file);
  setEnvironment(request);
  bequeath(request);
  request.detached = Boolean(request.detached);
  request.windowsHide = Boolean(request.windowsHide);
  request.windowsVerbatimArguments = Boolean(verbatim);
  return request;
}

/** The arguments of exec() and execSync(): `(command, options?, callback?)`. */
function normalizeExecArgs(command, options, callback) {
  validateString(command, 'command');
  refuseNul(command, 'command');
  if (typeof options === 'function') {
    callback = options;
    options = undefined;
  }
  const copy = { __proto__: null, ...options };
  // There is no exec without a shell: false, null or a number mean the default one.
  if (typeof copy.shell !== 'string') copy.shell = true;
  return { file: command, options: copy, callback };
}

/**
 * The arguments of execFile() and execFileSync(): `(file, args?, options?, callback?)`, where
 * null stands for any of the optional ones. The file itself, and whether what is no array can be `args`,
 * is checked by spawn.
 */
function normalizeExecFileArgs(file, args, options, callback) {
  if (Array.isArray(args)) {
    args = args.slice();
  } else if (typeof args === 'function') {
    // Whatever follows a callback is ignored.
    return { file, args: [], options: {}, callback: args };
  } else if (typeof args === 'object' && args !== null) {
    callback = options;
    options = args;
    args = [];
  }
  args ??= [];

  if (typeof options === 'function') {
    // It stays the options too, as in Node: execFileSync() refuses it as such.
    callback = options;
  } else if (!isNullish(options)) {
    validateObject(options, 'options');
  }
  options ??= {};

  validateIfGiven(validateFunction, callback, 'callback');
  validateArgv0(options.argv0);
  return { file, args, options, callback };
}

/**
 * Node's spawn() passes by what is no string, and '' too: its child runs where the parent runs.
 * spawnSync() makes a string of it, and then fails to enter ''.
 */
function toCwd(value, sync) {
  const cwd = validatePath(value, 'options.cwd');
  if (sync) return String(cwd);
  return typeof cwd === 'string' && cwd !== '' ? cwd : undefined;
}

function validateShell(shell) {
  if (!isNullish(shell) && typeof shell !== 'boolean' && typeof shell !== 'string') {
    throw invalidArgType('options.shell', ['boolean', 'string'], shell);
  }
}

function validateArgv0(argv0) {
  if (isNullish(argv0)) return;
  validateString(argv0, 'options.argv0');
  refuseNul(argv0, 'options.argv0');
}

function validateIfGiven(validate, value, name) {
  if (!isNullish(value)) validate(value, name);
}

function warnOfShellArgs() {
  if (!WARNS_OF_SHELL_ARGS || hasWarnedOfShellArgs) return;
  hasWarnedOfShellArgs = true;
  process.emitWarning(
    'Passing args to a child process with shell option true can lead to security ' +
      'vulnerabilities, as the arguments are not escaped, only concatenated.',
    'DeprecationWarning',
    'DEP0190',
  );
}

module.exports = {
  MAX_BUFFER,
  normalizeSpawnArguments,
  normalizeExecArgs,
  normalizeExecFileArgs,
};
