'use strict';
// What the IPC cases share: child programs written next to the case that needs them, and parent
// scripts that run in a process of their own, with a time limit.

const fs = require('node:fs');
const path = require('node:path');
const { isAlive } = require('./processes.js');

/** No stdin, visible errors: what a child with a channel gets unless its case is about stdio. */
const QUIET = ['ignore', 'inherit', 'inherit', 'ipc'];

const STAYS_MS = 400;
const ENDS_MS = 20_000;

/** Writes a program into the case's temp directory and returns its path. */
function program(t, source, name = 'child.js') {
  const file = path.join(t.tmp, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, source);
  return file;
}

/** Forks a program given as source. */
function forkSource(t, source, options = {}) {
  const count = fs.readdirSync(t.tmp).length;
  return t.cp.fork(program(t, source, `child-${count}.js`), [], { stdio: QUIET, ...options });
}

/** The next message of a child. */
function message(child) {
  return new Promise((resolve) => child.once('message', resolve));
}

/** Resolves once `child` has emitted `count` messages, with all of them. */
function messages(child, count) {
  return new Promise((resolve) => {
    const all = [];
    child.on('message', function take(value) {
      all.push(value);
      if (all.length < count) return;
      child.removeListener('message', take);
      resolve(all);
    });
  });
}

/** Resolves at an event of `emitter`, with its arguments; unlike events.once, 'error' is no rejection. */
function emitted(emitter, event) {
  return new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));
}

/**
 * Runs a parent script, whose `cp` is the module under test, and says whether it ends by itself.
 * The script calls `armed()` when its set-up is done: a script that is expected to stay is given
 * `STAYS_MS` from there and is then killed, so that the start of a slow Node does not count.
 */
async function runParent(t, source, { stays = false, args = [], nodeArgs = [] } = {}) {
  const prelude = `'use strict';
const cp = require(${JSON.stringify(t.modulePath)});
const armed = () => require('node:fs').writeSync(1, 'armed\\n');
const say = (...values) => require('node:fs').writeSync(1, JSON.stringify(values) + '\\n');
`;
  const file = program(t, prelude + source, 'parent.js');
  const parent = t.cp.spawn(t.node, [...nodeArgs, file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let timer;
  let ended = true;
  const giveUp = () => {
    ended = false;
    parent.kill('SIGKILL');
  };
  timer = setTimeout(giveUp, ENDS_MS);
  parent.stdout.setEncoding('utf8');
  parent.stdout.on('data', (text) => {
    const wasArmed = output.includes('armed\n');
    output += text;
    if (!stays || wasArmed || !output.includes('armed\n')) return;
    clearTimeout(timer);
    timer = setTimeout(giveUp, STAYS_MS);
  });
  const [code, signal] = await t.closed(parent);
  clearTimeout(timer);
  const said = output
    .split('\n')
    .filter((line) => line.startsWith('['))
    .map((line) => JSON.parse(line));
  return { ended, code: ended ? code : null, signal: ended ? signal : null, said };
}

/**
 * Blocks this thread until a child is a zombie: whatever it wrote then waits in the kernel and is
 * found by one turn of the loop, which makes the outcome independent of scheduling. The first
 * thread of a dying process is a zombie while others still hold its descriptors, hence the count.
 */
function blockUntilDead(pid) {
  const limit = Date.now() + ENDS_MS;
  while (Date.now() < limit) {
    if (isAlive(pid)) continue;
    try {
      if (fs.readdirSync(`/proc/${pid}/task`).length <= 1) return;
    } catch {
      return;
    }
  }
  throw new Error('the child did not die');
}

// Node opens the channel that it finds in its environment before any script runs; under another
// name the descriptor stays raw.
const HIDE = 'WIRE_FD=$NODE_CHANNEL_FD; unset NODE_CHANNEL_FD; export WIRE_FD; exec "$0" "$@"';

/** Command and arguments that run the steps of fixtures/wire-steps.js on the raw channel. */
function wireCommand(steps) {
  const fixture = path.join(__dirname, '..', 'fixtures', 'wire-steps.js');
  return ['/bin/sh', ['-c', HIDE, process.execPath, fixture, JSON.stringify(steps)]];
}

/** Starts a child that runs `steps` on the raw channel. */
function spawnWire(cp, steps, options = {}) {
  const stdio = ['ignore', 'pipe', 'inherit', 'ipc'];
  return cp.spawn(...wireCommand(steps), { stdio, ...options });
}

module.exports = {
  spawnWire,
  wireCommand,
  blockUntilDead,
  QUIET,
  program,
  forkSource,
  message,
  messages,
  emitted,
  runParent,
};
