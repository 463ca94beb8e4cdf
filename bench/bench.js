'use strict';
// `npm run bench`: every case for every peer in turn, several rounds, medians and ratios.
//
//   --only CASE    this case alone (its file name, or part of a row's title); may be repeated
//   --peers A,B    these peers alone
//   --rounds N     rounds a row (5; 3 with --quick)
//   --quick        smaller sizes: an impression, not a figure to quote
//   --tiny         the smallest sizes, one round: whether every case works at all
//
// A run of every case for every peer writes bench/results.json, results.md and results.svg, which say how
// large it was; any other writes results.partial.* beside them.

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { setup } = require('../scripts/setup.js');
const { chart } = require('./chart.js');
const { findPeers, installPeers } = require('./peers.js');
const { ROWS, takesPart } = require('./plan.js');
const { circumstances, markdown, number, summarize } = require('./report.js');
const { runCase } = require('./run.js');

async function main() {
  const options = readOptions();
  // Before anything is built or fetched for it.
  const rows = ROWS.filter((row) => isWanted(row, options.only));
  if (rows.length === 0) {
    const cases = new Set(ROWS.map((row) => row.case));
    throw new Error(`no such case: ${options.only}; there are ${[...cases].join(', ')}`);
  }
  setup();
  installPeers();
  const peers = findPeers(options.peers);

  const { scale, rounds } = options;
  const results = {
    circumstances: circumstances(peers, { scale, rounds }),
    lines: [],
    failures: [],
  };
  for (const row of rows) {
    const taking = peers.filter((peer) => takesPart(peer, row));
    const { samples, failures } = await measure(row, taking, options);
    results.failures.push(...failures);
    const lines = row.figures.map((figure) => summarize(row, figure, samples));
    results.lines.push(...lines);
    print(row, lines, failures);
  }
  const isWhole = scale !== 'tiny' && !options.only && !options.peers;
  write(results, isWhole ? 'results' : 'results.partial');
  return results.failures.some(({ peer }) => peer.startsWith('sprog')) ? 1 : 0;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      peers: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      tiny: { type: 'boolean', default: false },
    },
  });
  const scale = values.tiny ? 'tiny' : values.quick ? 'quick' : 'full';
  const rounds = Number(values.rounds ?? { full: 5, quick: 3, tiny: 1 }[scale]);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds}`);
  return { only: values.only, peers: values.peers?.split(','), scale, rounds };
}

function isWanted(row, only) {
  return !only || only.some((name) => row.case === name || row.title.includes(name));
}

/**
 * All rounds of one row. Peers take turns within a round, and each round begins with another one: a
 * machine that slows down or warms up does so for everybody.
 */
async function measure(row, peers, { scale, rounds }) {
  const samples = Object.fromEntries(peers.map(({ id }) => [id, []]));
  const failed = new Map();
  for (let round = 0; round < rounds; round += 1) {
    const turn = round % peers.length;
    for (const peer of [...peers.slice(turn), ...peers.slice(0, turn)]) {
      if (failed.has(peer.id)) continue;
      try {
        samples[peer.id].push(await runCase(peer, row, scale));
      } catch (error) {
        // A peer that fails once is out of the row: half its rounds would be no median.
        samples[peer.id] = [];
        failed.set(peer.id, { title: row.title, peer: peer.id, message: error.message });
      }
    }
  }
  return { samples, failures: [...failed.values()] };
}

function print(row, lines, failures) {
  console.log(`\n${row.title}`);
  for (const { figure, medians, ratios } of lines) {
    const unit = figure.unit && ` ${figure.unit}`;
    console.log(`  ${figure.title}${unit && `,${unit}`} (${figure.better} is better)`);
    for (const [id, value] of Object.entries(medians)) {
      const against = Object.entries(ratios)
        .filter(([pair]) => pair.startsWith(`${id}/`))
        .map(([pair, ratio]) => `${number(ratio)} x ${pair.split('/')[1]}`)
        .join(', ');
      console.log(`    ${id.padEnd(10)} ${number(value).padStart(10)}  ${against}`);
    }
  }
  for (const { peer, message } of failures) console.log(`    ${peer} failed: ${message}`);
}

function write(results, name) {
  const place = path.join(__dirname, name);
  fs.writeFileSync(`${place}.json`, `${JSON.stringify(results, null, 2)}\n`);
  fs.writeFileSync(`${place}.md`, markdown(results));
  fs.writeFileSync(`${place}.svg`, chart(results));
  console.log(`\nwritten: bench/${name}.json, .md and .svg`);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(`bench: ${error.message}`);
    if (/^ERR_PARSE_ARGS/.test(error.code)) {
      console.error('the first lines of bench/bench.js list the options');
    }
    process.exitCode = 1;
  },
);
