'use strict';
// A program with a sandboxed processor, as BullMQ's documentation has it. It does not know of sprog.

const path = require('node:path');
const { Queue, QueueEvents, Worker } = require('bullmq');

const connection = { host: '127.0.0.1', port: Number(process.argv[2]) };

async function main() {
  const worker = new Worker('squares', path.join(__dirname, 'processor.js'), {
    connection,
    concurrency: 2,
  });
  const queue = new Queue('squares', { connection });
  // waitUntilFinished() listens to it, for each job.
  queue.setMaxListeners(0);
  const events = new QueueEvents('squares', { connection });
  await events.waitUntilReady();
  const jobs = await queue.addBulk(
    Array.from({ length: 20 }, (_, n) => ({ name: 'square', data: { n } })),
  );
  const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
  const pids = new Set(results.map(({ pid }) => pid));
  const sum = results.reduce((total, { square }) => total + square, 0);
  const onSprog = results.every(({ isRegistered }) => isRegistered);
  console.log(`20 jobs in ${pids.size} sandboxes of BullMQ, the squares add up to ${sum}`);
  console.log(`the sandboxes run on sprog: ${onSprog ? 'yes' : 'no'}`);
  await worker.close();
  await events.close();
  await queue.close();
}

main();
