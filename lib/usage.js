'use strict';
// What a child uses at this moment, with all of its tree where it has one.

const { processVitals } = require('./native.js');
const { kTree } = require('./tree-key.js');

/**
 * @typedef {object} Usage
 * @property {{ user: number, system: number }} cpu microseconds
 * @property {number} rss bytes
 * @property {number} threads
 * @property {number} processes
 */

/**
 * @param {any} child
 * @returns {Usage | undefined} undefined where nothing runs
 */
function usage(child) {
  const own = child._handle?.vitals?.() ?? null;
  const members = child[kTree]?.members() ?? [];
  const others = members.filter((pid) => own === null || pid !== child.pid).map(processVitals);
  const running = [own, ...others].filter((vitals) => vitals !== null && vitals.state !== 'Z');
  return running.length === 0 ? undefined : running.reduce(add, none());
}

function none() {
  return { cpu: { user: 0, system: 0 }, rss: 0, threads: 0, processes: 0 };
}

/** @param {Usage} sum @param {import('../binding.js').ProcessVitals} vitals @returns {Usage} */
function add({ cpu, rss, threads, processes }, vitals) {
  return {
    cpu: {
      user: cpu.user + vitals.user + vitals.waitedUser,
      system: cpu.system + vitals.system + vitals.waitedSystem,
    },
    rss: rss + vitals.rss,
    threads: threads + vitals.threads,
    processes: processes + 1,
  };
}

module.exports = { usage };
