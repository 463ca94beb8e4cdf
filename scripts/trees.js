'use strict';
// `npm run trees`: process trees that are hard to end (npx, a shell, node, a daemon in a session of its
// own, a grandchild forked twice), ended in every way that the option `tree` has, and by the npm package
// tree-kill, in one run. Survivors are counted from outside, by the pids that the members wrote down.
//
//   npm run trees [-- --times 20] [--others 2000] [--only WORD] [--no-npx]
//
// `--others` is how many other processes sleep on the machine meanwhile; `--only` runs the rows whose name
// contains the word; `--no-npx` puts a shell in the place of npx.

const { execFileSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { performance } = require('node:perf_hooks');
const { setTimeout: sleep } = require('node:timers/promises');
const { ROOT, setup } = require('./setup.js');
const { readOptions } = require('./support/arguments.js');
const { commandFor, countProcesses, middle, print } = require('./support/tree-figures.js');

const TREE_KILL = path.join(ROOT, '.cache', 'tree-kill');
const TREE_KILL_VERSION = '1.2.2';
/** Time for a tree to grow. */
const TIMEOUT_MS = 8_000;
/** Who lives so long after the end of a tree has survived it. */
const PATIENCE_MS = 5_000;

const options = readOptions({
  times: { type: 'string', default: '20' },
  others: { type: 'string', default: '2000' },
  only: { type: 'string', default: '' },
  'no-npx': { type: 'boolean', default: false },
});

async function main() {
  setup();
  const cp = require('sprog');
  const { isAlive } = require('../__test__/helpers/processes.js');
  const trees = require('../__test__/helpers/trees.js');
  const treeKill = installTreeKill();
  const asyncDispose =
    /** @type {any} */ (Symbol).asyncDispose ?? Symbol.for('nodejs.asyncDispose');

  /** Each begins the end of a tree; what it returns is awaited. */
  const ways = {
    killTree: ({ child }) => child.killTree(),
    'killTree, SIGKILL': ({ child }) => child.killTree({ signal: 'SIGKILL' }),
    kill: ({ child }) => void child.kill(),
    timeout: ({ child }) => once(child, 'exit'),
    abort: ({ controller }) => controller.abort(),
    dispose: ({ child }) => child[asyncDispose](),
  };
  const rows = trees.modes().flatMap((mode) =>
    Object.entries(ways).map(([name, end]) => ({
      name: `${name}, by ${mode}`,
      mode,
      end,
      timeout: name === 'timeout' ? TIMEOUT_MS : undefined,
    })),
  );
  rows.push({
    name: `tree-kill ${TREE_KILL_VERSION}, SIGKILL`,
    mode: undefined,
    end: ({ child }) => new Promise((done) => treeKill(child.pid, 'SIGKILL', done)),
  });

  const others = Array.from({ length: Number(options.others) }, () =>
    cp.spawn('sleep', ['3600'], { stdio: 'ignore' }),
  );
  print(
    `${countProcesses()} processes on ${os.availableParallelism()} cores, ${options.times} trees a row\n`,
  );
  print('| ended by | survivors | to the last exit, ms (median, most) | JS blocked, ms |');
  print('|---|---|---|---|');
  for (const row of rows.filter(({ name }) => name.includes(options.only))) {
    const results = [];
    for (let i = 0; i < Number(options.times); i++) results.push(await oneTree(row));
    const times = results.map(({ time }) => time).sort((a, b) => a - b);
    const blocked = results.map((it) => it.blocked).sort((a, b) => a - b);
    const survivors = results.reduce((sum, it) => sum + it.survivors, 0);
    if (survivors > 0 && row.mode !== undefined) process.exitCode = 1;
    const [median, most, stall] = [middle(times), times.at(-1) ?? 0, middle(blocked)];
    print(
      `| ${row.name} | ${survivors} of ${results[0].members * results.length} | ${median.toFixed(1)}, ${most.toFixed(1)} | ${stall.toFixed(1)} |`,
    );
  }
  for (const other of others) other.kill('SIGKILL');

  /** One tree, from its growth to its end. */
  async function oneTree({ mode, end, timeout }) {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-trees-'));
    const controller = new AbortController();
    const settings = {
      tree: mode !== undefined,
      stdio: 'ignore',
      signal: controller.signal,
      timeout,
    };
    const [file, args] = commandFor(trees.command(directory), options['no-npx']);
    const child = trees.inMode(mode ?? 'walk', () => cp.spawn(file, args, settings));
    child.on('error', () => {});
    const pids = [child.pid, ...(await trees.members(directory))];
    let started = performance.now();
    const { kill } = child;
    child.kill = (...args) => {
      // Where a timeout ends the tree, this is when.
      if (timeout) started = performance.now();
      return kill.apply(child, args);
    };
    const ended = end({ child, controller });
    const blocked = performance.now() - started;
    if (timeout) await ended;
    let time = performance.now() - started;
    while (pids.some(isAlive) && time < PATIENCE_MS) {
      await sleep(1);
      time = performance.now() - started;
    }
    await ended;
    const left = pids.filter(isAlive);
    for (const pid of left) process.kill(pid, 'SIGKILL');
    fs.rmSync(directory, { recursive: true, force: true });
    return { time, blocked, survivors: left.length, members: pids.length };
  }
}

function installTreeKill() {
  const place = path.join(TREE_KILL, 'node_modules', 'tree-kill');
  if (!fs.existsSync(place)) {
    fs.mkdirSync(TREE_KILL, { recursive: true });
    const wanted = `tree-kill@${TREE_KILL_VERSION}`;
    execFileSync('npm', ['install', '--prefix', TREE_KILL, '--no-save', '--no-audit', wanted]);
  }
  return require(place);
}

main();
