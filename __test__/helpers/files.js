'use strict';
// Files that a test writes for itself.

const fs = require('node:fs');
const path = require('node:path');

/** Writes a file into `directory`, in a subdirectory if its name says so; answers its path. */
function writeFile(directory, name, source) {
  const file = path.join(directory, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, source);
  return file;
}

module.exports = { writeFile };
