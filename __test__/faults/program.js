'use strict';
// Runs under the launcher of crates/inject: all operations with the fault from the very first, then
// without, to see that nothing stayed broken, then with it again, to see that nothing is left. Tells of
// each as a line of JSON. argv: the module under test, the rules, the operations.
//
// In rules, $EPOLL stands for the set that the addon watches its descriptors by: a rule with it counts
// once there is one.

const fs = require('node:fs');
const { countFds, countZombies, until } = require('../helpers/processes.js');
const { OPERATIONS, OURS } = require('./operations.js');

const [, , modulePath, rules, ...names] = process.argv;
const RULES = /** @type {string} */ (process.env.INJECT_RULES);
const ALL = { ...OPERATIONS, ...OURS };
const OPERATION_MS = 30_000;
const PATIENCE_MS = 20_000;
const ONCE_MS = 5_000;

const say = (...values) => fs.writeSync(1, `${JSON.stringify(values)}\n`);

let version = 0;

/** From here on system calls fail as these lines say. */
function arm(lines) {
  fs.writeFileSync(RULES, `${lines}\n# ${version++}\n`);
}

function epollSets() {
  return fs.readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:[eventpoll]';
    } catch {
      return false;
    }
  });
}

const nodesOwn = new Set(epollSets());

function resolved() {
  const ours = epollSets().find((fd) => !nodesOwn.has(fd));
  const lines = rules.split('\n').filter((line) => ours !== undefined || !line.includes('$EPOLL'));
  return lines.map((line) => line.replace('$EPOLL', String(ours))).join('\n');
}

async function attempt(cp, name) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, OPERATION_MS, 'hangs');
  });
  try {
    return await Promise.race([ALL[name].run(cp), late]);
  } catch (error) {
    return `throws ${error.code}`;
  } finally {
    clearTimeout(timer);
  }
}

async function round(cp, title, lines) {
  for (const name of names) {
    arm(lines());
    const outcome = await attempt(cp, name);
    arm('');
    say(title, name, outcome);
  }
}

/** How many descriptors more there are after a round with the fault, once so many milliseconds are over. */
async function leftByRound(cp, patience) {
  const fds = countFds();
  await round(cp, 'warm', resolved);
  await until(() => countFds() <= fds && countZombies() === 0, patience);
  return Math.max(0, countFds() - fds);
}

async function main() {
  const cp = require(modulePath);
  await round(cp, 'cold', resolved);
  await round(cp, 'healthy', () => '');
  await until(() => countZombies() === 0, PATIENCE_MS);
  let left = await leftByRound(cp, ONCE_MS);
  // What is opened once and kept, such as for the thread that looks after control groups, may be opened
  // this late; what leaks is there a second time.
  if (left > 0) left = await leftByRound(cp, PATIENCE_MS);
  say('left', left, countZombies());
}

main();
