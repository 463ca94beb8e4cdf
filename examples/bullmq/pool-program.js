'use strict';
// A worker program: takes jobs from Redis and runs them in a pool of processes. SIGTERM ends it when it has done
// what it has.

const path = require('node:path');
const { Worker } = require('bullmq');
const { Pool } = require('../..');

const [, , name, port] = process.argv;

const pool = new Pool(path.join(__dirname, 'tasks.js'), { max: 2, ref: true });
const run = (job) => pool.run('hash', [job.data, job.attemptsMade], { timeout: 30_000 });
const worker = new Worker('hashes', run, {
  connection: { host: '127.0.0.1', port: Number(port) },
  concurrency: 8,
});

let done = 0;
worker.on('completed', () => {
  done += 1;
});
worker.on('failed', (job, error) => {
  console.log(`${name}: job ${job?.id} will be tried again: ${error.message}`);
});
worker.on('ready', () => console.log(`${name}: ready`));

process.once('SIGTERM', async () => {
  // No more jobs; those that it has are finished.
  await worker.close();
  await pool.close();
  const { restarts } = pool.stats();
  console.log(`${name}: ended after ${done} jobs, ${restarts} of its workers had died`);
});
