'use strict';
// What the examples draw with: colours and bars on a terminal, plain lines in a file or a pipe.

const { bold, cyan, dim, green, isTerminal, line, red } = require('../../lib/cli/terminal.js');

/** A bar of `width` cells, filled to `fraction`; never empty, so that a small value is still seen. */
function bar(fraction, width = 40, colour = cyan) {
  const cells = Math.min(width, Math.max(1, Math.round(fraction * width)));
  const [full, empty] = isTerminal ? ['█', '░'] : ['#', '.'];
  return colour(full.repeat(cells)) + dim(empty.repeat(width - cells));
}

/** A progress bar that redraws its line on a terminal and prints every quarter elsewhere. */
function progress(label) {
  let quarters = -1;
  return {
    update(fraction, note = '') {
      const percent = `${Math.floor(fraction * 100)}%`.padStart(4);
      const text = `  ${label} ${bar(fraction, 30)} ${percent}  ${note}`;
      if (isTerminal) {
        process.stdout.write(`\r${text}\x1b[K`);
      } else if (Math.floor(fraction * 4) > quarters) {
        quarters = Math.floor(fraction * 4);
        line(text);
      }
    },
    done() {
      if (isTerminal) line();
    },
  };
}

/** A stopwatch: seconds since it was made. */
function stopwatch() {
  const started = process.hrtime.bigint();
  return () => Number(process.hrtime.bigint() - started) / 1e9;
}

function milliseconds(value) {
  return `${value >= 10 ? value.toFixed(1) : value.toFixed(3)} ms`;
}

module.exports = {
  bar,
  bold,
  cyan,
  dim,
  green,
  line,
  milliseconds,
  progress,
  red,
  stopwatch,
};
