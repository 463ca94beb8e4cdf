'use strict';
// The diagnostics channels of Node's module, which are told of children. Looked up with the first child:
// it takes Node 20 a quarter of a millisecond.

const diagnosticsChannel = require('node:diagnostics_channel');
const { NODE_MAJOR } = require('./node-version.js');

module.exports = {
  created: diagnosticsChannel.channel('child_process'),
  /** Node reports spawns on a tracing channel from 24 on. */
  spawned: NODE_MAJOR >= 24 ? diagnosticsChannel.tracingChannel('child_process.spawn') : undefined,
};
