'use strict';
// Processes by a token in their environment, counted from outside.

const fs = require('node:fs');
const { isAlive, processStat } = require('./processes.js');

const VARIABLE = 'SPROG_TEST_TOKEN';
let count = 0;

/** A variable that nobody else has, to be given to a program and all that it starts. */
function token() {
  count += 1;
  return { [VARIABLE]: `${process.pid}-${Date.now()}-${count}` };
}

/** The pids of those that have it and run. */
function marked(variable) {
  const wanted = Buffer.from(`${VARIABLE}=${variable[VARIABLE]}\0`);
  return pids().filter((pid) => {
    try {
      return fs.readFileSync(`/proc/${pid}/environ`).includes(wanted) && isAlive(pid);
    } catch {
      return false;
    }
  });
}

/** All that descend from one of these, as far as the line of parents leads. */
function withDescendants(roots) {
  const found = new Set(roots);
  for (let size = 0; size < found.size; ) {
    size = found.size;
    for (const pid of pids()) {
      const parent = processStat(pid)?.ppid;
      if (parent !== undefined && found.has(parent)) found.add(pid);
    }
  }
  return [...found];
}

/** The guards of a process: its children by that name. */
function guardsOf(pid) {
  return pids().filter((child) => {
    if (processStat(child)?.ppid !== pid) return false;
    try {
      return fs.readFileSync(`/proc/${child}/cmdline`, 'latin1') === 'sprog-guard\0';
    } catch {
      return false;
    }
  });
}

function pids() {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

module.exports = { guardsOf, marked, token, withDescendants };
