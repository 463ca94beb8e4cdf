'use strict';
// How a process is, as the kernel tells it.

const fs = require('node:fs');

const PAGE = 4096;

/**
 * @param {number | undefined} pid
 * @returns {{ state: string, rss: number } | undefined} the letter of its state ('T': stopped) and its
 *   resident memory in bytes; undefined once it is gone
 */
function readVitals(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name stands in brackets and may itself hold blanks and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], rss: Number(fields[21]) * PAGE };
  } catch {
    return undefined;
  }
}

module.exports = { readVitals };
