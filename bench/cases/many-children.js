'use strict';
// With so many live children: the CPU that one exit costs, what a spawn costs, and what memory and
// descriptors each child holds.

const fs = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const { check, cpu, loadModule, main, now, params, pick } = require('../support/case.js');

main(async () => {
  const { spawn } = loadModule();
  const live = pick({ full: params.live, quick: params.live, tiny: 20 });
  const exits = pick({ full: 400, quick: 200, tiny: 5 });
  const rssBefore = residentKb();
  const fdsBefore = descriptors();

  const children = [];
  const before = now();
  for (let index = 0; index < live + exits; index += 1) {
    // Not for ever: should this process die, its sleepers follow.
    children.push(spawn('sleep', ['300'], { stdio: 'ignore' }));
  }
  const spawning = now() - before;
  await Promise.all(children.map(started));
  const rss = residentKb() - rssBefore;
  const fds = descriptors() - fdsBefore;

  await settled();
  const cpuBefore = cpu();
  for (const child of children.slice(live)) await end(child);
  const used = cpu(cpuBefore);

  await Promise.all(children.slice(0, live).map(end));
  return {
    cpuPerExitUs: (used / exits) * 1000,
    spawnEachUs: (spawning / children.length) * 1000,
    rssPerChildKb: rss / children.length,
    fdsPerChild: fds / children.length,
  };
});

function started(child) {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}

/** What the burst of spawns has left to do, garbage above all, is no part of an exit. */
async function settled() {
  for (let turn = 0; turn < 30; turn += 1) {
    const before = cpu();
    await sleep(100);
    if (cpu(before) < 2) return;
  }
}

async function end(child) {
  const exited = new Promise((resolve) => {
    child.once('exit', (_code, signal) => resolve(signal));
  });
  child.kill('SIGKILL');
  const signal = await exited;
  check(signal === 'SIGKILL', `a sleeper ended by ${signal}`);
}

function residentKb() {
  return Number(fs.readFileSync('/proc/self/statm', 'utf8').split(' ')[1]) * 4;
}

function descriptors() {
  return fs.readdirSync('/proc/self/fd').length;
}
