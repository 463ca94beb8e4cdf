'use strict';
// Preloaded into a child that fork started as our own kind of Node: opens our end of the channel
// before anything of the program runs, or, if that cannot be done, Node's.

const { isMainThread } = require('node:worker_threads');
const { hidePreload } = require('../preloading.js');
const { ownEnd } = require('./own-end.js');

// A worker thread of the child runs preloads too; the channel is the main thread's.
const announced = isMainThread ? ownEnd.takeAnnouncement(process.env) : undefined;
if (announced !== undefined) {
  hidePreload(__filename);
  open(announced);
}

function open({ fd, mode, greets }) {
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
