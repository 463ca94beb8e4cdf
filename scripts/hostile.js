'use strict';
// Prints what hostile children do to a parent, under Node's module and under ours, as a Markdown table:
// the acts and the parent are those of __test__/ipc-hostile.test.js.
//
//   npm run hostile [-- ACT...]

const path = require('node:path');
const { CASES } = require('../__test__/hostile/cases.js');
const { observe } = require('../__test__/hostile/observe.js');

const ROOT = path.join(__dirname, '..');

const mib = (bytes) => Math.round(bytes / (1024 * 1024));
const cell = (text) => text.replaceAll('|', '\\|');

function row(act, observations) {
  const outcomes = observations.map(({ outcome }) => cell(outcome));
  const same = outcomes[0] === outcomes[1];
  const measured = observations.map(({ rss, peak, fds }) =>
    rss && fds && peak !== undefined
      ? [`${mib(rss[0])} → ${mib(rss[1])} (+${Math.max(0, mib(peak))})`, `${fds[0]} → ${fds[1]}`]
      : ['-', '-'],
  );
  const cells = [act.replaceAll('_', ' '), outcomes[0], same ? 'the same' : outcomes[1]];
  return [...cells, ...measured.map(([rss]) => rss), ...measured.map(([, fds]) => fds)];
}

async function main() {
  const named = process.argv.slice(2);
  const acts = named.length > 0 ? named : Object.keys(CASES);
  const node = await observe('node:child_process', acts);
  const ours = await observe(ROOT, acts);
  const head = [
    'hostile act',
    'Node',
    'sprog',
    'RSS in MiB (peak), Node',
    'sprog',
    'fds, Node',
    'sprog',
  ];
  const rows = acts.map((act) => row(act, [node.get(act), ours.get(act)]));
  for (const cells of [head, head.map(() => '---'), ...rows])
    console.log(`| ${cells.join(' | ')} |`);
}

main();
