'use strict';
// worker-farm: calls over messages to forked children, which die, hang, and are replaced after so many.

const workerFarm = require('worker-farm');

const options = {
  maxConcurrentWorkers: 2,
  maxConcurrentCallsPerWorker: 1,
  maxCallsPerWorker: 5,
  maxRetries: 1,
  maxCallTime: 1500,
};
const METHODS = ['add', 'fail', 'large', 'die', 'leave', 'hang'];
const farm = workerFarm(options, require.resolve('./worker-farm-task'), METHODS);

const call = (method, ...args) =>
  new Promise((resolve) => {
    farm[method](...args, (error, value) => {
      console.log(method, error?.type, error?.message, value?.length ?? value);
      resolve();
    });
  });

async function main() {
  for (let number = 0; number < 12; number += 1) await call('add', number, 1);
  await call('large', 300_000);
  await call('fail');
  await call('die');
  await call('leave');
  await call('hang');
  await call('add', 2, 2);
  workerFarm.end(farm, () => console.log('ended'));
}

main();
