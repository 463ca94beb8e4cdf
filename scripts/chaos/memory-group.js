'use strict';
// A control group with little memory for the workers of the chaos run, where one can be made.

const fs = require('node:fs');
const path = require('node:path');

const PLACES = [
  {
    root: '/sys/fs/cgroup/memory',
    limit: 'memory.limit_in_bytes',
    swap: 'memory.memsw.limit_in_bytes',
  },
  { root: '/sys/fs/cgroup', limit: 'memory.max', swap: 'memory.swap.max' },
];

/**
 * @param {number} bytes
 * @returns {{ add: (pid: number) => void, remove: () => void } | undefined}
 */
function makeMemoryGroup(bytes) {
  for (const { root, limit, swap } of PLACES) {
    const place = path.join(root, `sprog-chaos-${process.pid}`);
    try {
      fs.mkdirSync(place);
    } catch {
      continue;
    }
    try {
      fs.writeFileSync(path.join(place, limit), String(bytes));
    } catch {
      fs.rmdirSync(place);
      continue;
    }
    try {
      fs.writeFileSync(
        path.join(place, swap),
        swap.startsWith('memory.swap') ? '0' : String(bytes),
      );
    } catch {
      // Without swap there is no such file.
    }
    return {
      add: (pid) => fs.writeFileSync(path.join(place, 'cgroup.procs'), String(pid)),
      remove: () => fs.rmdirSync(place),
    };
  }
  return undefined;
}

module.exports = { makeMemoryGroup };
