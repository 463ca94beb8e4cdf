// The default import, where the compiler makes one of the whole module.

import type node from 'node:child_process';
import sprog from 'sprog';

export const wanted: typeof node = sprog;
export const child: sprog.ChildProcess = sprog.spawn('x');
