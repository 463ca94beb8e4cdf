'use strict';
// The Node binaries that the suite runs under: the one that runs this file, and one of every
// other supported line, fetched once from npm (the platform package behind `node`).

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const LINES = [20, 22, 24, 26];
const CACHE = path.join(__dirname, '..', '..', '.cache', 'nodes');

/**
 * Path of a Node binary of the given major line; fetched from npm where it is not the running one.
 * Throws where it cannot be had or is not of that line: a line is never silently left out.
 */
function nodeBinary(major) {
  if (major === Number(process.versions.node.split('.')[0])) return process.execPath;
  const pkg = `node-${process.platform}-${process.arch}`;
  const home = path.join(CACHE, `v${major}`);
  const bin = path.join(home, 'node_modules', pkg, 'bin', 'node');
  if (!fs.existsSync(bin)) fetch(pkg, major, home);
  return bin;
}

// Fetched beside its place and renamed into it, so that neither an interrupted fetch nor a second one
// at the same time leaves half a binary.
function fetch(pkg, major, home) {
  fs.mkdirSync(CACHE, { recursive: true });
  const staging = fs.mkdtempSync(path.join(CACHE, `fetch-v${major}-`));
  try {
    fs.writeFileSync(path.join(staging, 'package.json'), '{"private":true}');
    execFileSync(
      'npm',
      ['install', '--no-save', '--no-package-lock', '--no-fund', '--no-audit', `${pkg}@${major}`],
      { cwd: staging, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const bin = path.join(staging, 'node_modules', pkg, 'bin', 'node');
    const version = execFileSync(bin, ['--version'], { encoding: 'utf8' }).trim();
    if (!version.startsWith(`v${major}.`)) throw new Error(`${pkg}@${major} is ${version}`);
    if (fs.existsSync(path.join(home, 'node_modules', pkg, 'bin', 'node'))) return;
    fs.rmSync(home, { recursive: true, force: true });
    fs.renameSync(staging, home);
  } finally {
    fs.rmSync(staging, { recursive: true, force: true });
  }
}

/** The lines to run under: all, or those named in SPROG_TEST_NODES ("20,26"). */
function selectedLines() {
  const wanted = process.env.SPROG_TEST_NODES;
  return wanted ? wanted.split(',').map(Number) : LINES;
}

module.exports = { LINES, nodeBinary, selectedLines };
