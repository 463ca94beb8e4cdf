'use strict';
// Node's spawnSync goes through `process.binding('spawn_sync').spawn`, and tools that follow a program
// into its children (coverage, mostly) wrap that function, as they do `ChildProcess.prototype.spawn`. In a
// registered program it leads to our engine, and our calls go through it.

const { hasFlag } = require('../node-flags.js');
const { door, run, PREPARED } = require('../sync.js');

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
  // Asking for the binding is a warning then, which the program would see.
  if (process.env.NODE_PENDING_DEPRECATION === '1' || hasFlag('pending-deprecation'))
    return undefined;
  try {
    return /** @type {any} */ (process).binding('spawn_sync');
  } catch {
    // Not under every policy, and perhaps no more one day.
    return undefined;
  }
}

module.exports = { openDoor };
