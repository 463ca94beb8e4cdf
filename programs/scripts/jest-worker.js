'use strict';
// jest-worker's pool of processes.

const { Worker } = require('jest-worker');

async function main() {
  const pool = new Worker(require.resolve('./jest-worker-task.js'), {
    numWorkers: 2,
    forkOptions: { silent: true },
    exposedMethods: ['add', 'fail', 'large', 'die', 'who'],
    setupArgs: ['set up'],
  });
  pool.getStdout().resume();
  console.log('sum', await Promise.all([1, 2, 3, 4].map((number) => pool.add(number, 10))));
  console.log('error', await pool.fail().catch(({ name, message }) => [name, message]));
  console.log('large', (await pool.large(500_000)).length);
  console.log('set up', await pool.who());
  console.log('died', await pool.die().catch(({ message }) => message));
  console.log('after', await pool.add(1, 1));
  console.log('end', await pool.end());
}

main();
