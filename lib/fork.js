'use strict';
// fork(): a Node script with a message channel.

const { normalizeForkArguments } = require('./fork-options.js');
const { preferOwnEnd } = require('./ipc/open.js');
const { spawn } = require('./spawn.js');

function fork(modulePath, args = [], options) {
  const request = normalizeForkArguments(modulePath, args, options);
  preferOwnEnd(request.options);
  return spawn(request.file, request.args, request.options);
}

module.exports = { fork };
