'use strict';
// `npm run audit`: known vulnerabilities, licences and sources of everything that the package is built
// from: the crates by cargo-deny (deny.toml), npm packages by npm. Needs the network, and cargo-deny
// (cargo install cargo-deny); where that is missing this says so and fails.
//
//   npm run audit [-- --offline]     only what needs no network: licences, duplicates, sources

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const isOffline = process.argv.includes('--offline');

function run(command, ...args) {
  console.log(`audit: ${command} ${args.join(' ')}`);
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (error) throw error;
  return status === 0;
}

function hasCargoDeny() {
  return spawnSync('cargo', ['deny', '--version'], { cwd: ROOT }).status === 0;
}

function main() {
  if (!hasCargoDeny()) {
    throw new Error('cargo-deny is missing: cargo install cargo-deny --locked');
  }
  const offline = ['--offline', 'check', 'bans', 'licenses', 'sources'];
  const crates = run('cargo', 'deny', ...(isOffline ? offline : ['check']));
  // What is published depends on nothing; the rest is for development.
  const packages = isOffline || run('npm', 'audit', '--audit-level=high');
  return crates && packages;
}

try {
  process.exitCode = main() ? 0 : 1;
} catch (error) {
  process.stderr.write(`audit: ${error.message}\n`);
  process.exitCode = 1;
}
