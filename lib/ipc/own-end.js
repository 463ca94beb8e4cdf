'use strict';
// The understanding between fork and the preload of a child that is our own kind of Node: under
// which names the channel is announced, and how the traces of it are removed again. Pure.

const path = require('node:path');

const FD = 'SPROG_CHANNEL_FD';
const MODE = 'SPROG_CHANNEL_MODE';

const PRELOAD = path.join(__dirname, 'preload.js');
/** First in NODE_OPTIONS: tracers and coverage preload there too, and must find process.send. */
const OPTION = `--require "${PRELOAD.replace(/[\\"]/g, '\\$&')}"`;

/**
 * @param {string[]} pairs `KEY=value` of the child's environment, changed in place
 * @param {number} fd
 * @param {string} mode 'json' or 'advanced'
 */
function announce(pairs, fd, mode) {
  const index = pairs.findIndex((pair) => pair.startsWith('NODE_OPTIONS='));
  const given = index === -1 ? '' : pairs[index].slice('NODE_OPTIONS='.length);
  const pair = `NODE_OPTIONS=${given === '' ? OPTION : `${OPTION} ${given}`}`;
  if (index === -1) pairs.push(pair);
  else pairs[index] = pair;
  pairs.push(`${FD}=${fd}`, `${MODE}=${mode}`);
}

/**
 * What was announced to this process, taken out of its environment, which is then as if nothing
 * had been.
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ fd: number, mode: 'json' | 'advanced' } | undefined}
 */
function takeAnnouncement(env) {
  const { [FD]: fd, [MODE]: mode, NODE_OPTIONS: options = '' } = env;
  if (fd === undefined) return undefined;
  delete env[FD];
  delete env[MODE];
  if (options === OPTION) delete env.NODE_OPTIONS;
  else if (options.startsWith(`${OPTION} `)) env.NODE_OPTIONS = options.slice(OPTION.length + 1);
  return { fd: Number(fd), mode: mode === 'advanced' ? 'advanced' : 'json' };
}

module.exports = { ownEnd: { PRELOAD, announce, takeAnnouncement } };
