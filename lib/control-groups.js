'use strict';
// Where the control groups of a process are, whichever version they are of and wherever they are mounted.

const fs = require('node:fs');
const path = require('node:path');

/** Directories of this process's own groups. */
function ownGroups() {
  return groupsOf(read('/proc/self/cgroup'));
}

/**
 * Directories of the groups of a process: by `''` that of cgroup v2, by controller those of v1.
 * @param {string} memberships its /proc/PID/cgroup
 * @param {string} [mountinfo] of this process, whose paths these are
 * @returns {Record<string, string>}
 */
function groupsOf(memberships, mountinfo = read('/proc/self/mountinfo')) {
  const groups = {};
  for (const mount of mounts(mountinfo)) {
    for (const line of memberships.split('\n')) {
      const [, controllers, place] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      if (place === undefined) continue;
      const isV2 = controllers === '' && mount.type === 'cgroup2';
      const isV1 = mount.type === 'cgroup' && controllers !== '' && mount.has(controllers);
      if (!isV2 && !isV1) continue;
      // Within a container the mount may show a part of the tree only.
      const below = path.relative(mount.root, place);
      const directory = below.startsWith('..') ? mount.point : path.join(mount.point, below);
      for (const controller of controllers.split(',')) groups[controller] ??= directory;
    }
  }
  return groups;
}

/** Those of control groups. @param {string} mountinfo */
function mounts(mountinfo) {
  return mountinfo
    .split('\n')
    .filter((line) => line.includes(' - cgroup'))
    .map((line) => {
      const [before, after] = line.split(' - ').map((part) => part.split(' '));
      const options = (after[2] ?? '').split(',');
      return {
        root: unescaped(before[3]),
        point: unescaped(before[4]),
        type: after[0],
        has: (controllers) => controllers.split(',').every((each) => options.includes(each)),
      };
    });
}

/** The kernel writes blanks, line ends and backslashes as octal numbers there. */
function unescaped(text) {
  return text.replace(/\\([0-7]{3})/g, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

module.exports = { groupsOf, ownGroups };
