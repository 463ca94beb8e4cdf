'use strict';
// Messages that were collected must still leave when this process ends in the same tick: by
// process.exit(), or by a signal that it sends to itself. While there are any, the ways out are
// watched.

/** @type {Set<{ flush(): void }>} */
const collecting = new Set();
let installed = false;

/** @param {{ flush(): void }} handle has collected messages */
function watch(handle) {
  collecting.add(handle);
  if (installed) return;
  installed = true;
  process.on('exit', flushAll);
  const { kill, abort } = process;
  process.kill = function (pid, signal) {
    flushAll();
    return kill.call(this, pid, signal);
  };
  process.abort = function () {
    flushAll();
    return abort.call(this);
  };
  Object.defineProperty(process.kill, 'name', { value: 'kill' });
  Object.defineProperty(process.abort, 'name', { value: 'abort' });
}

/** @param {{ flush(): void }} handle */
function unwatch(handle) {
  collecting.delete(handle);
}

function flushAll() {
  for (const handle of collecting) handle.flush();
}

module.exports = { watch, unwatch };
