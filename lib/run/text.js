'use strict';
// What a program has written, in the form that the caller gets. Pure.

const NEWLINE = 10;
const RETURN = 13;

/**
 * @param {string | Buffer} output
 * @param {{ lines: boolean, stripFinalNewline: boolean }} settings
 */
function toOutput(output, { lines, stripFinalNewline }) {
  if (typeof output !== 'string') return stripFinalNewline ? withoutNewline(output) : output;
  if (lines) return toLines(output);
  return stripFinalNewline ? output.replace(/\r?\n$/, '') : output;
}

/** @param {string} text */
function toLines(text) {
  if (text === '') return [];
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** @param {Buffer} bytes */
function withoutNewline(bytes) {
  if (bytes.at(-1) !== NEWLINE) return bytes;
  return bytes.subarray(0, bytes.at(-2) === RETURN ? -2 : -1);
}

module.exports = { toOutput };
