'use strict';
// Runs hostile acts against a parent in a process of its own, and goes on with the next one where an
// act was the end of it.

const { spawn } = require('node:child_process');
const path = require('node:path');

const PARENT = path.join(__dirname, 'parent.js');

/**
 * @typedef {object} Observation
 * @property {string} act
 * @property {string} outcome what the parent saw, as text
 * @property {boolean} [survived] false: the act was the end of the parent, and there is no more to tell
 * @property {[number, number]} [rss] bytes before and after
 * @property {number} [peak] bytes more than before, at most
 * @property {[number, number]} [fds] descriptors before and after
 * @property {number} [mostFds] descriptors more than before, at most
 * @property {number} [zombies]
 * @property {number} [cpu] what it cost the parent, in seconds
 * @property {number} [slowest] the longest that a healthy child was waited for, in ms
 * @property {boolean} [polluted] whether Object.prototype was
 */

/**
 * @param {string} modulePath the module under test
 * @param {string[]} acts
 * @param {string} [node] the Node that runs it
 * @returns {Promise<Map<string, Observation>>} by act
 */
async function observe(modulePath, acts, node = process.execPath) {
  const all = new Map();
  let rest = acts;
  while (rest.length > 0) {
    const { lines, end, stderr } = await run(node, [modulePath, ...rest]);
    for (const line of lines) if (line.act) all.set(line.act, { survived: true, ...line });
    rest = rest.filter((act) => !all.has(act));
    if (rest.length === 0) break;
    const fatal = lines.at(-1)?.start;
    if (fatal !== rest[0]) throw new Error(`no act was begun\n${stderr}`);
    all.set(fatal, {
      act: fatal,
      survived: false,
      outcome: `the end of the parent: ${end}`,
      stderr,
    });
    rest = rest.slice(1);
  }
  return all;
}

async function run(node, args) {
  const parent = spawn(node, ['--expose-gc', PARENT, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, end] = await Promise.all([
    text(parent.stdout),
    text(parent.stderr),
    new Promise((resolve) => parent.on('close', (code, signal) => resolve(signal ?? code))),
  ]);
  return {
    lines: stdout
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
    stderr,
    end,
  };
}

async function text(stream) {
  let all = '';
  for await (const chunk of stream.setEncoding('utf8')) all += chunk;
  return all;
}

module.exports = { observe };
