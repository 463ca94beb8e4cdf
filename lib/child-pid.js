'use strict';
// `child.pid`: whoever asks for it may look at the process, in /proc or by a signal, and shall find the program.
// So the first to ask waits for what is left of its start, which is little, if anything.

/** @type {PropertyDescriptor & ThisType<any>} */
const LATE = {
  configurable: true,
  enumerable: true,
  get() {
    return settlePid(this);
  },
  set(value) {
    definePid(this, value);
  },
};

/** @param {any} child whose handle has been told to start the program */
function givePid(child) {
  if (child._handle.isOnItsWay) Object.defineProperty(child, 'pid', LATE);
  else child.pid = child._handle.pid;
}

/**
 * Makes it a plain property, if it is not one yet.
 * @param {any} child
 */
function settlePid(child) {
  if (Object.getOwnPropertyDescriptor(child, 'pid')?.get !== LATE.get) return child.pid;
  return definePid(child, child._handle.pid);
}

function definePid(child, value) {
  const property = { value, writable: true, enumerable: true, configurable: true };
  Object.defineProperty(child, 'pid', property);
  return value;
}

/**
 * Whether the program has been started, as far as that is known by now.
 * @param {any} child
 */
function wasStarted(child) {
  return child._handle?.isOnItsWay || child.pid !== undefined;
}

module.exports = { givePid, settlePid, wasStarted };
