'use strict';
// Whose functions the package exports: ours where the addon is in use, else Node's. What is behind a
// function is loaded with its first call, so that a program's start pays for nothing that it may
// never use.

// Now, before the program replaces it.
require('./host-environment.js');
require('./host-timers.js');
const { isExpected, native, warnNotNative } = require('./native.js');

function ownFunctions() {
  const { ChildProcess } = require('./child.js');
  const { makeExec, execFile } = require('./exec.js');
  const exec = makeExec(() => require('../index.js'));
  return {
    _forkChild,
    ChildProcess,
    exec,
    execFile,
    execFileSync,
    execSync,
    fork,
    spawn,
    spawnSync,
  };
}

/** Node's, which it calls itself; nobody is to wait for the loading of that module for its sake. */
function _forkChild(fd, serializationMode) {
  return /** @type {any} */ (require('node:child_process'))._forkChild(fd, serializationMode);
}

function spawn(file, args, options) {
  return require('./spawn.js').spawn(file, args, options);
}

function fork(modulePath, args = [], options) {
  return require('./fork.js').fork(modulePath, args, options);
}

function spawnSync(file, args, options) {
  return require('./sync.js').spawnSync(file, args, options);
}

function execFileSync(file, args, options) {
  return require('./sync.js').execFileSync(file, args, options);
}

function execSync(command, options) {
  return require('./sync.js').execSync(command, options);
}

// Not in the loader: a child that preloads it has not asked for us.
if (!native && !isExpected) warnNotNative();
// A program can replace `process.permission.has`: where there is one, it is taken before.
if (/** @type {any} */ (process).permission !== undefined) require('./permission.js');

module.exports = native ? ownFunctions() : require('node:child_process');
