'use strict';
// 200 jobs, two worker programs with a pool each, one of which is told to end half-way.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { HOST, install, startRedis } = require('./support/setup.js');

const JOBS = 200;

function startProgram(name, port) {
  const file = path.join(__dirname, 'pool-program.js');
  const program = spawn(process.execPath, [file, name, String(port)], { stdio: 'inherit' });
  return { program, exit: once(program, 'exit') };
}

async function main() {
  const redis = await startRedis();
  if (!redis) return;
  install();
  const { Queue, QueueEvents } = require('bullmq');
  const connection = { host: HOST, port: redis.port };
  const queue = new Queue('hashes', { connection });
  // waitUntilFinished() listens to it, for each job.
  queue.setMaxListeners(0);
  const events = new QueueEvents('hashes', { connection });
  await events.waitUntilReady();

  const [first, second] = ['one', 'two'].map((name) => startProgram(name, redis.port));
  const trouble = (n) => (n % 50 === 7 ? 'crashes' : n % 50 === 23 ? 'throws' : undefined);
  const jobs = await queue.addBulk(
    Array.from({ length: JOBS }, (_, n) => ({
      name: 'hash',
      data: { text: `job ${n}`, trouble: trouble(n) },
      opts: { attempts: 3, backoff: { type: 'fixed', delay: 100 } },
    })),
  );
  let done = 0;
  events.on('completed', () => {
    done += 1;
    if (done === JOBS / 2) first.program.kill('SIGTERM');
  });
  const hashes = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
  console.log(`${new Set(hashes).size} of ${JOBS} jobs are done`);

  second.program.kill('SIGTERM');
  const codes = (await Promise.all([first.exit, second.exit])).map(([code]) => code);
  console.log(`the programs ended with ${codes.join(' and ')}`);
  await events.close();
  await queue.close();
  await redis.stop();
}

main();
