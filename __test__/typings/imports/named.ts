// What every way to import has: names, and the namespace.

import * as sprog from 'sprog';
import { type ChildProcess, type SpawnOptions, spawn } from 'sprog';
import { register, unregister } from 'sprog/register';

export const options: SpawnOptions = { cwd: '/' };
export const children: ChildProcess[] = [spawn('x', options), sprog.spawn('x')];
export const back: (() => void)[] = [register, unregister];
