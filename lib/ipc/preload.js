'use strict';
// Preloaded into a child that fork started as our own kind of Node: opens our end of the channel
// before anything of the program runs, or, if that cannot be done, Node's.

const { hidePreload } = require('../preloading.js');
const { ownEnd } = require('./own-end.js');

const announced = ownEnd.takeAnnouncement(process.env);
// A worker thread runs preloads too; its environment is that of the program, and announces nothing.
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
