'use strict';
// A file that is to become a stream of a child, opened just before it starts.

class File {
  /**
   * @param {string | Uint8Array} path
   * @param {'r' | 'w' | 'a'} flags
   */
  constructor(path, flags) {
    this.path = path;
    this.flags = flags;
  }
}

module.exports = { File };
