'use strict';
// The package's exports, and nothing else.

const { api, loader, pool, running } = require('./lib/entry.js');

module.exports.native = loader.native;
module.exports.nativeError = loader.nativeError;
module.exports.Pool = pool.Pool;
module.exports._forkChild = /** @type {any} */ (api)._forkChild;
module.exports.ChildProcess = api.ChildProcess;
module.exports.exec = api.exec;
module.exports.execFile = api.execFile;
module.exports.execFileSync = api.execFileSync;
module.exports.execSync = api.execSync;
module.exports.fork = api.fork;
module.exports.pipeline = running.pipeline;
module.exports.run = running.run;
module.exports.RunError = running.RunError;
module.exports.runSync = running.runSync;
module.exports.spawn = api.spawn;
module.exports.spawnSync = api.spawnSync;
