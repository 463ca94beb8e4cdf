'use strict';
// Both ends of a busy channel are stopped, continued and killed at random. Messages must come whole and in
// order; an end that dies must be noticed by the other, which goes on (the parent, with a new child) or
// ends (the child).

const { once } = require('node:events');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { isAlive, waitGone } = require('../../__test__/helpers/processes.js');

const PARENT = path.join(__dirname, 'busy-parent.js');
const PATIENCE_MS = 60_000;
const STOPPED_MS = 150;
const BETWEEN_MS = 60;
const KILL_CHILD = 0.06;
const KILL_PARENT = 0.02;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A parent with its child; all that it tells, by word, the last of each. */
function start(seed) {
  const parent = spawn(process.execPath, [PARENT, String(seed)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const told = new Map();
  const children = new Set();
  let rest = '';
  parent.stdout.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [word, value] = JSON.parse(line);
      told.set(word, value);
      if (word === 'child') children.add(value);
    }
  });
  const hear = async (word) => {
    for (const end = Date.now() + PATIENCE_MS; !told.has(word) && Date.now() < end; )
      await sleep(10);
    return told.get(word);
  };
  return { parent, told, children, hear };
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

async function signalBothEnds(seconds, random) {
  const end = Date.now() + seconds * 1000;
  const figures = {
    parents: 0,
    children: 0,
    stops: 0,
    'killed children': 0,
    'killed parents': 0,
    messages: 0,
  };
  const faults = [];
  while (Date.now() < end && faults.length === 0) {
    const pair = start(random.below(2 ** 31));
    figures.parents++;
    if ((await pair.hear('child')) === undefined) faults.push('a parent did not start its child');
    const isKilled = await torment(pair, end, random, figures);
    if (isKilled) figures['killed parents']++;
    else faults.push(...(await finish(pair)));
    for (const child of pair.children) {
      if (!(await waitGone(child, PATIENCE_MS)))
        faults.push(`a child outlived its parent: ${child}`);
    }
    figures.children += pair.children.size;
    figures.messages += pair.told.get('messages') ?? 0;
    if (pair.told.has('fault')) faults.push(pair.told.get('fault'));
  }
  return { figures: [figures], faults };
}

/** Until the time is over, or the parent was killed: then true. */
async function torment({ parent, told }, end, random, figures) {
  while (Date.now() < end && !told.has('fault')) {
    await sleep(random.below(BETWEEN_MS));
    const child = told.get('child');
    const victim = random.chance(0.5) ? parent.pid : child;
    if (random.chance(KILL_PARENT)) {
      kill(parent.pid, 'SIGKILL');
      await waitGone(parent.pid, PATIENCE_MS);
      return true;
    }
    if (random.chance(KILL_CHILD)) {
      if (isAlive(child) && kill(child, 'SIGKILL')) figures['killed children']++;
    } else if (kill(victim, 'SIGSTOP')) {
      figures.stops++;
      await sleep(random.below(STOPPED_MS));
      kill(victim, 'SIGCONT');
    }
  }
  return false;
}

/** Has the parent end, and asks what it has left. */
async function finish({ parent, hear }) {
  parent.stdin.end();
  const left = await hear('left');
  const gone = await waitGone(parent.pid, PATIENCE_MS);
  if (!gone) kill(parent.pid, 'SIGKILL');
  if (parent.exitCode === null && parent.signalCode === null) await once(parent, 'exit');
  const faults = [];
  if (!gone) faults.push('a parent did not end');
  if (parent.exitCode !== 0)
    faults.push(`a parent ended with ${parent.exitCode ?? parent.signalCode}`);
  if (left === undefined || left.fds > 0 || left.zombies > 0) {
    faults.push(`a parent kept ${JSON.stringify(left)}`);
  }
  return faults;
}

module.exports = { signalBothEnds };
