'use strict';
// Where the streams of a run lead: the options `stdin`, `stdout`, `stderr`, `stdio`, `all` and files, as
// one list for the child. Files stand in it until they are opened, last of all: open-files.js.

const { invalidArgValue } = require('../errors.js');
const { parseStdio, ROOMY_PIPE, SAME_AS_STDOUT } = require('../stdio.js');
const { isNullish, validateArray, validateBoolean, validatePath } = require('../validate.js');
const { File } = require('./file.js');

const WORDS = ['pipe', 'ignore', 'inherit', 'fifo', 'overlapped', 'ipc'];
const NAMES = ['stdin', 'stdout', 'stderr'];

/**
 * @param {any} request
 * @param {any} source what goes to stdin, or undefined; a File takes the place of a pipe
 * @returns {any[]} as the `stdio` option, but that Files may stand in it
 */
function settleStdio(request, source) {
  const list = fromOptions(request);
  if (source !== undefined) {
    if (!isNullish(list[0]) && list[0] !== 'pipe') {
      throw invalidArgValue('options.input', request.input, 'needs a pipe as stdin');
    }
    list[0] = source instanceof File ? source : ROOMY_PIPE;
  } else if (isNullish(list[0])) {
    // Nobody would ever end a pipe.
    list[0] = 'ignore';
  }
  if (request.all) {
    const given = NAMES.slice(1).find((_, index) => !isPipe(list[index + 1]));
    if (given) throw invalidArgValue('options.all', true, `needs a pipe as ${given}`);
    list[1] = ROOMY_PIPE;
    list[2] = SAME_AS_STDOUT;
  }
  const settled = list.map((item, index) => settleItem(item, index));
  // What spawn() would refuse, it refuses before a file is opened.
  parseStdio(
    settled.map((item) => (item instanceof File ? 'ignore' : item)),
    false,
  );
  return settled;
}

function fromOptions(request) {
  const { stdio } = request;
  if (isNullish(stdio)) return NAMES.map((name) => request[name]);
  const other = NAMES.find((name) => !isNullish(request[name]));
  if (other !== undefined) {
    throw invalidArgValue(`options.${other}`, request[other], 'cannot be given beside stdio');
  }
  if (typeof stdio === 'string') return [stdio, stdio, stdio];
  validateArray(stdio, 'options.stdio');
  // Holes are nothing in particular.
  return Array.from({ length: Math.max(stdio.length, 3) }, (_, index) => stdio[index]);
}

function isPipe(item) {
  return isNullish(item) || item === 'pipe';
}

function settleItem(item, index) {
  if (index < 3 && isPipe(item)) return ROOMY_PIPE;
  const name = NAMES[index] ?? `stdio[${index}]`;
  if (typeof item === 'string' && !WORDS.includes(item)) {
    throw invalidArgValue(`options.${name}`, item, `must be one of: ${WORDS.join(', ')}`);
  }
  if (item instanceof File || item === null || typeof item !== 'object') return item;
  if (item instanceof URL) return toFile({ file: item }, name, index);
  return Object.hasOwn(item, 'file') ? toFile(item, name, index) : item;
}

/** @param {any} item `{ file, append }` */
function toFile({ file, append, ...others }, name, index) {
  const path = validatePath(file, `options.${name}.file`);
  const [stranger] = Object.keys(others);
  if (stranger !== undefined) {
    throw invalidArgValue(`options.${name}.${stranger}`, others[stranger], 'is unknown');
  }
  if (!isNullish(append)) validateBoolean(append, `options.${name}.append`);
  if (index === 0) {
    if (append) throw invalidArgValue(`options.${name}.append`, append, 'is for outputs');
    return new File(path, 'r');
  }
  return new File(path, append ? 'a' : 'w');
}

module.exports = { settleStdio };
