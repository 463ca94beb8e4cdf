'use strict';
// What /proc says about this process and its children: open descriptors, zombies, who is alive.

const fs = require('node:fs');

const PATIENCE_MS = 5_000;
const STEP_MS = 5;

/** How many descriptors this process has open, less the one that reading the list takes. */
function countFds() {
  return fs.readdirSync('/proc/self/fd').length - 1;
}

/**
 * The most memory that a process has had since it began its program, in bytes. (What getrusage
 * says may be that of its parent.)
 */
function peakMemory(pid = process.pid) {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/VmHWM:\s+(\d+)/.exec(status)[1]) * 1024;
}

/** State letter and parent of a process as the kernel tells them, or undefined once it is gone. */
function processStat(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name stands in brackets and may itself hold blanks and brackets.
    const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, ppid: Number(ppid) };
  } catch {
    return undefined;
  }
}

/** What the descriptors 0-9 of a process are: 'socket:[123]', '/dev/null', ...; null where closed. */
function descriptorsOf(pid) {
  return Array.from({ length: 10 }, (_, fd) => {
    try {
      return fs.readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return null;
    }
  });
}

/**
 * Descriptors of this process above 2 that are handed down to whatever it executes: what it was started
 * with itself, by whoever runs it.
 */
function heirlooms() {
  const CLOEXEC = 0o2000000;
  return fs.readdirSync('/proc/self/fdinfo').flatMap((fd) => {
    try {
      const info = fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
      const flags = Number.parseInt(/flags:\s+(\d+)/.exec(info)[1], 8);
      return Number(fd) > 2 && (flags & CLOEXEC) === 0 ? [Number(fd)] : [];
    } catch {
      // The one that reads the list.
      return [];
    }
  });
}

/** What the descriptors of this process above 2 are that it was not started with: '3': 'socket:[1]', ... */
function ownDescriptors() {
  const inherited = heirlooms();
  return Object.fromEntries(
    fs.readdirSync('/proc/self/fd').flatMap((fd) => {
      if (Number(fd) <= 2 || inherited.includes(Number(fd))) return [];
      try {
        return [[fd, fs.readlinkSync(`/proc/self/fd/${fd}`)]];
      } catch {
        return [];
      }
    }),
  );
}

/** How many children of `pid` have ended and wait to be reaped. */
function countZombies(pid = process.pid) {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(processStat)
    .filter((stat) => stat?.ppid === pid && stat.state === 'Z').length;
}

/** Whether a process runs (or is stopped); a zombie does not. */
function isAlive(pid) {
  const stat = processStat(pid);
  return stat !== undefined && stat.state !== 'Z' && stat.state !== 'X';
}

/** Resolves with true as soon as `condition()` holds, with false when patience runs out. */
async function until(condition, patience = PATIENCE_MS) {
  const deadline = Date.now() + patience;
  while (!condition()) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
  // What made it hold may still have listeners to tell: the 'close' of a handle comes at the very
  // end of a turn of the event loop, after that turn's immediates.
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  return true;
}

/** As `countFds`, when it has stopped changing: a helper thread may let go of a descriptor a moment later. */
async function settledFds() {
  let last = -1;
  await until(() => {
    const before = last;
    last = countFds();
    return last === before;
  });
  return last;
}

/** Opens as many descriptors as this process may have: which, and the code of the error that ended it. */
function holdDescriptors() {
  const held = [];
  try {
    for (;;) held.push(fs.openSync('/dev/null'));
  } catch ({ code }) {
    return { held, code };
  }
}

/** Resolves with true once `pid` runs no more; with false if it will not end. */
function waitGone(pid, patience = PATIENCE_MS) {
  return until(() => !isAlive(pid), patience);
}

module.exports = {
  countFds,
  countZombies,
  descriptorsOf,
  heirlooms,
  holdDescriptors,
  isAlive,
  ownDescriptors,
  peakMemory,
  processStat,
  settledFds,
  until,
  waitGone,
};
