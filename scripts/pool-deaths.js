'use strict';
// Prints what pools of processes do when a worker dies, as a Markdown table: whether its task is told, and
// whether the pool works on. Each death in a process of its own.
//
//   npm run pool-deaths

const { spawn } = require('node:child_process');
const path = require('node:path');
const { installPeers } = require('../bench/peers.js');

const ROOT = path.join(__dirname, '..');
const POOLS = ['sprog', 'jest-worker', 'tinypool-processes', 'workerpool'];
const DEATHS = {
  exit: 'process.exit(1)',
  throw: 'an uncaught exception',
  SIGKILL: 'SIGKILL (the OOM killer)',
  SIGSEGV: 'SIGSEGV',
  SIGSTOP: 'SIGSTOP',
  disconnect: 'its channel is closed',
};
/** What takes longer hangs. Ours gives a stopped worker five seconds. */
const HANGS_MS = 12_000;

async function observe() {
  const { openPool } = require('../bench/support/pools.js');
  const [, , , kind, how] = process.argv;
  const pool = await openPool(kind, ROOT);
  await pool.add(1, 2);
  const within = (promise) =>
    Promise.race([
      Promise.resolve(promise).then(
        () => 'resolved',
        (error) => `rejected: ${String(error?.message ?? error).split('\n')[0]}`,
      ),
      new Promise((resolve) => setTimeout(resolve, HANGS_MS, 'hangs')),
    ]);
  const task = await within(pool.die(how));
  const after = await within(Promise.all(Array.from({ length: 20 }, (_, n) => pool.add(n, 1))));
  process.stdout.write(`${JSON.stringify({ task, after })}\n`, () => process.exit());
}

function run(kind, how) {
  return new Promise((resolve) => {
    const args = [__filename, '--observe', kind, how];
    // A session of its own, in which what hangs is ended.
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 3 * HANGS_MS);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Nothing was left.
      }
      const line = text.split('\n').find((each) => each.startsWith('{'));
      resolve(
        line ? JSON.parse(line) : { task: `the program ends (${signal ?? code})`, after: '-' },
      );
    });
  });
}

async function main() {
  installPeers();
  console.log(`| the worker dies by | ${POOLS.join(' | ')} |`);
  console.log(`| --- | ${POOLS.map(() => '---').join(' | ')} |`);
  for (const [how, title] of Object.entries(DEATHS)) {
    const cells = [];
    for (const kind of POOLS) {
      const { task, after } = await run(kind, how);
      const goesOn = { resolved: 'works on', '-': '' }[after] ?? `then ${after}`;
      cells.push(`${task.slice(0, 90)}${goesOn && `; ${goesOn}`}`.replaceAll('|', '\\|'));
    }
    console.log(`| ${title} | ${cells.join(' | ')} |`);
  }
}

if (process.argv[2] === '--observe') observe();
else main();
