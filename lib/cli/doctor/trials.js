'use strict';
// Checks of `sprog doctor` that start a program, in the way that is to be found out about.

const { once } = require('node:events');
const { tryGroup, ownGroups, DELEGATION } = require('./cgroups.js');

/** @typedef {import('../doctor.js').Finding} Finding */

/** The functions of the package: those that a program would use. */
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

function reasonOf({ message, cause }) {
  return cause?.message ? `${message}: ${cause.message}` : message;
}

module.exports = { guard, tree };
