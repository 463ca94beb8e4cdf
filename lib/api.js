'use strict';
// Whose functions the package exports: ours where the addon is in use, else Node's.

const node = require('node:child_process');
const { native } = require('./native.js');

function ownFunctions() {
  const { ChildProcess } = require('./child.js');
  const { makeExec, execFile } = require('./exec.js');
  const { fork } = require('./fork.js');
  const { spawn } = require('./spawn.js');
  const { execFileSync, execSync, spawnSync } = require('./sync.js');
  const exec = makeExec(() => require('../index.js'));
  return { ChildProcess, exec, execFile, execFileSync, execSync, fork, spawn, spawnSync };
}

module.exports = native ? ownFunctions() : node;
