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

/**
 * The two ends of an output, with a line between them that says what is missing.
 * @param {Buffer} head
 * @param {Buffer} tail
 * @param {number} dropped how many bytes between them
 * @param {BufferEncoding | null} encoding
 * @returns {string | Buffer}
 */
function joinEnds(head, tail, dropped, encoding) {
  if (dropped === 0) return decode(Buffer.concat([head, tail]), encoding);
  if (encoding === 'utf8' || encoding === 'utf-8') {
    const headEnd = wholeEnd(head);
    const tailStart = wholeStart(tail);
    const missing = dropped + (head.length - headEnd) + tailStart;
    const ends = [head.subarray(0, headEnd), tail.subarray(tailStart)].map(String);
    return `${ends[0]}${mark(missing)}${ends[1]}`;
  }
  if (encoding === null) return Buffer.concat([head, Buffer.from(mark(dropped)), tail]);
  return `${head.toString(encoding)}${mark(dropped)}${tail.toString(encoding)}`;
}

function mark(dropped) {
  return `\n[... ${dropped} bytes dropped ...]\n`;
}

function decode(bytes, encoding) {
  return encoding === null ? bytes : bytes.toString(encoding);
}

/** Where the last character that is whole ends. */
function wholeEnd(bytes) {
  let start = bytes.length - 1;
  while (start >= 0 && bytes.length - start < 4 && isContinuation(bytes[start])) start--;
  if (start < 0) return bytes.length;
  const lead = bytes[start];
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return start + length > bytes.length ? start : bytes.length;
}

/** Where the first character that is whole begins. */
function wholeStart(bytes) {
  let start = 0;
  while (start < bytes.length && start < 3 && isContinuation(bytes[start])) start++;
  return start;
}

function isContinuation(byte) {
  return (byte & 0xc0) === 0x80;
}

module.exports = { toOutput, toLines, joinEnds };
