'use strict';
// Where this process is, for what is told of a child that starts there.

/** @returns {string | undefined} undefined if the directory was removed */
function currentDirectory() {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

module.exports = { currentDirectory };
