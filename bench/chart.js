'use strict';
// Draws the results as an SVG: how many times better sprog is, on the newest Node, than that Node's own
// module and than Bun. One line a figure, on a logarithmic scale.

const OURS = 'sprog-26';
const AGAINST = [
  { id: 'node-26', label: 'Node 26', colour: '#3f8f4f' },
  { id: 'bun', label: 'Bun', colour: '#c9773b' },
];

/** What is drawn: the figure of a case that a user feels first. */
const DRAWN = new Set([
  'blockedUs',
  'closeMs',
  'perSecond',
  'megabytesPerSecond',
  'loopBusyMsPerGb',
  'spawnSyncMs',
  'execSyncMs',
  'execMs',
  'totalMs',
  'roundTripUs',
  'messagesPerSecond',
  'oneWayMs',
  'replyMs',
  'cpuPerExitUs',
]);

const WIDTH = 900;
const LABELS = 400;
const RIGHT = 70;
const BAR = 9;
const ROW = 2 * BAR + 10;
const TOP = 56;

/** @returns {string} an SVG document; readable on light and on dark pages */
function chart({ circumstances: where, lines }) {
  const rows = lines
    .map((line) => ({ ...line, factors: AGAINST.map(({ id }) => factor(line, id)) }))
    .filter(({ figure, factors }) => DRAWN.has(figure.key) && factors.some(Boolean));
  const scale = logarithmic(rows.flatMap(({ factors }) => factors.filter(Boolean)));
  const height = TOP + rows.length * ROW + 28;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">`,
    '<title>How many times better sprog is than Node and Bun</title>',
    '<style>text{font:12px system-ui,sans-serif;fill:#333}.mute{fill:#777}.one{stroke:#888}',
    '@media(prefers-color-scheme:dark){text{fill:#ddd}.mute{fill:#999}}</style>',
    `<text x="8" y="20" font-weight="bold">sprog on Node 26: times better than</text>`,
    ...AGAINST.map(({ label, colour }, index) => legend(label, colour, 250 + index * 90)),
    `<text x="8" y="38" class="mute">${escaped(circumstance(where))}</text>`,
    `<line class="one" x1="${scale(1)}" x2="${scale(1)}" y1="${TOP - 8}" y2="${height - 22}"/>`,
    `<text class="mute" x="${scale(1)}" y="${height - 8}" text-anchor="middle">as fast</text>`,
    ...rows.map((row, index) => bars(row, TOP + index * ROW, scale)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

/** By how much ours is better than `id` in this line. */
function factor({ figure, medians }, id) {
  const ours = medians[OURS];
  const theirs = medians[id];
  if (!ours || !theirs) return undefined;
  return figure.better === 'lower' ? theirs / ours : ours / theirs;
}

/** From a factor to its place, with room for all of them. */
function logarithmic(factors) {
  const low = Math.log(Math.min(0.5, ...factors));
  const high = Math.log(Math.max(2, ...factors));
  return (value) => {
    const share = (Math.log(value) - low) / (high - low);
    return Math.round(LABELS + share * (WIDTH - LABELS - RIGHT));
  };
}

function legend(label, colour, x) {
  return `<rect x="${x}" y="11" width="10" height="10" fill="${colour}"/><text x="${x + 16}" y="20">${label}</text>`;
}

function circumstance({ date, kernel, cores, versions, scale, rounds }) {
  const names = AGAINST.map(({ id, label }) => `${label.split(' ')[0]} ${versions[id]}`);
  return `${names.join(', ')}; ${kernel}, ${cores} cores; medians of ${rounds} rounds (${scale}), ${date.slice(0, 10)}`;
}

function bars({ title, figure, factors }, y, scale) {
  const label = `<text x="${LABELS - 12}" y="${y + BAR + 3}" text-anchor="end">${escaped(name(title, figure))}</text>`;
  const drawn = factors.map((value, index) => {
    if (!value) return '';
    const [from, to] = [scale(1), scale(value)].sort((a, b) => a - b);
    const top = y + index * BAR;
    const width = Math.max(1, to - from);
    return (
      `<rect x="${from}" y="${top}" width="${width}" height="${BAR - 1}" fill="${AGAINST[index].colour}"/>` +
      `<text class="mute" font-size="10" x="${Math.max(to, scale(1)) + 4}" y="${top + BAR - 1}">${short(value)}</text>`
    );
  });
  return label + drawn.join('');
}

function name(title, figure) {
  return ['median', 'rate', 'both ways', 'round trip', 'total'].includes(figure.title)
    ? title
    : `${title}: ${figure.title}`;
}

function short(value) {
  return `${value >= 10 ? Math.round(value) : value.toFixed(value < 1 ? 2 : 1)} x`;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

module.exports = { chart };
