'use strict';
// Threads alone: that they start processes of ours, too.

const path = require('node:path');
const { isMainThread } = require('node:worker_threads');
const { Piscina } = require('piscina');

async function main() {
  const pool = new Piscina({ filename: __filename, maxThreads: 2 });
  console.log(await Promise.all([1, 2, 3].map((number) => pool.run(number))));
  await pool.destroy();
}

module.exports = (number) => {
  const { execFileSync } = require('node:child_process');
  return [isMainThread, path.basename(execFileSync('echo', [`${number}`], { encoding: 'utf8' }))];
};

if (isMainThread) main();
