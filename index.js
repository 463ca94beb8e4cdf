'use strict';
// The package's exports, and nothing else.

const node = require('node:child_process');
const { api, loader } = require('./lib/entry.js');

module.exports.native = loader.native;
module.exports.nativeError = loader.nativeError;
module.exports._forkChild = /** @type {any} */ (node)._forkChild;
module.exports.ChildProcess = api.ChildProcess;
module.exports.exec = api.exec;
module.exports.execFile = api.execFile;
module.exports.execFileSync = api.execFileSync;
module.exports.execSync = api.execSync;
module.exports.fork = api.fork;
module.exports.spawn = api.spawn;
module.exports.spawnSync = api.spawnSync;
