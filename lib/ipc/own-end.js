'use strict';
// The understanding between fork and the preload of a child that is our own kind of Node: under
// which names the channel is announced, and how the traces of it are removed again. Pure.

const path = require('node:path');
const { preloadOption, addOption, removeOption } = require('../preloading.js');

const FD = 'SPROG_CHANNEL_FD';
const MODE = 'SPROG_CHANNEL_MODE';
const DIALECT = 'SPROG_CHANNEL_DIALECT';

/**
 * The version of what two ends of ours say to each other where Node's say something else. The
 * parent announces it, the child's end greets with it, and an end that knows another one, or none,
 * gets Node's wire: package and program may be updated one after the other.
 */
const VERSION = 1;

const PRELOAD = path.join(__dirname, 'preload.js');
/** First in NODE_OPTIONS: tracers and coverage preload there too, and must find process.send. */
const OPTION = preloadOption(PRELOAD);

/**
 * @param {import('../environment.js').Variables} variables of the child
 * @param {number} fd
 * @param {string} mode 'json' or 'advanced'
 */
function announce(variables, fd, mode) {
  addOption(variables, OPTION);
  variables.set(FD, fd);
  variables.set(MODE, mode);
  if (hasDialect(mode)) variables.set(DIALECT, VERSION);
}

/**
 * What was announced to this process, taken out of its environment, which is then as if nothing
 * had been.
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ fd: number, mode: 'json' | 'advanced', greets: boolean } | undefined} `greets` if the
 *   other end waits for a greeting of this version
 */
function takeAnnouncement(env) {
  const { [FD]: fd, [MODE]: mode, [DIALECT]: dialect } = env;
  if (fd === undefined) return undefined;
  for (const name of [FD, MODE, DIALECT]) delete env[name];
  removeOption(env, OPTION);
  return {
    fd: Number(fd),
    mode: mode === 'advanced' ? 'advanced' : 'json',
    greets: dialect === String(VERSION),
  };
}

/** JSON is on the wire of the other mode already. */
function hasDialect(mode) {
  return mode === 'advanced';
}

module.exports = { ownEnd: { PRELOAD, VERSION, announce, takeAnnouncement, hasDialect } };
