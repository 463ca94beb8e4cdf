'use strict';
// Whether a worker that was killed by SIGKILL fell to the kernel for want of memory. A child that was started
// with a memory limit of its own knows; for any other the kernel's count of such kills has risen
// since it was started.

const fs = require('node:fs');

/** How many processes the kernel has killed for memory; undefined where it does not say. */
function countOomKills() {
  try {
    const found = /^oom_kill (\d+)$/m.exec(fs.readFileSync('/proc/vmstat', 'latin1'));
    return found === null ? undefined : Number(found[1]);
  } catch {
    return undefined;
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
