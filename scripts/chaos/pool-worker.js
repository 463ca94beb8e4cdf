'use strict';
// The tasks of scripts/chaos/pool.js. Each writes its id down before it does anything else.

const fs = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');

const log = fs.openSync(process.argv[2], 'a');

function note(id) {
  fs.writeSync(log, `${id}\n`);
}

exports.quick = (id) => {
  note(id);
  return id;
};

exports.busy = (id, ms) => {
  note(id);
  const end = performance.now() + ms;
  while (performance.now() < end);
  return id;
};

exports.wait = async (id, ms) => {
  note(id);
  await sleep(ms);
  return id;
};

exports.echo = (id, bulk) => {
  note(id);
  return bulk;
};

/** More than its control group allows. */
exports.devour = (id, megabytes) => {
  note(id);
  const held = [];
  for (let n = 0; n < megabytes; n++) held.push(Buffer.alloc(2 ** 20, n));
  return held.length;
};
