'use strict';
// `npm run parents`: programs that are killed by SIGKILL, and what is left of a hard tree (npx, a shell,
// node, a daemon in a session of its own, a grandchild forked twice) that they had started: with
// `dieWithParent`, by either way of finding the processes, and with Node's own module. Survivors are
// counted from outside, by the pids that the members wrote down. Then what the option costs.
//
//   npm run parents [-- --times 20] [--others 2000] [--no-npx]
//
// `--others` is how many other processes sleep on the machine meanwhile; `--no-npx` puts a shell in the
// place of npx.

const cp = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { performance } = require('node:perf_hooks');
const { setTimeout: sleep } = require('node:timers/promises');
const { setup } = require('./setup.js');
const { readOptions } = require('./support/arguments.js');
const { commandFor, countProcesses, middle, print } = require('./support/tree-figures.js');

const PARENT = path.join(__dirname, 'support', 'guarded-parent.js');
/** Who lives so long after its parent has survived it. */
const PATIENCE_MS = 5_000;
const SPAWNS = 200;

const options = readOptions({
  times: { type: 'string', default: '20' },
  others: { type: 'string', default: '2000' },
  'no-npx': { type: 'boolean', default: false },
});

async function main() {
  setup();
  const { isAlive } = require('../__test__/helpers/processes.js');
  const trees = require('../__test__/helpers/trees.js');
  const rows = trees.modes().map((mode) => ({ name: `dieWithParent, by ${mode}`, mode }));
  const others = Array.from({ length: Number(options.others) }, () =>
    cp.spawn('sleep', ['3600'], { stdio: 'ignore' }),
  );
  print(
    `${countProcesses()} processes, ${os.availableParallelism()} cores, ${options.times} parents a row\n`,
  );
  print('| parent | survivors | to the last exit, ms (median, most) |');
  print('|---|---|---|');
  for (const { name, mode } of [...rows, { name: "node:child_process's", mode: undefined }]) {
    const results = [];
    for (let i = 0; i < Number(options.times); i++) results.push(await oneParent(mode));
    const times = results.map(({ time }) => time).sort((a, b) => a - b);
    const survivors = results.reduce((sum, it) => sum + it.survivors, 0);
    const members = results.reduce((sum, it) => sum + it.members, 0);
    const time = survivors > 0 ? '-' : `${middle(times).toFixed(1)}, ${times.at(-1)?.toFixed(1)}`;
    print(`| ${name} | ${survivors} of ${members} | ${time} |`);
  }
  for (const other of others) other.kill('SIGKILL');
  await costs();

  async function oneParent(mode) {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-parents-'));
    const [file, args] = commandFor(trees.command(directory), options['no-npx']);
    const env = { ...process.env, SPROG_TREE_MODE: mode ?? 'walk' };
    const way = mode === undefined ? 'plain' : 'guarded';
    const parent = cp.spawn(process.execPath, [PARENT, way, file, ...args], {
      env,
      stdio: 'inherit',
    });
    const pids = await trees.members(directory);
    const started = performance.now();
    parent.kill('SIGKILL');
    let time = 0;
    while (pids.some(isAlive) && time < PATIENCE_MS) {
      await sleep(1);
      time = performance.now() - started;
    }
    const left = pids.filter(isAlive);
    for (const pid of left) process.kill(pid, 'SIGKILL');
    fs.rmSync(directory, { recursive: true, force: true });
    return { time, survivors: left.length, members: pids.length };
  }
}

/** What a spawn takes of the loop: the first one with the option, later ones, and those without. */
async function costs() {
  const { spawn } = require('..');
  const time = async (settings, count) => {
    const times = [];
    for (let i = 0; i < count; i++) {
      const started = performance.now();
      const child = spawn('true', [], { stdio: 'ignore', ...settings });
      times.push(performance.now() - started);
      await once(child, 'close');
    }
    return middle(times.sort((a, b) => a - b)).toFixed(2);
  };
  await time({}, SPAWNS);
  print(`\nspawn() blocks the loop, ms: ${await time({}, SPAWNS)} without the option,`);
  print(`  ${await time({ tree: true }, SPAWNS)} with tree,`);
  print(
    `  ${await time({ dieWithParent: true }, 1)} with dieWithParent at first, which starts the guard,`,
  );
  print(`  ${await time({ dieWithParent: true }, SPAWNS)} from then on`);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
