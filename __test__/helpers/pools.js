'use strict';
// Pools for tests: whatever a test leaves is ended, and no worker process may be left of it.

const assert = require('node:assert');
const path = require('node:path');
const { Pool } = require('../..');
const { isAlive, until } = require('./processes.js');

const WORKER = path.join(__dirname, '..', 'fixtures', 'pool', 'worker.js');
/** What a loaded machine may need for anything at all. */
const PATIENCE_MS = 30_000;

/** @type {Set<any>} */
const pools = new Set();

/** A pool of the fixture's functions, of one worker unless the options say more. */
function makePool(options = {}, script = WORKER) {
  const pool = new Pool(script, { max: 1, ...options });
  const pids = new Set();
  const exits = [];
  pool.on('workerStart', ({ pid }) => pids.add(pid));
  pool.on('workerExit', (exit) => exits.push(exit));
  const made = Object.assign(pool, { pids, exits });
  pools.add(made);
  return made;
}

/** Ends all pools of a test. */
async function endPools() {
  for (const pool of pools) await pool.terminate();
  for (const { pids } of pools) await assertGone(pids);
  pools.clear();
}

async function assertGone(pids) {
  const areGone = await until(() => ![...pids].some(isAlive), PATIENCE_MS);
  assert.ok(areGone, `workers are left: ${[...pids].filter(isAlive)}`);
}

/** Resolves when `condition()` holds; rejects, naming `what`, when it never does. */
async function eventually(condition, what) {
  assert.ok(await until(condition, PATIENCE_MS), what);
}

/** The error that a promise is rejected with. */
async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail('it was resolved');
}

module.exports = { WORKER, Pool, assertGone, endPools, eventually, makePool, rejection };
