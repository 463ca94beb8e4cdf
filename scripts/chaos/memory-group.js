'use strict';
// A control group with little memory for the workers of the chaos run, where one can be made.

const fs = require('node:fs');
const path = require('node:path');
const { makeGroup } = require('./group.js');

/**
 * @param {number} bytes
 * @returns {{ add: (pid: number) => void, remove: () => void } | undefined}
 */
function makeMemoryGroup(bytes) {
  // Without swap there are no files for it.
  const group = makeGroup([
    {
      root: '/sys/fs/cgroup/memory',
      limits: { 'memory.limit_in_bytes': String(bytes) },
      extra: { 'memory.memsw.limit_in_bytes': String(bytes) },
    },
    {
      root: '/sys/fs/cgroup',
      limits: { 'memory.max': String(bytes) },
      extra: { 'memory.swap.max': '0' },
    },
  ]);
  if (group === undefined) return undefined;
  return {
    add: (pid) => fs.writeFileSync(path.join(group, 'cgroup.procs'), String(pid)),
    remove: () => fs.rmdirSync(group),
  };
}

module.exports = { makeMemoryGroup };
