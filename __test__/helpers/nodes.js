'use strict';
// The Node binaries that the suite runs under: the one that runs this file, and one of every
// other supported line, fetched once from npm (the platform package behind `node`).

const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { packageDirectory } = require('./packages.js');

const LINES = [20, 22, 24, 26];

/**
 * Path of a Node binary of the given major line; fetched from npm where it is not the running one.
 * Throws where it cannot be had or is not of that line: a line is never silently left out.
 */
function nodeBinary(major) {
  if (major === Number(process.versions.node.split('.')[0])) return process.execPath;
  const pkg = `node-${process.platform}-${process.arch}`;
  const place = packageDirectory(pkg, major, path.join('nodes', `v${major}`), (fetched) => {
    const version = execFileSync(binary(fetched), ['--version'], { encoding: 'utf8' }).trim();
    if (!version.startsWith(`v${major}.`)) throw new Error(`${pkg}@${major} is ${version}`);
  });
  return binary(place);
}

function binary(place) {
  return path.join(place, 'bin', 'node');
}

/** The lines to run under: all, or those named in SPROG_TEST_NODES ("20,26"). */
function selectedLines() {
  const wanted = process.env.SPROG_TEST_NODES;
  return wanted ? wanted.split(',').map(Number) : LINES;
}

module.exports = { LINES, nodeBinary, selectedLines };
