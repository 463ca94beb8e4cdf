'use strict';
// Checks of `sprog doctor` that start a program, in the way that is to be found out about.

const { once } = require('node:events');
const path = require('node:path');
const { DELEGATION, groupsOf, ownGroups, tryGroup } = require('./cgroups.js');

/** @typedef {import('../doctor.js').Finding} Finding */

/** The functions of the package: those that a program would use. @returns {any} Node's types lack our options */
function sprog() {
  return require('../../api.js');
}

/** By what a tree of processes is held, and why not by a control group. @returns {Promise<Finding>} */
async function tree() {
  const name = 'cgroup';
  try {
    const child = sprog().spawn('sleep', ['60'], { tree: true, stdio: 'ignore' });
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
    const child = sprog().spawn('true', [], { dieWithParent: true, stdio: 'ignore' });
    await once(child, 'close');
    return { name, status: 'native', summary: 'children can be made to end with this process' };
  } catch (/** @type {any} */ error) {
    const summary = '`dieWithParent` is refused';
    return { name, status: 'missing', summary, reason: reasonOf(error) };
  }
}

/** Far more than `cat` needs. */
const MUCH = { memory: 64 * 1024 * 1024, processes: 64 };

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
      const groups = groupsOf(
        await output('cat', ['/proc/self/cgroup'], { limits: { [limit]: MUCH[limit] } }),
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
  const options = { limits: { openFiles: 64, core: 0 }, umask: 0o077, noNewPrivileges: true };
  try {
    const seen = (await output('sh', ['-c', 'ulimit -n; umask'], options)).split('\n');
    if (Number(seen[0]) !== 64 || Number.parseInt(seen[1], 8) !== 0o077)
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
    await output('true', [], { usage: 'exact' });
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

/** What a program writes; throws unless it ends well. @param {string[]} args @param {object} options */
async function output(command, args, options) {
  const child = sprog().spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => {
    text += piece;
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ended with ${signal ?? code}`);
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
