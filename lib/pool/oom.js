'use strict';
// Whether a worker that was killed by SIGKILL fell to the kernel for want of memory. A child that was started
// with a memory limit of its own knows; for any other the kernel's count of such kills has risen
// since it was started: the count of the control group that it shares with this process, so that what befalls
// others does not matter, or that of the machine where groups tell nothing.

const fs = require('node:fs');
const path = require('node:path');
const { ownGroups } = require('../control-groups.js');

const MACHINE = '/proc/vmstat';

/** How many processes the kernel has killed for memory; undefined where it does not say. */
function countOomKills() {
  for (const file of [...ownGroupFiles(), MACHINE]) {
    const found = /^oom_kill (\d+)$/m.exec(read(file));
    if (found !== null) return Number(found[1]);
  }
  return undefined;
}

/** Where the group that the memory of this process counts for has its events: version 1, version 2. */
function ownGroupFiles() {
  const { memory, '': unified } = ownGroups();
  const files = [];
  if (memory !== undefined) files.push(path.join(memory, 'memory.oom_control'));
  // There is none of these where the group has no controller of memory.
  if (unified !== undefined) files.push(path.join(unified, 'memory.events.local'));
  return files;
}

function read(file) {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

/**
 * @param {any} child that has exited
 * @param {string | null} signal
 * @param {number | undefined} countAtStart
 * @returns {boolean | undefined} undefined where it cannot be told
 */
function wasOomKilled(child, signal, countAtStart) {
  if (signal !== 'SIGKILL') return false;
  if (typeof child.oomKilled === 'boolean') return child.oomKilled;
  const count = countOomKills();
  return count === undefined || countAtStart === undefined ? undefined : count > countAtStart;
}

module.exports = { countOomKills, wasOomKilled };
