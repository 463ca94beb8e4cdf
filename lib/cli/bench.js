'use strict';
// `sprog bench`: this package against this Node's own module, in turns, and bars of what came out.

const { execFile } = require('node:child_process');
const path = require('node:path');
const { parseArgs, promisify } = require('node:util');
const { outOfRange } = require('../errors.js');
const { native, nativeError } = require('../native.js');
const version = require('../version.js');
const { CASES, isRate } = require('./bench/cases.js');
const { median } = require('./bench/median.js');
const { bar, bold, cyan, dim, green, line, status, yellow } = require('./terminal.js');

/** The package, whether this file stands in lib/ or in the bundle. */
const PACKAGE = path.join(__dirname, '..', '..');
const SAMPLE = path.join(PACKAGE, 'lib', 'cli', 'bench', 'sample.js');
const PEERS = { sprog: path.join(PACKAGE, 'index.js'), node: 'node:child_process' };
const SECONDS = 60;
/** From so many seconds on there are several rounds, and medians. */
const SECONDS_A_ROUND = 15;
const MOST_ROUNDS = 5;
/** What it takes to start a process and to set up a case, about. */
const OVERHEAD_MS = 250;
const SHORTEST_MS = 20;
const BAR_WIDTH = 32;

/** @param {string[]} args @returns {Promise<number>} */
async function run(args) {
  const { json, seconds: text } = parseArgs({
    args,
    options: { json: { type: 'boolean' }, seconds: { type: 'string' } },
  }).values;
  const seconds = Number(text ?? SECONDS);
  if (!(seconds >= 1 && seconds <= 3600)) throw outOfRange('--seconds', '>= 1 && <= 3600', text);
  if (!native) throw new Error(`there is nothing to compare: ${nativeError?.message}`);

  if (!json)
    line(bold(`sprog ${version} against node:child_process of Node ${process.versions.node}`));
  const results = await measureAll(seconds, json ? () => {} : print);
  if (json) {
    const circumstances = { version, node: process.versions.node, seconds };
    line(JSON.stringify({ ...circumstances, results }, null, 2));
  }
  return 0;
}

/** All cases in turn; `tell` gets each result as it comes. */
async function measureAll(seconds, tell) {
  const names = Object.keys(CASES);
  const rounds = Math.min(MOST_ROUNDS, Math.max(1, Math.floor(seconds / SECONDS_A_ROUND)));
  const samples = names.length * 2 * rounds;
  const time = Math.max(SHORTEST_MS, Math.round((seconds * 1000) / samples - OVERHEAD_MS));
  const results = [];
  for (const name of names) {
    const figures = { sprog: [], node: [] };
    for (let round = 0; round < rounds; round += 1) {
      // Whoever comes second may find the machine warmer: they take turns at that too.
      const order = round % 2 ? ['node', 'sprog'] : ['sprog', 'node'];
      for (const peer of order) {
        status(dim(`${CASES[name].title}: ${peer} ...`));
        figures[peer].push(await sample(PEERS[peer], name, time));
      }
    }
    status('');
    results.push(result(name, figures));
    tell(results.at(-1));
  }
  return results;
}

async function sample(module_, name, time) {
  const args = [SAMPLE, module_, name, String(time)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number(stdout);
}

/** @param {string} name @param {{ sprog: number[], node: number[] }} figures */
function result(name, figures) {
  const { title, unit } = CASES[name];
  const [sprog, node] = [figures.sprog, figures.node].map(median);
  const times = isRate(unit) ? sprog / node : node / sprog;
  return { name, title, unit, better: isRate(unit) ? 'higher' : 'lower', sprog, node, times };
}

/** @param {ReturnType<typeof result>} result */
function print({ title, unit, better, sprog, node, times }) {
  const longest = Math.max(sprog, node);
  const verdict = (times >= 1 ? green : yellow)(
    `${short(times)} x ${better === 'lower' ? 'as fast' : 'as much'}`,
  );
  line();
  line(`${title}  ${dim(`(${better} is better)`)}`);
  for (const { peer, value, colour, note } of [
    { peer: 'sprog', value: sprog, colour: cyan, note: verdict },
    { peer: 'node', value: node, colour: dim, note: '' },
  ]) {
    const figure = `${short(value)} ${unit}`.padStart(14);
    line(
      `  ${peer.padEnd(5)} ${colour(bar(value / longest, BAR_WIDTH))} ${figure}  ${note}`.trimEnd(),
    );
  }
}

/** Three digits that matter. */
function short(value) {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

module.exports = { run };
