'use strict';
// How a preload of ours gets into a Node child, by its NODE_OPTIONS, and how its traces are removed
// there, so that the program sees the environment that it was given. Used by fork (our end of the
// channel) and by register (our module).

const fs = require('node:fs');

const NAME = 'NODE_OPTIONS';

/** Flags under which a preload of ours has no place in a Node: it may not read or load our files. */
const FORBIDDING = /(?<![\w-])--(?:no-addons|permission|experimental-permission)/;

/** Builds of Node that refuse --require in NODE_OPTIONS, or the whole of it. */
const REFUSED =
  process.versions.electron !== undefined ||
  Boolean(/** @type {any} */ (process.config.variables).node_without_node_options);

/** The words that preload `file`, an absolute path, as they stand in NODE_OPTIONS. */
function preloadOption(file) {
  return `--require "${file.replace(/[\\"]/g, '\\$&')}"`;
}

/**
 * Whether a Node that is started with these words (its arguments, a shell's command, NODE_OPTIONS)
 * can preload `file`.
 * @param {any[]} words
 * @param {string} file
 */
function canPreload(words, file) {
  return !REFUSED && !words.some(forbids) && isReadable(file);
}

function forbids(word) {
  return typeof word === 'string' && FORBIDDING.test(word);
}

/** An update may have moved the package away under a running program. */
function isReadable(file) {
  try {
    fs.accessSync(file, fs.constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Puts `option` first in the NODE_OPTIONS of a child.
 * @param {import('./environment.js').Variables} variables
 * @param {string} option
 */
function addOption(variables, option) {
  const given = variables.get(NAME);
  variables.set(NAME, given === undefined ? option : `${option} ${given}`);
}

/** Takes `option` out of an environment's NODE_OPTIONS, wherever others have put theirs since. */
function removeOption(env, option) {
  const given = env[NAME];
  if (given === undefined) return;
  const at = ` ${given} `.indexOf(` ${option} `);
  if (at === -1) return;
  const end = at + option.length;
  if (given === option) delete env[NAME];
  else env[NAME] = at === 0 ? given.slice(end + 1) : given.slice(0, at - 1) + given.slice(end);
}

/** Takes `file` off the list of preloads that the program can look up. */
function hidePreload(file) {
  const name = '_preload_modules';
  const { value, ...rest } = Object.getOwnPropertyDescriptor(process, name) ?? {};
  // Not spliced: Node is walking along the list right now.
  if (!Array.isArray(value) || !rest.configurable) return;
  const others = value.filter((module) => module !== file);
  Object.defineProperty(process, name, { ...rest, value: others });
}

module.exports = { preloadOption, canPreload, addOption, removeOption, hidePreload };
