'use strict';
// The flags of Node that this process was started with, by its command line or by NODE_OPTIONS.

/** @param {string} name as Node documents it, behind the two dashes */
function hasFlag(name) {
  const { NODE_OPTIONS = '' } = process.env;
  const options = [...process.execArgv, NODE_OPTIONS].join(' ');
  return new RegExp(`(?:^|\\s)--${name.replaceAll('-', '[-_]')}(?:\\s|$)`).test(options);
}

module.exports = { hasFlag };
