'use strict';
// What the pools of pool-program.js run: work for a core, some of which goes wrong at first.

const crypto = require('node:crypto');

exports.hash = ({ text, trouble }, attempt) => {
  if (attempt === 0 && trouble === 'throws') throw new Error('a bad day');
  if (attempt === 0 && trouble === 'crashes') process.kill(process.pid, 'SIGSEGV');
  let hash = text;
  for (let n = 0; n < 2000; n++) hash = crypto.createHash('sha256').update(hash).digest('hex');
  return hash;
};
