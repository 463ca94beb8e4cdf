'use strict';
// What is added to the error of a program that could not be started: the step that failed, where it was
// to run, and the interpreter that is missing. Not enumerable: printed and compared, the error is Node's.

const { currentDirectory } = require('./current-directory.js');

/** By the number that the addon reports; `Step` in src/sys/linux/step.rs has them. */
const STEPS = [
  'fd',
  'fork',
  'setsid',
  'fd',
  'chdir',
  'setgid',
  'setuid',
  'exec',
  'cgroup',
  'limit',
  'nice',
  'affinity',
  'noNewPrivileges',
];

/**
 * @param {any} error
 * @param {{ step: number, request: any }} failure the step, and what was to be started
 */
function explain(error, { step, request }) {
  define(error, 'step', STEPS[step]);
  define(error, 'cwd', request.cwd ?? currentDirectory());
  if (error.step === 'exec' && error.code === 'ENOENT') {
    const interpreter = require('./interpreter.js').missingInterpreter(request);
    if (interpreter !== undefined) define(error, 'interpreter', interpreter);
  }
}

function define(error, name, value) {
  Object.defineProperty(error, name, { value, writable: true, configurable: true });
}

module.exports = { explain };
