'use strict';
// Preloaded into a child that fork started as our own kind of Node: opens our end of the channel
// before anything of the program runs, or, if that cannot be done, Node's.

const { isMainThread } = require('node:worker_threads');
const { hidePreload } = require('../preloading.js');
const { ownEnd } = require('./own-end.js');

// A worker thread of the child runs preloads too; the channel is the main thread's.
const announced = isMainThread ? ownEnd.takeAnnouncement(process.env) : undefined;
if (announced !== undefined) {
<<<<<<< HEAD
  hidePreload(__filename);
  open(announced.fd, announced.mode);
}

function open(fd, mode) {
=======
  leaveNoTrace();
  open(announced);
}

/** The program sees the preloads that it knows of. */
function leaveNoTrace() {
  const name = '_preload_modules';
  const { value, ...rest } = Object.getOwnPropertyDescriptor(process, name) ?? {};
  // Not spliced: Node is walking along the list right now.
  if (!Array.isArray(value) || !rest.configurable) return;
  const others = value.filter((module) => module !== __filename);
  Object.defineProperty(process, name, { ...rest, value: others });
}

function open({ fd, mode, greets }) {
>>>>>>> 4d4e94e (channel: plain 'advanced' messages go as JSON between two ends of ours, once the child's end has greeted)
  let isOpen = false;
  try {
    const { openOwnEnd } = require('./child-end.js');
    isOpen = openOwnEnd(fd, mode, greets);
  } catch {
    // No addon here (another version of Node, a file that is gone), or no descriptors for it: the
    // wire is Node's anyway.
  }
  if (!isOpen) /** @type {any} */ (require('node:child_process'))._forkChild(fd, mode);
}
