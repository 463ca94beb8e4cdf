'use strict';
// What an addon must be to be packed: for the processor that its name says, small, and content with
// an old glibc.

const fs = require('node:fs');
const { programs } = require('./elf.js');

/** Bytes; a debug build has many times more. */
const LARGEST = 1.5e6;
/** Of Debian 10 and RHEL 8; Node 20 itself asks for no less. */
const FLOOR = '2.28';

/**
 * @param {string} file
 * @param {{ arch: string, libc: string }} target
 * @returns {{ bytes: number, glibc: string | undefined, tooNew: string[], problems: string[] }} `glibc` is
 *   the oldest that it runs on
 */
function inspect(file, { arch, libc }) {
  const bytes = fs.readFileSync(file);
  const all = programs(bytes);
  const wanted = all.flatMap(({ wanted }) => wanted).filter(isGlibc);
  const tooNew = wanted
    .filter((symbol) => compare(glibcOf(symbol), FLOOR) > 0)
    .map(({ name, version }) => `${name}@${version}`);
  const problems = [];
  if (all[0]?.offset !== 0) problems.push('it is no ELF file');
  const strays = all.filter(({ machine }) => machine !== arch);
  if (strays.length > 0)
    problems.push(`it is, in part, for ${strays[0].machine ?? 'another processor'}`);
  if (bytes.length > LARGEST) {
    problems.push(`it has ${bytes.length} bytes, ${LARGEST} are allowed: is it a debug build?`);
  }
  if (libc === 'musl' && wanted.length > 0) problems.push('it is linked to glibc');
  if (tooNew.length > 0) {
    problems.push(`it needs more than glibc ${FLOOR} (build/glibc.rs): ${tooNew.join(', ')}`);
  }
  const glibc = wanted.map(glibcOf).sort(compare).at(-1);
  return { bytes: bytes.length, glibc, tooNew, problems };
}

function isGlibc({ version }) {
  return /^GLIBC_[\d.]+$/.test(version);
}

function glibcOf({ version }) {
  return version.replace('GLIBC_', '');
}

/** 2.9 is older than 2.28. */
function compare(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

module.exports = { FLOOR, LARGEST, inspect };
