'use strict';
// The Node binaries that the suite runs under: the one that runs this file, and one of every
// other supported line, fetched once from npm (the platform package behind `node`).

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const LINES = [20, 22, 24, 26];
const CACHE = path.join(__dirname, '..', '..', '.cache', 'nodes');

/** Path of a Node binary of the given major line; fetched from npm where it is not the running one. */
function nodeBinary(major) {
  if (major === Number(process.versions.node.split('.')[0])) return process.execPath;
  const pkg = `node-${process.platform}-${process.arch}`;
  const home = path.join(CACHE, `v${major}`);
  const bin = path.join(home, 'node_modules', pkg, 'bin', 'node');
  if (fs.existsSync(bin)) return bin;
  fs.mkdirSync(home, { recursive: true });
  fs.writeFileSync(path.join(home, 'package.json'), '{"private":true}');
  execFileSync('npm', ['install', '--no-save', '--no-package-lock', `${pkg}@${major}`], {
    cwd: home,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return bin;
}

/** The lines to run under: all, or those named in SPROG_TEST_NODES ("20,26"). */
function selectedLines() {
  const wanted = process.env.SPROG_TEST_NODES;
  return wanted ? wanted.split(',').map(Number) : LINES;
}

module.exports = { LINES, nodeBinary, selectedLines };
