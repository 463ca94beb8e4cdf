// JavaScript as an editor checks it where there are no settings.
'use strict';

const { execSync, Pool, run, runSync, spawn } = require('sprog');

/** @type {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, null>} */
const child = spawn('x', [], { stdio: ['ignore', 'pipe', 'inherit'] });
const pool = new Pool('./worker.js', { max: 2 });

async function main(options) {
  child.stdout.setEncoding('utf8');
  const { stdout } = await run('x', { timeout: 5 });
  const words = [stdout.trim(), runSync('x').stdout.trim(), execSync('x', options).trim()];
  for await (const line of run('x')) words.push(line.trim());
  for await (const item of pool.stream('items', [1])) words.push(item.name);
  words.push(await pool.methods.word('x'), (await pool.run('word', ['y'])).trim());
  return words;
}

module.exports = { main };
