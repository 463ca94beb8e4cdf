'use strict';
// run(), runSync() and pipeline() as they are exported: each loads its work at its first call, and says
// so where there is no addon to do it.

const { native } = require('../native.js');
const { RunError } = require('./error.js');

function run(command, args, options) {
  refuseWithoutAddon('run()');
  return require('./run.js').run(run, command, args, options);
}

function runSync(command, args, options) {
  refuseWithoutAddon('runSync()');
  return require('./run-sync.js').runSync(runSync, command, args, options);
}

function pipeline(stages, options) {
  refuseWithoutAddon('pipeline()');
  return require('./pipeline.js').pipeline(pipeline, stages, options);
}

function refuseWithoutAddon(name) {
  if (!native) throw require('../errors.js').featureUnavailable(name);
}

module.exports = { run, runSync, pipeline, RunError };
