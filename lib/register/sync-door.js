'use strict';
// Node's spawnSync goes through `process.binding('spawn_sync').spawn`, and tools that follow a program
// into its children (coverage, mostly) wrap that function, as they do `ChildProcess.prototype.spawn`. In a
// registered program it leads to our engine, and our calls go through it.

const { door, run, PREPARED } = require('../sync.js');

/** Asking for the binding is a warning then, which the program would see. */
const IS_PENDING_DEPRECATION = /(?:^|\s)--pending[-_]deprecation(?:\s|$)/;

/**
 * Puts our engine below Node's function.
 * @returns {() => void} undoes it
 */
function openDoor() {
  const binding = spawnSyncBinding();
  if (binding === undefined) return () => {};
  const original = binding.spawn;
  // A caller that took Node's own spawnSync before us has a request of another kind.
  const spawn = (request) => (PREPARED in request ? run(request) : original.call(binding, request));
  binding.spawn = spawn;
  door.spawn = (request) => binding.spawn(request);
  return () => {
    door.spawn = run;
    // What others have put around it still leads to it.
    if (binding.spawn === spawn) binding.spawn = original;
  };
}

function spawnSyncBinding() {
  const { NODE_OPTIONS = '', NODE_PENDING_DEPRECATION } = process.env;
  const options = [...process.execArgv, NODE_OPTIONS].join(' ');
  if (NODE_PENDING_DEPRECATION === '1' || IS_PENDING_DEPRECATION.test(options)) return undefined;
  try {
    return /** @type {any} */ (process).binding('spawn_sync');
  } catch {
    // Not under every policy, and perhaps no more one day.
    return undefined;
  }
}

module.exports = { openDoor };
