'use strict';
// A control group of its own for what a chaos run is to hold to a limit, where one can be made.

const fs = require('node:fs');
const path = require('node:path');

/**
 * Makes a group in the first place that has what is needed.
 * @param {{ root: string, limits: Record<string, string>, extra?: Record<string, string> }[]} places each
 *   with the files to write: `limits` there must be, `extra` there may be
 * @returns {string | undefined} its directory
 */
function makeGroup(places) {
  for (const { root, limits, extra = {} } of places) {
    const group = path.join(root, `sprog.chaos-${process.pid}`);
    try {
      fs.mkdirSync(group);
    } catch {
      continue;
    }
    if (Object.entries(limits).every(([name, value]) => write(group, name, value))) {
      for (const [name, value] of Object.entries(extra)) write(group, name, value);
      return group;
    }
    fs.rmdirSync(group);
  }
  return undefined;
}

function write(group, name, value) {
  try {
    fs.writeFileSync(path.join(group, name), value);
    return true;
  } catch {
    return false;
  }
}

module.exports = { makeGroup };
