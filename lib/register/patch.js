'use strict';
// Putting our functions into Node's own module object, and taking them out again. A thread has one
// patch, whichever copies or versions of the package are loaded there: the first one leaves a mark,
// and the others use it.

const nodeChildProcess = require('node:child_process');
const { syncBuiltinESMExports } = require('node:module');
const { native } = require('../native.js');
const version = require('../version.js');
const { handDown } = require('./inheritance.js');
const { openDoor } = require('./sync-door.js');

/** Where the copy that registered is found, as `process[MARK]`: `{ version, unregister }`. */
const MARK = Symbol.for('sprog');

/** Node's module, which has nothing but these names and `_forkChild`. @type {any} */
const target = nodeChildProcess;

/**
 * From now on `node:child_process` is ours in this thread, and in the Node children that are started
 * from it. Does nothing where that is so already, or where the addon cannot be used.
 */
function register() {
  if (owner() !== undefined || !native) return;
  const ours = surface();
  const originals = Object.keys(ours).map((name) => [name, target[name]]);
  const closeDoor = openDoor();
  const undo = () => {
    closeDoor();
    for (const [name, original] of originals) {
      // What the program has put there since is its own.
      if (target[name] === ours[name]) target[name] = original;
    }
    syncBuiltinESMExports();
    handDown(false);
    delete (/** @type {any} */ (process)[MARK]);
  };
  Object.assign(target, ours);
  // Named imports of the module, made before or after.
  syncBuiltinESMExports();
  handDown(true);
  Object.defineProperty(process, MARK, {
    value: Object.freeze({ version, unregister: undo }),
    configurable: true,
  });
}

/**
 * Node's own functions again, in this thread and in children that are started from now on. What the
 * program has replaced since stays as it is, and so do children that run.
 */
function unregister() {
  owner()?.unregister();
}

/** Whoever has registered in this thread: this copy of the package or another. */
function owner() {
  const mark = /** @type {any} */ (process)[MARK];
  return typeof mark?.unregister === 'function' ? mark : undefined;
}

function surface() {
  const {
    ChildProcess,
    execFile,
    execFileSync,
    execSync,
    fork,
    spawn,
    spawnSync,
  } = require('../api.js');
  const { makeExec } = require('../exec.js');
  const exec = makeExec(() => target);
  return { ChildProcess, exec, execFile, execFileSync, execSync, fork, spawn, spawnSync };
}

module.exports = { register, unregister };
