'use strict';
// What every case stands on. A case is run as
//
//   RUNTIME bench/cases/CASE.js MODULE PARAMS
//
// under the peer's own runtime; MODULE is what it requires ('node:child_process', the path of sprog,
// or a wrapper's name), PARAMS is JSON with `scale` and whatever its row of the plan adds. It checks
// that every byte and message arrived and prints its figures as one line of JSON.

const { median } = require('../../lib/cli/bench/median.js');

const MODULE = process.argv[2] ?? 'node:child_process';
const params = JSON.parse(process.argv[3] ?? '{"scale":"tiny"}');

/** The size for the scale of this run. */
function pick(sizes) {
  return sizes[params.scale];
}

/** The module under test; loaded when asked for, since loading it is itself a figure. */
function loadModule() {
  return require(MODULE);
}

/** Runs the case; its answer is what the case reports. */
function main(run) {
  run().then(
    (figures) => {
      // Through a callback: some runtimes end before a pipe has taken what process.exit leaves.
      process.stdout.write(`${JSON.stringify(figures)}\n`, () => process.exit(0));
    },
    (error) => {
      process.stderr.write(`${error?.stack ?? error}\n`, () => process.exit(1));
    },
  );
}

function check(condition, message) {
  if (!condition) throw new Error(`check failed: ${message}`);
}

/** Resolves with [code, signal] when everything of the child has ended. */
function closed(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve([code, signal]));
  });
}

async function closesCleanly(child) {
  const [code, signal] = await closed(child);
  check(code === 0, `the child ended with ${signal ?? code}`);
}

/** Milliseconds since some moment, as a float. */
function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}

function quantile(values, fraction) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))];
}

/**
 * What `work` answers, call by call: of many calls where they are cheap, since the moods of a machine last for
 * seconds, and of fewer where a peer takes long. A tenth comes first, for what is loaded or set up once.
 */
async function repeat(work) {
  const [calls, ms] = pick({ full: [800, 2500], quick: [200, 1000], tiny: [5, 1000] });
  await series(work, calls / 10, ms / 10);
  return series(work, calls, ms);
}

async function series(work, calls, ms) {
  const answers = [];
  for (const end = now() + ms; answers.length < calls && now() < end; ) answers.push(await work());
  return answers;
}

/** Milliseconds of CPU, user and system, of this process since `since` (its earlier answer). */
function cpu(since = 0) {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000 - since;
}

module.exports = {
  MODULE,
  check,
  closed,
  closesCleanly,
  cpu,
  loadModule,
  main,
  median,
  now,
  params,
  pick,
  quantile,
  repeat,
};
