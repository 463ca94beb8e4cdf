'use strict';
// Messages that were collected must still leave when this process ends in the same tick. The addon
// writes them at exit(3); here it is the signals that a process sends to itself, watched from the
// moment that there is a channel: in a child that is before anything of the program runs.

/** @type {Set<{ flush(): void }>} */
const collecting = new Set();
let isInstalled = false;

/** Watches the ways out of this process. */
function install() {
  if (isInstalled) return;
  isInstalled = true;
  for (const name of ['kill', 'abort']) {
    const original = process[name];
    const flushing = { [name]: flushingFirst(original) }[name];
    Object.defineProperty(flushing, 'name', { value: name });
    Object.defineProperty(flushing, 'length', { value: original.length });
    process[name] = flushing;
  }
}

function flushingFirst(original) {
  return /** @this {any} */ function (...args) {
    flushAll();
    return original.apply(this, args);
  };
}

/** @param {{ flush(): void }} handle has collected messages */
function watch(handle) {
  collecting.add(handle);
}

/** @param {{ flush(): void }} handle */
function unwatch(handle) {
  collecting.delete(handle);
}

function flushAll() {
  for (const handle of collecting) handle.flush();
}

module.exports = { install, watch, unwatch };
