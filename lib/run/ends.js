'use strict';
// The two ends of an output of which the middle was dropped: no character is cut in two, and between them
// stands a line that says how much is missing. Pure.

/**
 * @param {Buffer} head
 * @param {Buffer} tail
 * @param {number} dropped how many bytes between them
 * @param {BufferEncoding | null} encoding see settleEncoding
 * @returns {{ content: string | Buffer, dropped: number }} and how many bytes are not in the content
 */
function joinEnds(head, tail, dropped, encoding) {
  if (dropped === 0) {
    const all = head.length === 0 ? tail : Buffer.concat([head, tail]);
    return { content: encoding === null ? all : all.toString(encoding), dropped };
  }
  const ends = wholeEnds(head, tail, dropped, encoding);
  const mark = markOf(ends.dropped);
  const content =
    encoding === null
      ? Buffer.concat([head, Buffer.from(mark), tail])
      : `${ends.head.toString(encoding)}${mark}${ends.tail.toString(encoding)}`;
  return { content, dropped: ends.dropped };
}

/**
 * The same as pieces, of which the last is bytes: what comes next may belong to the same character.
 * @param {Buffer} head
 * @param {Buffer} tail
 * @param {number} dropped
 * @param {BufferEncoding | null} encoding
 * @returns {(string | Buffer)[]}
 */
function endsSoFar(head, tail, dropped, encoding) {
  if (dropped === 0) return [Buffer.concat([head, tail])];
  const ends = wholeEnds(head, tail, dropped, encoding);
  const mark = markOf(ends.dropped);
  if (encoding === null) return [head, Buffer.from(mark), tail];
  return [ends.head.toString(encoding) + mark, ends.tail];
}

/** The ends without the characters that are not whole. */
function wholeEnds(head, tail, dropped, encoding) {
  const end = wholeEnd(head, encoding);
  const start = wholeStart(tail, head.length + dropped, encoding);
  return {
    head: head.subarray(0, end),
    tail: tail.subarray(start),
    dropped: dropped + (head.length - end) + start,
  };
}

function markOf(dropped) {
  return `\n[... ${dropped} bytes dropped ...]\n`;
}

/**
 * Where the last character that is whole ends.
 * @param {Uint8Array} bytes
 * @param {BufferEncoding | null} encoding
 */
function wholeEnd(bytes, encoding) {
  if (encoding === 'utf16le') {
    const end = bytes.length - (bytes.length % 2);
    return end > 0 && isHighSurrogate(bytes[end - 1]) ? end - 2 : end;
  }
  if (encoding !== 'utf8') return bytes.length;
  let start = bytes.length - 1;
  while (start >= 0 && bytes.length - start < 4 && isContinuation(bytes[start])) start--;
  if (start < 0) return bytes.length;
  const lead = bytes[start];
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return start + length > bytes.length ? start : bytes.length;
}

/**
 * Where the first character that is whole begins.
 * @param {Uint8Array} bytes
 * @param {number} offset how many there are before them
 * @param {BufferEncoding | null} encoding
 */
function wholeStart(bytes, offset, encoding) {
  let start = 0;
  if (encoding === 'utf16le') {
    start = offset % 2;
    if (isLowSurrogate(bytes[start + 1])) start += 2;
  } else if (encoding === 'utf8') {
    while (start < bytes.length && start < 3 && isContinuation(bytes[start])) start++;
  }
  return Math.min(start, bytes.length);
}

function isContinuation(byte) {
  return (byte & 0xc0) === 0x80;
}

/** @param {number} byte the second of two */
function isHighSurrogate(byte) {
  return (byte & 0xfc) === 0xd8;
}

function isLowSurrogate(byte) {
  return (byte & 0xfc) === 0xdc;
}

module.exports = { joinEnds, endsSoFar, wholeEnd };
