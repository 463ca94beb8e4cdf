// Limits and bills: the options where they are taken, and what a child can be asked.

import {
  type ChildResourceUsage,
  type ChildUsage,
  exec,
  execFile,
  fork,
  type LimitOptions,
  type Limits,
  type PeakMemorySource,
  spawn,
} from 'sprog';
import { type Equal, is } from './check.js';

const limits: Limits = { memory: 1 << 30, processes: 300, cpuTime: Infinity, core: 0 };
const options: LimitOptions = { limits, nice: 5, affinity: [0, 1], umask: '077' };
const child = spawn('x', ['y'], { ...options, noNewPrivileges: true, usage: 'exact' });

const usage = child.usage();
is<Equal<typeof usage, ChildUsage | undefined>>();
const bill = child.resourceUsage();
is<Equal<typeof bill, ChildResourceUsage | undefined>>();
if (bill) {
  const { maxRSS, userCPUTime, peakMemorySource } = bill;
  is<Equal<typeof maxRSS, number>>();
  is<Equal<typeof userCPUTime, number>>();
  is<Equal<typeof peakMemorySource, PeakMemorySource>>();
  const asNode: NodeJS.ResourceUsage = bill;
  asNode.maxRSS;
}
const { oomKilled } = child;
is<Equal<typeof oomKilled, boolean | undefined>>();

fork('x', { limits: { openFiles: 100, fileSize: null, stack: undefined } }).resourceUsage();
exec('x', { limits: null, umask: 0o22 }).usage();
execFile('x', ['y'], { nice: 19 }, () => {}).resourceUsage();

// @ts-expect-error no such limit
spawn('x', { limits: { files: 5 } });
// @ts-expect-error bytes are a number
spawn('x', { limits: { memory: '1G' } });
// @ts-expect-error exact, or not at all
spawn('x', { usage: 'about' });
// @ts-expect-error told by the kernel
child.oomKilled = true;
