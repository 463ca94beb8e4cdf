'use strict';
// The understanding between fork and the preload of a child that is our own kind of Node: under
// which names the channel is announced, and how the traces of it are removed again. Pure.

const path = require('node:path');
const { setVariable } = require('../environment.js');
const { preloadOption, addOption, removeOption } = require('../preloading.js');

const FD = 'SPROG_CHANNEL_FD';
const MODE = 'SPROG_CHANNEL_MODE';

const PRELOAD = path.join(__dirname, 'preload.js');
/** First in NODE_OPTIONS: tracers and coverage preload there too, and must find process.send. */
const OPTION = preloadOption(PRELOAD);

/**
 * @param {any} request of spawn; the child's environment is what changes
 * @param {number} fd
 * @param {string} mode 'json' or 'advanced'
 */
function announce(request, fd, mode) {
  addOption(request, OPTION);
  setVariable(request, FD, fd);
  setVariable(request, MODE, mode);
}

/**
 * What was announced to this process, taken out of its environment, which is then as if nothing
 * had been.
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ fd: number, mode: 'json' | 'advanced' } | undefined}
 */
function takeAnnouncement(env) {
  const { [FD]: fd, [MODE]: mode } = env;
  if (fd === undefined) return undefined;
  delete env[FD];
  delete env[MODE];
  removeOption(env, OPTION);
  return { fd: Number(fd), mode: mode === 'advanced' ? 'advanced' : 'json' };
}

module.exports = { ownEnd: { PRELOAD, announce, takeAnnouncement } };
