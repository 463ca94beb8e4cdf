'use strict';
// pool.top(): a live table of the workers in a terminal; elsewhere a table now and then.

const { clearInterval, setInterval } = require('../host-timers.js');

const COLUMNS = [
  ['ID', 4],
  ['PID', 8],
  ['STATE', 9],
  ['RUN', 5],
  ['WAIT', 6],
  ['TASKS', 9],
  ['BUSY', 6],
  ['RSS', 9],
  ['AGE', 8],
];

const NAMES = COLUMNS.map(([name]) => name);
const WIDTHS = COLUMNS.map(([, width]) => Number(width));

/** @param {any} stats @param {string} title */
function table(stats, title) {
  const { queued, running, completed, failed, retried, restarts, waitTime, runTime } = stats;
  const lines = [
    `${title}  ${queued} queued, ${running} running, ${completed} done, ${failed} failed, ` +
      `${retried} retried, ${restarts} restarts`,
    `wait ${times(waitTime)}   run ${times(runTime)}`,
    row(NAMES),
  ];
  for (const worker of stats.workers) {
    const { id, pid, state, running: runs, waiting, tasks, utilisation, rss, age } = worker;
    const busy = `${Math.round(utilisation * 100)}%`;
    lines.push(row([id, pid ?? '-', state, runs, waiting, tasks, busy, size(rss), seconds(age)]));
  }
  return lines;
}

function row(cells) {
  return cells.map((cell, n) => String(cell).padStart(WIDTHS[n])).join('');
}

function times({ p50, p99, max }) {
  return [p50, p99, max].map(milliseconds).join(' / ');
}

function milliseconds(ms) {
  return `${ms >= 10 ? Math.round(ms) : ms.toFixed(2)} ms`;
}

function size(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/**
 * Shows a table now and at every interval, until stop() is called. Keeps no program alive.
 * @param {() => any} read stats
 * @param {string} title
 * @param {{ interval: number, stream: any }} options
 */
function startTop(read, title, { interval, stream }) {
  let height = 0;
  const show = () => {
    let lines = table(read(), title);
    // In a terminal the table takes the place of the one before.
    const back = stream.isTTY && height > 0 ? `\x1b[${height}A\x1b[J` : '';
    if (stream.isTTY) lines = lines.map((line) => line.slice(0, (stream.columns || 80) - 1));
    stream.write(`${back}${lines.join('\n')}\n`);
    height = lines.length;
  };
  show();
  const timer = setInterval(show, interval).unref();
  return { show, stop: () => clearInterval(timer) };
}

module.exports = { startTop };
