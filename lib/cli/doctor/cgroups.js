'use strict';
// What this process may do with control groups: make one below its own in cgroup v2 (trees), and have
// the kernel enforce a limit there or in a hierarchy of cgroup v1.

const fs = require('node:fs');
const path = require('node:path');

/** @typedef {import('../doctor.js').Finding} Finding */

const DELEGATION =
  'have a part of the tree delegated: systemd-run --user --scope -p Delegate=yes node app.js, ' +
  'Delegate=yes in a unit, or --cgroupns=private with a writable /sys/fs/cgroup in a container';

/**
 * Directories of this process's own groups: by `''` that of cgroup v2, by controller those of v1.
 * @returns {Record<string, string>}
 */
function ownGroups() {
  const groups = {};
  const memberships = read('/proc/self/cgroup').split('\n');
  for (const mount of mounts()) {
    for (const line of memberships) {
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

function mounts() {
  return read('/proc/self/mountinfo')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [before, after] = line.split(' - ').map((part) => part.split(' '));
      const options = (after?.[2] ?? '').split(',');
      return {
        root: before[3],
        point: before[4],
        type: after?.[0],
        has: (controllers) => controllers.split(',').every((each) => options.includes(each)),
      };
    });
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Whether a group can be made below `directory`, by making one.
 * @returns {string | undefined} the error
 */
function tryGroup(directory) {
  const place = path.join(directory, `sprog.doctor-${process.pid}`);
  try {
    fs.mkdirSync(place);
    fs.rmdirSync(place);
    return undefined;
  } catch (/** @type {any} */ error) {
    return `${error.code} for a group in ${directory}`;
  }
}

const LIMITS = { memory: 'limits.memory', pids: 'limits.processes' };

/** @param {'memory' | 'pids'} controller */
function limit(controller) {
  const name = LIMITS[controller];
  /** @returns {Finding} */
  return () => {
    const groups = ownGroups();
    const reasons = [];
    if (groups[''] !== undefined) {
      const offered = read(path.join(groups[''], 'cgroup.subtree_control')).trim().split(' ');
      const problem = offered.includes(controller)
        ? tryGroup(groups[''])
        : `cgroup v2 in ${groups['']} does not pass the controller "${controller}" on`;
      if (problem === undefined) {
        return {
          name,
          status: 'native',
          summary: `cgroup v2 in ${groups['']}`,
          facts: { version: 2 },
        };
      }
      reasons.push(problem);
    }
    if (groups[controller] !== undefined) {
      const problem = tryGroup(groups[controller]);
      if (problem === undefined) {
        const summary = `cgroup v1 in ${groups[controller]}`;
        return { name, status: 'native', summary, facts: { version: 1 } };
      }
      reasons.push(problem);
    }
    const reason = reasons.join('; ') || 'no control groups are mounted here';
    const summary = 'asking for it is refused';
    return { name, status: 'missing', summary, reason, remedy: DELEGATION };
  };
}

module.exports = { DELEGATION, limit, ownGroups, tryGroup };
