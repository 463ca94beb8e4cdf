'use strict';
// Preloaded by NODE_OPTIONS into every child of a registered process. It may be any Node, of any
// version, and must start as if nothing had been: this file has to parse on the oldest, and
// whatever fails leaves Node's own module in place.

const major = Number.parseInt(process.versions.node, 10);

if (major >= 20) {
  try {
    require('./inherited.js');
  } catch (_error) {
    // No file, no memory, no right to read: the program runs on what Node has.
  }
}
