'use strict';
// The files that the streams of one run, or of all stages of a pipeline, lead to. Each is opened once, by
// whatever name: outputs that share a file share its position, and do not overwrite each other.

const fs = require('node:fs');
const { File } = require('./file.js');

const { O_APPEND, O_CREAT, O_RDONLY, O_WRONLY } = fs.constants;

/** Nothing is emptied before it is known that no output is led to it already. */
const FLAGS = { r: O_RDONLY, w: O_WRONLY | O_CREAT, a: O_WRONLY | O_CREAT | O_APPEND };

class OpenFiles {
  /** By the names of a file, see below. @type {Map<string, number>} */
  #outputs = new Map();
  /** @type {number[]} */
  #all = [];

  /**
   * @param {any[]} stdio in which Files may stand
   * @returns {any[]} with descriptors in their place
   */
  open(stdio) {
    return stdio.map((item) => (item instanceof File ? this.#open(item) : item));
  }

  /** The children have them. */
  close() {
    for (const fd of this.#all.splice(0)) fs.closeSync(fd);
  }

  /** @param {InstanceType<typeof File>} file */
  #open({ path, flags }) {
    try {
      return flags === 'r'
        ? this.#keep(fs.openSync(/** @type {any} */ (path), FLAGS.r))
        : this.#openOutput(path, flags);
    } catch (error) {
      /** @type {any} */ (error).path ??= path;
      /** @type {any} */ (error).step = 'fd';
      throw error;
    }
  }

  /** The first that opens a file says whether it is emptied. */
  #openOutput(path, flags) {
    const name = `path ${path}`;
    const before = this.#outputs.get(name);
    if (before !== undefined) return before;
    const fd = this.#keep(fs.openSync(path, FLAGS[flags], 0o666));
    const stats = fs.fstatSync(fd, { bigint: true });
    const identity = `inode ${stats.dev} ${stats.ino}`;
    const same = this.#outputs.get(identity);
    if (same === undefined && flags === 'w' && stats.isFile()) fs.ftruncateSync(fd);
    this.#outputs.set(name, same ?? fd);
    this.#outputs.set(identity, same ?? fd);
    return same ?? fd;
  }

  #keep(fd) {
    this.#all.push(fd);
    return fd;
  }
}

module.exports = { OpenFiles };
