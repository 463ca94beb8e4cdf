'use strict';
// What a child used: the bill that comes with its exit, and a look at it while it runs.

const { figures } = require('./native.js');

/** The order of the numbers; src/bill.rs has the same. */
const FIGURE = {
  USER: 0,
  SYSTEM: 1,
  PEAK: 2,
  PEAK_SOURCE: 3,
  MINOR_FAULTS: 4,
  MAJOR_FAULTS: 5,
  BLOCKS_READ: 6,
  BLOCKS_WRITTEN: 7,
  VOLUNTARY_SWITCHES: 8,
  INVOLUNTARY_SWITCHES: 9,
  OOM_KILLED: 10,
};

/** How the peak was had; src/bill.rs has the same numbers. */
const PEAK_SOURCES = ['unknown', 'cgroup', 'rusage', 'sampled', 'exact'];

/** Bills by child. A property of its own would show on a child that has to look like Node's. */
const bills = new WeakMap();

/** During the event of an exit: a copy of what the addon left. Elements that are all doubles are cheap. */
function takeBill() {
  const bill = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];
  for (let i = 0; i < bill.length; i++) bill[i] = figures[i];
  return bill;
}

/** @param {object} child @param {number[] | undefined} bill */
function keepBill(child, bill) {
  if (bill !== undefined) bills.set(child, bill);
}

/** The bill of a child; undefined while it runs, and where somebody else has reaped it. */
function billOf(child) {
  const bill = bills.get(child);
  return bill === undefined || Number.isNaN(bill[FIGURE.USER]) ? undefined : bill;
}

/** In the shape of process.resourceUsage(). */
function resourceUsage(child) {
  const bill = billOf(child);
  return bill && toResourceUsage(bill);
}

/** @param {ArrayLike<number>} bill */
function toResourceUsage(bill) {
  return {
    userCPUTime: bill[FIGURE.USER],
    systemCPUTime: bill[FIGURE.SYSTEM],
    maxRSS: Math.ceil(bill[FIGURE.PEAK] / 1024),
    sharedMemorySize: 0,
    unsharedDataSize: 0,
    unsharedStackSize: 0,
    minorPageFault: bill[FIGURE.MINOR_FAULTS],
    majorPageFault: bill[FIGURE.MAJOR_FAULTS],
    swappedOut: 0,
    fsRead: bill[FIGURE.BLOCKS_READ],
    fsWrite: bill[FIGURE.BLOCKS_WRITTEN],
    ipcSent: 0,
    ipcReceived: 0,
    signalsCount: 0,
    voluntaryContextSwitches: bill[FIGURE.VOLUNTARY_SWITCHES],
    involuntaryContextSwitches: bill[FIGURE.INVOLUNTARY_SWITCHES],
    peakMemorySource: PEAK_SOURCES[bill[FIGURE.PEAK_SOURCE]],
  };
}

/** Whether the limit on its memory had a process killed; undefined where the kernel does not tell. */
function oomKilled(child) {
  const told = billOf(child)?.[FIGURE.OOM_KILLED] ?? -1;
  return told < 0 ? undefined : told === 1;
}

module.exports = { takeBill, keepBill, resourceUsage, toResourceUsage, oomKilled };
