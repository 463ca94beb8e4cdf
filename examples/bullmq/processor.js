'use strict';
// BullMQ runs this file in child processes that it forks itself.

module.exports = async (job) => {
  await job.updateProgress(50);
  // Where sprog is registered it marks the process.
  const isRegistered = Symbol.for('sprog') in process;
  return { square: job.data.n ** 2, pid: process.pid, isRegistered };
};
