'use strict';
// Ending a child for good and waiting for it: killTree() and the disposal of `await using`.

const os = require('node:os');
const { kTree } = require('./tree-key.js');
const { invalidArgType, outOfRange } = require('./errors.js');
const { GRACE_MS } = require('./force-kill.js');
const { clearTimeout, setTimeout } = require('./host-timers.js');
const { sanitizeKillSignal, signalName } = require('./signals.js');
const { noTree } = require('./tree-errors.js');
const { validateObject } = require('./validate.js');

const { SIGTERM } = os.constants.signals;

/**
 * Sends a signal to the child and all its descendants, and SIGKILL to what is left after the grace.
 * @param {any} child
 * @param {any} [options]
 */
async function killTree(child, options = {}) {
  validateObject(options, 'options');
  const number = sanitizeKillSignal(options.signal) ?? SIGTERM;
  const grace = options.grace ?? GRACE_MS;
  validateGrace(grace);
  const tree = child[kTree];
  const signal = signalName(number);
  if (tree === undefined) {
    // What was never started has nothing to end.
    if (child.pid === undefined) return { ended: [], signal, escalated: false, mode: 'walk' };
    throw noTree();
  }
  child.killed = true;
  return tree.end(number, signal, grace);
}

function validateGrace(grace) {
  if (typeof grace !== 'number') throw invalidArgType('options.grace', 'number', grace);
  if (!(grace >= 0)) throw outOfRange('options.grace', '>= 0', grace);
}

/**
 * What `await using` does at the end of its block: the tree, or the child where there is none, is
 * ended, its streams and its channel are closed, and then 'close' has come.
 * @param {any} child
 */
async function dispose(child) {
  const closed = whenClosed(child);
  try {
    await end(child);
  } finally {
    if (child.connected) child.disconnect();
    for (const stream of child.stdio ?? []) stream?.destroy();
  }
  await closed;
}

/** @param {any} child */
async function end(child) {
  if (child[kTree]) {
    await killTree(child);
  } else if (isRunning(child)) {
    const exited = new Promise((resolve) => {
      child.once('exit', resolve);
    });
    child.kill();
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    await exited;
    clearTimeout(timer);
  }
}

function isRunning(child) {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Resolves when everything of the child is closed, at once if it is already, or was never opened. */
function whenClosed(child) {
  const isOver = child._closesGot >= child._closesNeeded;
  // Of what failed to start, what is told in a later tick has a 'close' too; what was thrown has not.
  const isToldLater = child.exitCode !== null || child._handle?.failure !== undefined;
  if (isOver || (child.pid === undefined && !isToldLater)) return undefined;
  return new Promise((resolve) => {
    child.once('close', resolve);
  });
}

module.exports = { killTree, dispose };
