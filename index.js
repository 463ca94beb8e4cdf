'use strict';
// The package's exports, and nothing else.

const node = require('node:child_process');
const { native, nativeError } = require('./lib/native.js');

const ours = native
  ? {
      ChildProcess: require('./lib/child.js').ChildProcess,
      exec: require('./lib/exec.js').exec,
      execFile: require('./lib/exec.js').execFile,
      execFileSync: require('./lib/sync.js').execFileSync,
      execSync: require('./lib/sync.js').execSync,
      fork: require('./lib/fork.js').fork,
      spawn: require('./lib/spawn.js').spawn,
      spawnSync: require('./lib/sync.js').spawnSync,
    }
  : node;

module.exports.native = native;
module.exports.nativeError = nativeError;
module.exports._forkChild = /** @type {any} */ (node)._forkChild;
module.exports.ChildProcess = ours.ChildProcess;
module.exports.exec = ours.exec;
module.exports.execFile = ours.execFile;
module.exports.execFileSync = ours.execFileSync;
module.exports.execSync = ours.execSync;
module.exports.fork = ours.fork;
module.exports.spawn = ours.spawn;
module.exports.spawnSync = ours.spawnSync;
