// A CommonJS module in JavaScript that is checked.
'use strict';

const sprog = require('sprog');
const { spawn } = require('sprog');
const { unregister } = require('sprog/register');

/** @type {import('sprog').ChildProcess[]} */
const children = [sprog.spawn('x'), spawn('x')];
/** @type {import('node:stream').Readable} */
const stdout = spawn('x', [], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout;
module.exports = { children, stdout, unregister };

// @ts-expect-error: stdin is null
spawn('x', [], { stdio: ['ignore', 'pipe', 'inherit'] }).stdin.end();
