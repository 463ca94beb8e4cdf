'use strict';
// The tracer of preloads.js.

const cp = require('node:child_process');

for (const name of ['spawn', 'execFile', 'execFileSync', 'execSync', 'fork']) {
  const original = cp[name];
  cp[name] = function (...args) {
    console.log('traced', name, String(args[0]).split('/').at(-1));
    return original.apply(this, args);
  };
}
const { spawn } = cp.ChildProcess.prototype;
cp.ChildProcess.prototype.spawn = function (options) {
  console.log('spawned', options.args.length);
  return spawn.call(this, options);
};
