'use strict';
// What is due only where a program, and not its parent, asked to be registered.

const { createRequire } = require('node:module');
const path = require('node:path');
const { fileURLToPath, pathToFileURL } = require('node:url');
const { native, warnNotNative } = require('../native.js');
const { canPreload } = require('../preloading.js');
const { PRELOAD } = require('./inheritance.js');

const FLAGS = ['-r', '--require', '--import'];

/**
 * Forked children are given `process.execArgv`, and would look for `sprog/register` from a directory
 * of their own, where it may not be found: from now on the file stands there. Without the addon it is the
 * one that says nothing: this program has been told, and each of its children would be.
 * @param {string} file the entry point
 */
function keepPathOfPreload(file) {
  const { execArgv } = process;
  const kept = native || !canPreload([], PRELOAD) ? file : PRELOAD;
  execArgv.forEach((word, index) => {
    const [flag, value] = split(word);
    if (value !== undefined) {
      if (names(value, file)) execArgv[index] = `${flag}=${target(flag, kept)}`;
    } else if (FLAGS.includes(execArgv[index - 1]) && names(word, file)) {
      execArgv[index] = target(execArgv[index - 1], kept);
    }
  });
}

/** `--require=sprog/register` by its two parts. */
function split(word) {
  const at = word.indexOf('=');
  const flag = word.slice(0, Math.max(at, 0));
  return FLAGS.includes(flag) ? [flag, word.slice(at + 1)] : [word];
}

/** Whether Node has found `file` by this name. */
function names(value, file) {
  try {
    const name = value.startsWith('file:') ? fileURLToPath(value) : value;
    return createRequire(path.join(process.cwd(), '/')).resolve(name) === file;
  } catch {
    return false;
  }
}

function target(flag, file) {
  return flag === '--import' ? pathToFileURL(file).href : file;
}

/** Never a silent difference: whoever asked for us and cannot have us is told once. */
function warnIfNotNative() {
  if (!native) warnNotNative();
}

module.exports = { keepPathOfPreload, warnIfNotNative };
