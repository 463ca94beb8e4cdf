'use strict';
// By what a child is held to its limits: control groups where this process may make them, resource limits
// where those do as well, and an error that says why where there is neither.

const { limitUnavailable, outOfRange } = require('../errors.js');
const { environmentOrErrno } = require('../native-state.js');

/** What helps, by limit. */
const REMEDIES = {
  memory:
    'It needs a control group (memory) that this process may divide, such as `systemd-run --user --scope -p Delegate=yes` or a container with a writable /sys/fs/cgroup gives',
  processes:
    'It needs a control group (pids) that this process may divide, or a child that is not root: RLIMIT_NPROC does not bind root',
};

/**
 * Opens what the limits need.
 * @param {Record<string, number>} limits
 * @param {any} request
 * @param {any} extras what crosses into the addon
 * @returns {(() => void) | undefined} takes it back
 */
function openMeans(limits, request, extras) {
  const native = environmentOrErrno();
  // Then the start fails of the same.
  if (typeof native === 'number') return undefined;
  if (extras.affinity) refuseMissing(native, extras.affinity);
  const { memory, processes } = limits;
  if (memory === undefined && processes === undefined) return undefined;
  const launched = request.usage === 'exact';
  let opened = native.openGroups(memory, processes, launched);
  if (opened.lacking === 'pids' && isBoundByUser(request)) {
    extras.resourceLimits.processes = processes;
    if (memory === undefined) return undefined;
    opened = native.openGroups(memory, undefined, launched);
  }
  if (opened.lacking) {
    const limit = opened.lacking === 'pids' ? 'processes' : 'memory';
    throw limitUnavailable(limit, opened.reason ?? '', REMEDIES[limit]);
  }
  const { groups, cgroup } = opened;
  extras.groups = groups;
  // A tree finds that its child has a group, and does without one of its own.
  if (cgroup) extras.cgroup = cgroup;
  return () => native.discardGroups(/** @type {number} */ (groups));
}

/** Whether the kernel counts the processes of the child's user, who must not be root. */
function isBoundByUser({ uid }) {
  return (uid ?? process.geteuid?.()) !== 0;
}

function refuseMissing(native, affinity) {
  const missing = native.missingProcessor(affinity);
  if (missing === -1) return;
  const name = `options.affinity[${affinity.indexOf(missing)}]`;
  throw outOfRange(name, 'the number of a processor of this machine', missing);
}

module.exports = { openMeans };
