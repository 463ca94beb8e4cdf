'use strict';
// The package's exports, and nothing else.

const node = require('node:child_process');
const { native, nativeError } = require('./lib/native.js');

const ours = native
  ? {
      ChildProcess: require('./lib/child.js').ChildProcess,
      fork: require('./lib/fork.js').fork,
      spawn: require('./lib/spawn.js').spawn,
    }
  : node;

module.exports.native = native;
module.exports.nativeError = nativeError;
module.exports._forkChild = /** @type {any} */ (node)._forkChild;
module.exports.ChildProcess = ours.ChildProcess;
module.exports.exec = node.exec;
module.exports.execFile = node.execFile;
module.exports.execFileSync = node.execFileSync;
module.exports.execSync = node.execSync;
module.exports.fork = ours.fork;
module.exports.spawn = ours.spawn;
module.exports.spawnSync = node.spawnSync;
