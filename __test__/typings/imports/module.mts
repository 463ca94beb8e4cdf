// An ES module: named imports, the default one, and the namespace.

import type * as node from 'node:child_process';
import * as everything from 'sprog';
import sprog, { type ChildProcess, spawn } from 'sprog';
import { register, unregister } from 'sprog/register';

const children: ChildProcess[] = [sprog.spawn('x'), spawn('x'), everything.spawn('x')];
const modules: (typeof node)[] = [sprog, everything];
export default [children, modules, register, unregister];

// @ts-expect-error: only what is exported may be imported
export type Inner = typeof import('sprog/lib/api.js');
