'use strict';
// What tracers do: they wrap the functions of the module, in this process and, by NODE_OPTIONS, in
// every Node below, before the program takes them.

const cp = require('node:child_process');
const path = require('node:path');

const tracer = path.resolve('preloads-tracer.js');
require(tracer);
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS} --require "${tracer}"`;
const { execFileSync } = cp;

const child = 'console.log(require("node:child_process").execSync("node -p 1").toString().trim())';
console.log(execFileSync(process.execPath, ['-e', child], { encoding: 'utf8' }).trim());
cp.exec('echo through exec', (_error, stdout) => console.log(stdout.trim()));
require('source-map-support').install();
console.log(new Error('mapped').stack.includes('preloads.js'));
