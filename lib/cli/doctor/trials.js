'use strict';
// Checks of `sprog doctor` that start a program, in the way that is to be found out about: Node itself, since
// a small image may have nothing else.

const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { groupsOf, ownGroups } = require('../../control-groups.js');
const { DELEGATION, tryGroup } = require('./cgroups.js');

/** @typedef {import('../doctor.js').Finding} Finding */

/** The functions of the package: those that a program would use. @returns {any} Node's types lack our options */
function sprog() {
  return require('../../api.js');
}

/** By what a tree of processes is held, and why not by a control group. @returns {Promise<Finding>} */
async function tree() {
  const name = 'cgroup';
  try {
    const child = sprog().spawn(process.execPath, ['--version'], { tree: true, stdio: 'ignore' });
    await once(child, 'spawn');
    const { mode } = await child.killTree({ signal: 'SIGKILL' });
    if (mode === 'cgroup') {
      const summary = 'a tree of processes is a control group: it ends whole, whatever it does';
      return { name, status: 'native', summary, facts: { mode } };
    }
    const isWanted = process.env.SPROG_TREE_MODE === 'walk';
    return {
      name,
      status: 'fallback',
      summary: 'the processes of a tree are found by walking /proc',
      reason: isWanted ? 'SPROG_TREE_MODE=walk is in the environment' : whyNoGroup(),
      remedy: isWanted ? 'unset SPROG_TREE_MODE' : DELEGATION,
      facts: { mode },
    };
  } catch (/** @type {any} */ error) {
    return { name, status: 'missing', summary: '`tree` is refused', reason: error.message };
  }
}

function whyNoGroup() {
  const directory = ownGroups()[''];
  if (directory === undefined) return 'cgroup v2 is not mounted here';
  return tryGroup(directory) ?? `${directory} has no cgroup.kill (Linux 5.14)`;
}

/** Whether children can be made to end with this process. @returns {Promise<Finding>} */
async function guard() {
  const name = 'guard';
  try {
    await output('', { dieWithParent: true });
    return { name, status: 'native', summary: 'children can be made to end with this process' };
  } catch (/** @type {any} */ error) {
    const summary = '`dieWithParent` is refused';
    return { name, status: 'missing', summary, reason: reasonOf(error) };
  }
}

/** Limits that no child meets here. */
const MUCH = {
  memory: () => 512 * 1024 * 1024,
  /** No more than this process has: it counts what else the user runs where it is RLIMIT_NPROC. */
  processes() {
    const own = /^Max processes +(\d+)/m.exec(fs.readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return Math.min(Number(own ?? Infinity), 1_000_000);
  },
};

/**
 * By what a child and its descendants are held to a limit together: the child says where it is.
 * @param {'memory' | 'processes'} limit
 * @param {string} controller
 */
function familyLimit(limit, controller) {
  const name = `limits.${limit}`;
  /** @returns {Promise<Finding>} */
  return async () => {
    try {
      const limits = { [limit]: MUCH[limit]() };
      const groups = groupsOf(
        await output("fs.readFileSync('/proc/self/cgroup', 'utf8')", { limits }),
      );
      for (const [version, directory] of /** @type {const} */ ([
        [1, groups[controller]],
        [2, groups['']],
      ])) {
        const place = /^(.*?)\/sprog\.limits-/.exec(directory ?? '')?.[1];
        if (place === undefined) continue;
        const summary = `cgroup v${version} in ${place || path.sep}`;
        return { name, status: 'native', summary, facts: { version } };
      }
      return {
        name,
        status: 'fallback',
        summary: 'RLIMIT_NPROC, which counts all processes of the user',
        reason: 'there is no control group that this process may divide',
        remedy: DELEGATION,
      };
    } catch (/** @type {any} */ error) {
      const reason = error.reason ?? error.message;
      return {
        name,
        status: 'missing',
        summary: 'asking for it is refused',
        reason,
        remedy: DELEGATION,
      };
    }
  };
}

/** Limits that the kernel has for each process, and what else a child can be held to. @returns {Promise<Finding>} */
async function ownLimits() {
  const name = 'limits';
  const options = { limits: { openFiles: 256, core: 0 }, umask: 0o077, noNewPrivileges: true };
  const look = "process.umask() + fs.readFileSync('/proc/self/limits', 'utf8')";
  try {
    const seen = await output(look, options);
    if (!/^63\D/.test(seen) || !/^Max open files +256 /m.test(seen))
      throw new Error(`seen: ${seen}`);
    return { name, status: 'native', summary: 'each process can be held to limits of its own' };
  } catch (/** @type {any} */ error) {
    const summary = 'a child with limits is not started';
    return { name, status: 'missing', summary, reason: error.message };
  }
}

/** Whether the peak memory of a child can be told from its parent's. @returns {Promise<Finding>} */
async function exactUsage() {
  const name = 'usage';
  try {
    await output('', { usage: 'exact' });
    return {
      name,
      status: 'native',
      summary: 'the peak memory of a child is exact where that is asked for',
    };
  } catch (/** @type {any} */ error) {
    const summary = "`usage: 'exact'` is refused";
    return { name, status: 'missing', summary, reason: error.reason ?? error.message };
  }
}

/**
 * What an expression is in a Node that is started with the options; throws unless that ends well.
 * @param {string} expression
 * @param {object} options
 */
async function output(expression, options) {
  const stdio = ['ignore', 'pipe', 'ignore'];
  const child = sprog().spawn(process.execPath, ['--print', expression], { ...options, stdio });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => {
    text += piece;
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`a child ended with ${signal ?? code}`);
  return text;
}

function reasonOf({ message, cause }) {
  return cause?.message ? `${message}: ${cause.message}` : message;
}

module.exports = {
  exactUsage,
  guard,
  memoryLimit: familyLimit('memory', 'memory'),
  ownLimits,
  processLimit: familyLimit('processes', 'pids'),
  tree,
};
