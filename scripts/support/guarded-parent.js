'use strict';
// The parent of scripts/parents.js: starts one command line and waits to be killed.
//
//   node guarded-parent.js plain|guarded FILE ARGUMENT...

const [way, file, ...args] = process.argv.slice(2);
const isGuarded = way === 'guarded';
const { spawn } = isGuarded ? require('../..') : require('node:child_process');

const options = /** @type {any} */ (isGuarded ? { dieWithParent: true } : {});
spawn(file, args, { stdio: 'ignore', ...options });
setInterval(() => {}, 60_000);
