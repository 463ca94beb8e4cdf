'use strict';
// For the tests of process trees: a tree that is hard to end, the pids of its members as they noted
// them themselves, and the ways to find the members of a tree on this machine.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('../..');
const { isAlive, until } = require('./processes.js');

const FIXTURE = path.join(__dirname, '..', 'fixtures', 'tree-members.js');
const MEMBERS = ['node', 'daemon', 'orphan', 'stray'];

/** Generous: a loaded machine takes its time to start four programs. */
const PATIENCE_MS = 30_000;

/** Runs `start` while the mode is forced; it must call what spawns before it returns or awaits. */
function inMode(mode, start) {
  const before = process.env.SPROG_TREE_MODE;
  process.env.SPROG_TREE_MODE = mode;
  try {
    return start();
  } finally {
    if (before === undefined) delete process.env.SPROG_TREE_MODE;
    else process.env.SPROG_TREE_MODE = before;
  }
}

/** The modes that this machine has: always the walk, and groups where they can be made. */
function modes() {
  try {
    inMode('cgroup', () => spawn('true', { tree: true, stdio: 'ignore' }));
    return ['cgroup', 'walk'];
  } catch {
    return ['walk'];
  }
}

/** A directory for the members of one tree, removed by `t.after`. */
function directoryFor(t) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-tree-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The command that runs the fixture below two shells. */
function command(directory, { deaf = false } = {}) {
  const run = `${process.execPath} ${FIXTURE} ${directory}${deaf ? ' deaf' : ''}`;
  const trap = deaf ? "trap '' TERM; " : '';
  return `${trap}sh -c '${run}; exit' ; exit`;
}

/** The pids of the members, when all have noted theirs. */
async function members(directory, names = MEMBERS) {
  const files = names.map((name) => path.join(directory, name));
  const areThere = await until(() => files.every((file) => fs.existsSync(file)), PATIENCE_MS);
  if (!areThere) throw new Error('not all members of the tree have started');
  return files.map((file) => Number(fs.readFileSync(file, 'latin1')));
}

/** Which of them live, once all have had time to end. */
async function survivors(pids) {
  await until(() => !pids.some(isAlive), PATIENCE_MS);
  return pids.filter(isAlive);
}

/** The control groups of this process that are there now. */
function groupsLeft() {
  const mounts = fs.readFileSync('/proc/self/mountinfo', 'latin1').split('\n');
  const mount = mounts.find((line) => line.includes(' - cgroup2 '));
  const own = /^0::(.*)$/m.exec(fs.readFileSync('/proc/self/cgroup', 'latin1'))?.[1];
  if (!mount || own === undefined) return [];
  const directory = path.join(mount.split(' ')[4], own);
  return fs
    .readdirSync(directory)
    .filter((name) => name.startsWith(`sprog.tree-${process.pid}-`))
    .map((name) => path.join(directory, name));
}

module.exports = {
  PATIENCE_MS,
  command,
  directoryFor,
  groupsLeft,
  inMode,
  members,
  modes,
  survivors,
};
