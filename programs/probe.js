'use strict';
// Preloaded by NODE_OPTIONS into every Node process of a program, as tracers are: notes in a file of
// its own whether node:child_process is ours there.

const fs = require('node:fs');
const path = require('node:path');
const { isMainThread } = require('node:worker_threads');

const { PROGRAMS_PROBE: home } = process.env;

if (isMainThread && home) {
  const note = () => {
    const isOurs = Symbol.for('sprog') in process;
    const command = process.argv.slice(1).map((word) => path.basename(word));
    const file = path.join(home, `${process.pid}.json`);
    // Renamed into its place: a process may be killed at any time.
    fs.writeFileSync(`${file}.part`, JSON.stringify({ isOurs, command }));
    fs.renameSync(`${file}.part`, file);
  };
  // When all the preloads have run; and at the end, for what has ended by then.
  setImmediate(note);
  process.once('exit', note);
}
