'use strict';
// Worker threads that spawn, fork, capture, send and wait synchronously, and are terminated after a few
// milliseconds, wherever they are. The process must live, and nothing may be left in it.

const path = require('node:path');
const { Worker } = require('node:worker_threads');
const sprog = require('../..');
const { until } = require('../../__test__/helpers/processes.js');
const { growth, row, takeVitals } = require('../support/vitals.js');

const WORKER = path.join(__dirname, 'busy-thread.js');
const AT_A_TIME = 4;
const LONGEST_MS = 25;
const WARM_UP = 16;
const PATIENCE_MS = 30_000;

async function rounds(count, random, tally) {
  let left = count;
  const lane = async () => {
    while (left-- > 0) {
      const worker = new Worker(WORKER, { workerData: random.below(2 ** 31) });
      const exit = new Promise((resolve) => worker.on('exit', resolve));
      worker.on('error', ({ message }) => tally.errors.push(message));
      worker.on('message', () => tally.started++);
      const isAtOnce = random.chance(0.1);
      if (!isAtOnce) await Promise.race([exit, new Promise((it) => worker.once('message', it))]);
      await new Promise((resolve) => setTimeout(resolve, random.below(LONGEST_MS)));
      await worker.terminate();
      await exit;
      tally.ended++;
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
}

/** Ends the programs that outlive their threads by design: nobody terminated them. */
async function reapRest(spawned) {
  return until(() => spawned() === 0, PATIENCE_MS);
}

async function terminateThreads(count, random) {
  const tally = { started: 0, ended: 0, errors: [] };
  await new Promise((resolve) => sprog.spawn('true').on('close', resolve));
  await rounds(Math.min(count, WARM_UP), random, tally);
  const vitals = [await takeVitals()];
  for (const part of [Math.ceil(count / 2), Math.floor(count / 2)]) {
    await rounds(part, random, tally);
    vitals.push(await takeVitals(vitals[0].fds));
  }
  const faults = tally.errors.map((message) => `a thread failed: ${message}`);
  for (const grown of growth(vitals)) faults.push(`left in the process: ${grown}`);
  const fs = require('node:fs');
  const children = () =>
    fs.readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean)
      .length;
  if (!(await reapRest(children))) faults.push(`${children()} children still there`);
  const figures = ['start', 'middle', 'end'].map((when, index) => row(when, vitals[index]));
  return {
    figures: [...figures, { when: `${tally.ended} threads, ${tally.started} starts` }],
    faults,
  };
}

module.exports = { terminateThreads };
