'use strict';
// Preloaded into a child that fork started as our own kind of Node: opens our end of the channel
// before anything of the program runs, or, if that cannot be done, Node's.

const { isMainThread } = require('node:worker_threads');
const { ownEnd } = require('./own-end.js');

// A worker thread of the child runs preloads too; the channel is the main thread's.
const announced = isMainThread ? ownEnd.takeAnnouncement(process.env) : undefined;
if (announced !== undefined) open(announced.fd, announced.mode);

function open(fd, mode) {
  let openOwnEnd;
  try {
    ({ openOwnEnd } = require('./child-end.js'));
  } catch {
    // No addon here (another version of Node, a file that is gone): the wire is Node's anyway.
  }
  if (openOwnEnd?.(fd, mode)) return;
  /** @type {any} */ (require('node:child_process'))._forkChild(fd, mode);
}
