'use strict';
// Turns samples into medians and ratios, and these into results.json and a Markdown table.

const os = require('node:os');
const { median } = require('../lib/cli/bench/median.js');

/** Whom the ratio columns compare: ours with the same Node's own module, and with Bun. */
const RATIOS = [
  ['sprog-26', 'node-26'],
  ['sprog-20', 'node-20'],
  ['sprog-26', 'bun'],
  ['sprog-20', 'bun'],
  ...[26, 20].flatMap((major) =>
    ['tinypool-processes', 'jest-worker', 'workerpool', 'tinypool-threads', 'piscina'].map(
      (pool) => [`sprog-${major}`, `${pool}-${major}`],
    ),
  ),
];

/** One line of the table: a figure, its median for each peer, and the ratios. */
function summarize(row, figure, samples) {
  const medians = {};
  for (const [id, runs] of Object.entries(samples)) {
    const values = runs.map((run) => run[figure.key]).filter((value) => typeof value === 'number');
    if (values.length > 0) medians[id] = median(values);
  }
  const ratios = {};
  for (const [ours, theirs] of RATIOS) {
    if (medians[ours] !== undefined && medians[theirs] > 0) {
      ratios[`${ours}/${theirs}`] = medians[ours] / medians[theirs];
    }
  }
  const { case: name, title, params = {} } = row;
  return { case: name, title, params, figure, medians, ratios };
}

/** Where and with what the figures were taken. */
function circumstances(peers, options) {
  return {
    date: new Date().toISOString(),
    kernel: `${os.type()} ${os.release()}`,
    cpu: os.cpus()[0].model,
    cores: os.cpus().length,
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    versions: Object.fromEntries(peers.map(({ id, version }) => [id, version])),
    ...options,
  };
}

function markdown({ circumstances: where, lines, failures }) {
  const ids = Object.keys(where.versions);
  const pairs = RATIOS.map(([ours, theirs]) => `${ours}/${theirs}`).filter((pair) =>
    lines.some(({ ratios }) => ratios[pair] !== undefined),
  );
  const heads = ['figure', 'better', ...ids, ...pairs.map((pair) => pair.replace('/', ' ÷ '))];
  const table = [heads, heads.map((_, column) => (column < 2 ? '---' : '---:'))];
  for (const { title, figure, medians, ratios } of lines) {
    table.push([
      `${title}: ${figure.title}${figure.unit && `, ${figure.unit}`}`,
      figure.better,
      ...ids.map((id) => number(medians[id])),
      ...pairs.map((pair) => number(ratios[pair])),
    ]);
  }
  const text = [
    '# Benchmark',
    '',
    `Medians of ${where.rounds} interleaved rounds at scale \`${where.scale}\`, ${where.date}.`,
    `${where.kernel}, ${where.cores} x ${where.cpu}, ${where.memoryGb} GB.`,
    '',
    ...Object.entries(where.versions).map(([id, version]) => `- ${id}: ${version}`),
    '',
    ...table.map((cells) => `| ${cells.map(escaped).join(' | ')} |`),
  ];
  if (failures.length > 0) {
    text.push('', '## Failed', '');
    for (const { title, peer, message } of failures) {
      text.push(`- ${title}, ${peer}: ${message.split('\n')[0]}`);
    }
  }
  return `${text.join('\n')}\n`;
}

/** A bar would end the cell. */
function escaped(text) {
  return text.replaceAll('|', '\\|');
}

/** Three significant digits, and whole numbers from 100 on. */
function number(value) {
  if (value === undefined) return '—';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return Number(value.toPrecision(3)).toString();
}

module.exports = { circumstances, markdown, number, summarize };
