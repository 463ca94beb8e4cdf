'use strict';
// What a child uses at this moment.

/**
 * @param {any} child
 * @returns {{ cpu: { user: number, system: number }, rss: number, threads: number, processes: number } | undefined}
 *   undefined where it does not run
 */
function usage(child) {
  const vitals = child._handle?.vitals?.();
  if (!vitals) return undefined;
  return {
    cpu: {
      user: vitals.user + vitals.waitedUser,
      system: vitals.system + vitals.waitedSystem,
    },
    rss: vitals.rss,
    threads: vitals.threads,
    processes: 1,
  };
}

module.exports = { usage };
