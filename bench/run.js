'use strict';
// Runs one case once for one peer, in processes of its own.

const { spawn } = require('node:child_process');
const path = require('node:path');

const TIMEOUT_MS = 5 * 60_000;
/** Of what a case that failed has said: some errors hold all that they have read. */
const SAID_LENGTH = 500;

/** The figures that the case printed; rejects with what it said where it failed. */
function runCase(peer, row, scale) {
  const script = path.join(__dirname, 'cases', `${row.case}.js`);
  const params = JSON.stringify({ scale, pool: peer.pool, ...row.params });
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(peer.command, [...peer.args, script, peer.module, params], {
    cwd: __dirname,
    // A group of its own, so that a case that hangs is ended with all that it started.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
  });
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    process.kill(-child.pid, 'SIGKILL');
  }, TIMEOUT_MS);
  return new Promise((resolve, reject) => {
    const output = collect(child.stdout);
    const errors = collect(child.stderr);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const said = errors().trim().slice(0, SAID_LENGTH);
      if (hung) reject(new Error(`no end within ${TIMEOUT_MS / 1000} s`));
      else if (code !== 0) reject(new Error(said || `ended with ${signal ?? code}`));
      else resolve(JSON.parse(output().trim().split('\n').at(-1)));
    });
  });
}

function collect(stream) {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

module.exports = { runCase };
