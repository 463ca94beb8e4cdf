'use strict';
// What is due only where a program, and not its parent, asked to be registered.

const { createRequire } = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { native, warnNotNative } = require('../native.js');

const FLAGS = ['-r', '--require', '--import'];

/**
 * Forked children are given `process.execArgv`, and would look for `sprog/register` from a directory
 * of their own, where it may not be found: from now on the file stands there.
 * @param {string} file the entry point
 */
function keepPathOfPreload(file) {
  const { execArgv } = process;
  execArgv.forEach((word, index) => {
    const [flag, value] = split(word);
    if (value !== undefined) {
      if (names(value, file)) execArgv[index] = `${flag}=${target(flag, file)}`;
    } else if (FLAGS.includes(execArgv[index - 1]) && names(word, file)) {
      execArgv[index] = target(execArgv[index - 1], file);
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
    return createRequire(path.join(process.cwd(), '/')).resolve(value) === file;
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
