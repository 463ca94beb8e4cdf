'use strict';
// Whether this process may make a control group, and what would let it.

const fs = require('node:fs');
const path = require('node:path');

const DELEGATION =
  'have a part of the tree delegated: systemd-run --user --scope -p Delegate=yes node app.js, ' +
  'Delegate=yes in a unit, or --cgroupns=private with a writable /sys/fs/cgroup in a container';

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

module.exports = { DELEGATION, tryGroup };
