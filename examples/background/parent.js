'use strict';
// Forks a task that keeps a core busy and reports its progress, while this process's event loop
// stays live: a timer goes on ticking, and its worst delay is shown at the end.

const path = require('node:path');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { fork } = require('sprog');
const { bold, dim, line, milliseconds, progress } = require('../support/terminal.js');

const task = fork(path.join(__dirname, 'child.js'), [String(process.argv[2] ?? 3)]);
const delay = monitorEventLoopDelay({ resolution: 5 });
const display = progress('counting primes');

let ticks = 0;
const ticker = setInterval(() => {
  ticks += 1;
}, 5);
delay.enable();

task.on('message', ({ fraction, primes, result }) => {
  display.update(fraction, `${primes.toLocaleString('en')} found`);
  if (!result) return;
  display.done();
  line(`  ${bold(primes.toLocaleString('en'))} primes below ${result.below.toLocaleString('en')}`);
});

task.on('close', (code) => {
  clearInterval(ticker);
  delay.disable();
  const worst = milliseconds(Math.max(0, delay.max / 1e6 - 5));
  line(dim(`  meanwhile the parent ticked ${ticks} times, at most ${worst} late`));
  process.exitCode = code;
});
