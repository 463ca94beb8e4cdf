'use strict';
// How much of the event loop a stretch of work takes: its busy time where the runtime tells it, and, in a run of
// its own, the longest time for which a timer could not run, which any runtime shows, but which keeps the loop busy.

const { performance } = require('node:perf_hooks');
const { now } = require('./case.js');

// Others have the function for compatibility and answer zeros.
const tellsUtilization = !process.versions.bun && !process.versions.deno;

/** Starts to measure; the answer stops it and gives the busy time in milliseconds, or null. */
function watchBusy() {
  const before = tellsUtilization ? performance.eventLoopUtilization() : null;
  return () => (before ? performance.eventLoopUtilization(before).active : null);
}

/** Starts to measure; the answer stops it and gives the longest stall in milliseconds. */
function watchStall() {
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
    return stall;
  };
}

module.exports = { watchBusy, watchStall };
