'use strict';
// From what callers pass to fork to the request that spawn gets. Nothing is started here.

const { invalidArgValue, ipcRequired } = require('./errors.js');
const {
  isNullish,
  refuseNul,
  refuseNulIn,
  validateArray,
  validateObject,
  validatePath,
} = require('./validate.js');

/**
 * The arguments of fork(): `(modulePath, args?, options?)` or `(modulePath, options)`.
 * @returns {{ file: string, args: any[], options: any }} what to spawn; the caller's arrays and
 *   options are not touched
 */
function normalizeForkArguments(modulePath, args, options) {
  modulePath = validatePath(modulePath, 'modulePath');

  if (isNullish(args)) {
    args = [];
  } else if (typeof args === 'object' && !Array.isArray(args)) {
    options = args;
    args = [];
  } else {
    validateArray(args, 'args');
  }

  if (!isNullish(options)) validateObject(options, 'options');
  options = { __proto__: null, ...options, shell: false };

  options.execPath ||= process.execPath;
  refuseNul(options.execPath, 'options.execPath');

  let execArgv = options.execArgv || process.execArgv;
  refuseNulIn(execArgv, 'options.execArgv');
  execArgv = withoutEval(execArgv);
  args = [...execArgv, modulePath, ...args];

  if (typeof options.stdio === 'string') {
    options.stdio = forkStdio(options.stdio);
  } else if (!Array.isArray(options.stdio)) {
    options.stdio = forkStdio(options.silent ? 'pipe' : 'inherit');
  } else if (!options.stdio.includes('ipc')) {
    throw ipcRequired('options.stdio');
  }

  return { file: options.execPath, args, options };
}

/** A module started by `node -e CODE` must not run CODE again in its children. */
function withoutEval(execArgv) {
  const code = /** @type {any} */ (process)._eval;
  if (execArgv !== process.execArgv || isNullish(code)) return execArgv;
  const index = execArgv.lastIndexOf(code);
  if (index <= 0) return execArgv;
  return [...execArgv.slice(0, index - 1), ...execArgv.slice(index + 1)];
}

function forkStdio(stdio) {
  switch (stdio) {
    case 'ignore':
    case 'overlapped':
    case 'pipe':
      return [stdio, stdio, stdio, 'ipc'];
    case 'inherit':
      return [0, 1, 2, 'ipc'];
    default:
      throw invalidArgValue('stdio', stdio);
  }
}

module.exports = { normalizeForkArguments };
