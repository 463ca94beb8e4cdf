'use strict';
// Where control groups are, and whether this process may make one.

const fs = require('node:fs');
const path = require('node:path');

const DELEGATION =
  'have a part of the tree delegated: systemd-run --user --scope -p Delegate=yes node app.js, ' +
  'Delegate=yes in a unit, or --cgroupns=private with a writable /sys/fs/cgroup in a container';

/** Directories of this process's own groups. */
function ownGroups() {
  return groupsOf(read('/proc/self/cgroup'));
}

/**
 * Directories of the groups of a process: by `''` that of cgroup v2, by controller those of v1.
 * @param {string} text its /proc/PID/cgroup
 * @returns {Record<string, string>}
 */
function groupsOf(text) {
  const groups = {};
  const memberships = text.split('\n');
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

module.exports = { DELEGATION, groupsOf, ownGroups, tryGroup };
