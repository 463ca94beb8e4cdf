'use strict';
// The end of a program that has nothing left to do. Its idle workers may not have written all of their output,
// which would be lost with them: so they are told to end, and the program lives until they have, as it
// would with close(). Where it exits by itself or dies, nobody is waited for.

/** @type {Set<{ letGo: () => void }>} */
const staffs = new Set();

function letAllGo() {
  for (const staff of staffs) staff.letGo();
}

/** One listener for all pools, and none while there are no workers. @param {{ letGo: () => void }} staff */
function watchEnd(staff) {
  if (staffs.size === 0) process.on('beforeExit', letAllGo);
  staffs.add(staff);
}

/** It has no workers any more. @param {{ letGo: () => void }} staff */
function unwatchEnd(staff) {
  staffs.delete(staff);
  if (staffs.size === 0) process.off('beforeExit', letAllGo);
}

module.exports = { watchEnd, unwatchEnd };
