'use strict';
// What a process has of the things that leak, and whether that stays the same.

const fs = require('node:fs');
const v8 = require('node:v8');
const vm = require('node:vm');
const { countFds, countZombies, until } = require('../../__test__/helpers/processes.js');

const PATIENCE_MS = 20_000;
/** What the allocator and V8 may take and give back as they like, beside a tenth of what there is. */
const SLACK_BYTES = 48 * 1024 * 1024;
/** Threads that come with the first use of something, and stay. */
const THREADS = 4;

const MIB = 1024 * 1024;

/** Collects garbage, without --expose-gc. */
function collect() {
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc');
  for (let n = 0; n < 3; n++) gc();
}

/**
 * @typedef {object} Vitals
 * @property {number} fds
 * @property {number} rss bytes
 * @property {number} zombies
 * @property {number} threads
 */

/** The figures now; garbage has been collected, and what is under way has had time to end. */
async function takeVitals(limit = Infinity) {
  await until(() => countZombies() === 0 && countFds() <= limit, PATIENCE_MS);
  collect();
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  return {
    fds: countFds(),
    rss: process.memoryUsage.rss(),
    zombies: countZombies(),
    threads: fs.readdirSync('/proc/self/task').length,
  };
}

/**
 * What grew between start, middle and end; memory may grow to the middle, by what is kept for the next
 * use, and no further.
 * @param {Vitals[]} vitals
 * @returns {string[]}
 */
function growth([start, middle, end]) {
  const found = [];
  if (end.fds > start.fds) found.push(`${end.fds - start.fds} descriptors`);
  if (end.zombies > 0) found.push(`${end.zombies} zombies`);
  if (end.threads > start.threads + THREADS) found.push(`${end.threads - start.threads} threads`);
  const room = Math.max(start.rss, middle.rss) * 1.1 + SLACK_BYTES;
  if (end.rss > room) found.push(`${Math.round((end.rss - middle.rss) / MIB)} MiB`);
  return found;
}

/** As a row of a table. */
function row(when, { fds, rss, zombies, threads }) {
  return { when, fds, 'RSS MiB': Math.round(rss / MIB), zombies, threads };
}

module.exports = { takeVitals, growth, row };
