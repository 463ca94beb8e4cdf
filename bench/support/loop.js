'use strict';
// How much of the event loop a stretch of work takes: its busy time where the runtime tells it, and
// the longest time for which a timer could not run, which any runtime shows.

const { performance } = require('node:perf_hooks');
const { now } = require('./case.js');

// Others have the function for compatibility and answer zeros.
const tellsUtilization = !process.versions.bun && !process.versions.deno;

/** Starts to measure; the answer stops it and gives `{ busy, stall }` in milliseconds. */
function watchLoop() {
  const before = tellsUtilization ? performance.eventLoopUtilization() : null;
  let last = now();
  let stall = 0;
  const look = () => {
    const time = now();
    stall = Math.max(stall, time - last);
    last = time;
  };
  const ticker = setInterval(look, 2);
  return () => {
    look();
    clearInterval(ticker);
    const busy = before ? performance.eventLoopUtilization(before).active : null;
    return { busy, stall };
  };
}

module.exports = { watchLoop };
