'use strict';
// The programs: which files they are given (a folder here, copied for every run), how they are started,
// and what is seen of them.

/**
 * @typedef {object} Program
 * @property {string} title
 * @property {string} [package] whose version is shown
 * @property {string} does what it was seen to do
 * @property {string} files
 * @property {(context: { bin: (name: string, of?: string) => string, node: string }) => string[]} command
 * @property {boolean} [isQuick] part of the tests
 * @property {number} [code] its exit code, if it is not 0
 * @property {number} [since] the first major version of Node that has it
 * @property {boolean} [isUnordered] its lines come in any order
 * @property {RegExp[]} [ignore] lines that differ from run to run
 */

/** @type {Program[]} */
const PROGRAMS = [
  ...require('./list/libraries.js'),
  ...require('./list/node.js'),
  ...require('./list/tools.js'),
];

module.exports = { PROGRAMS };
