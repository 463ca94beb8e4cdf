'use strict';
// `sprog doctor`: runs the checks and prints what they found, for people or as JSON.

const { parseArgs } = require('node:util');
const { native } = require('../native.js');
const version = require('../version.js');
const { checks } = require('./doctor/checks.js');
const { bold, dim, green, line, red, yellow } = require('./terminal.js');

/** What each status is called, and in which colour. */
const MARKS = {
  native: { label: 'native', colour: green },
  fallback: { label: 'falls back', colour: yellow },
  missing: { label: 'missing', colour: red },
};
const MARK_WIDTH = Math.max(...Object.values(MARKS).map(({ label }) => label.length));

/**
 * What one check found.
 * @typedef {object} Finding
 * @property {string} name
 * @property {'native' | 'fallback' | 'missing'} status `fallback`: it works, another way; `missing`: it
 *   does not
 * @property {string} summary one line
 * @property {string} [reason] why it is not native
 * @property {string} [remedy] what would make it so
 * @property {boolean} [isEssential] whether anything is wrong with the installation as long as it is so
 * @property {Record<string, any>} [facts] for programs
 */

/** @param {string[]} args @returns {Promise<number>} */
async function run(args) {
  const { json } = parseArgs({ args, options: { json: { type: 'boolean' } } }).values;
  /** @type {Finding[]} */
  const findings = [];
  for (const check of checks) findings.push(await check());
  const isHealthy = !findings.some(({ isEssential, status }) => isEssential && status !== 'native');
  if (json) {
    const shown = findings.map(({ isEssential, ...finding }) => finding);
    line(JSON.stringify({ version, native, healthy: isHealthy, checks: shown }, null, 2));
  } else {
    print(findings, isHealthy);
  }
  return isHealthy ? 0 : 1;
}

/** @param {Finding[]} findings @param {boolean} isHealthy */
function print(findings, isHealthy) {
  const width = Math.max(...findings.map(({ name }) => name.length));
  line(bold(`sprog ${version}`));
  line();
  for (const { name, status, summary, reason, remedy } of findings) {
    const { label, colour } = MARKS[status];
    const mark = colour(label) + ' '.repeat(MARK_WIDTH - label.length);
    line(`  ${name.padEnd(width)}  ${mark}  ${summary}`);
    const indent = ' '.repeat(width + MARK_WIDTH + 6);
    if (reason) line(`${indent}${dim('why:')} ${reason}`);
    if (remedy) line(`${indent}${dim('remedy:')} ${remedy}`);
  }
  line();
  line(isHealthy ? conclusion(findings) : red('Something is to be mended: see above.'));
}

function conclusion(findings) {
  const others = findings.filter(({ status }) => status !== 'native').length;
  return others === 0 ? green('Everything is native.') : 'sprog is native; what falls back works.';
}

module.exports = { run };
