'use strict';
// What the commands print with, and the examples: colours and bars on a terminal, plain text in a file or a
// pipe.

const isTerminal = process.stdout.isTTY === true;
const hasColour = isTerminal && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

function paint(code) {
  return (text) => (hasColour ? `\x1b[${code}m${text}\x1b[0m` : String(text));
}

const bold = paint(1);
const dim = paint(2);
const red = paint(31);
const green = paint(32);
const yellow = paint(33);
const cyan = paint(36);

function line(text = '') {
  process.stdout.write(`${text}\n`);
}

/** A bar of at most `width` cells; never empty, so that a small value is still seen. */
function bar(fraction, width) {
  const cells = Math.min(width, Math.max(1, Math.round(fraction * width)));
  return (isTerminal ? '\u2588' : '#').repeat(cells).padEnd(width);
}

/** A line about what is going on, that the next one replaces; nothing where nobody watches. */
function status(text) {
  if (isTerminal) process.stdout.write(`\r\x1b[K${text}`);
}

module.exports = { bar, bold, cyan, dim, green, isTerminal, line, red, status, yellow };
