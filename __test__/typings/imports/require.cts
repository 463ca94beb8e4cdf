// A CommonJS module in TypeScript.

import node = require('node:child_process');
import sprog = require('sprog');

import { type ChildProcess, spawn } from 'sprog';

const children: ChildProcess[] = [sprog.spawn('x'), spawn('x')];
const wanted: typeof node = sprog;
export = [children, wanted];

// @ts-expect-error: no such thing
sprog.spawnAsync;
