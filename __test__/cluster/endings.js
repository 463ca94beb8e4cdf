'use strict';
// How workers end: by themselves, by a throw, by disconnecting, by being disconnected, and when their
// primary is gone. And what becomes of what is sent to a worker that was killed.

const cluster = require('node:cluster');
const { once } = require('node:events');
const http = require('node:http');
const { follow, say } = require('./support.js');

const ENDINGS = {
  exit: () => process.exit(3),
  'exit code': () => {
    process.exitCode = 4;
    process.disconnect();
  },
  throw: () => {
    throw new Error('on purpose');
  },
  'process.disconnect': () => process.disconnect(),
  'worker.disconnect': () => say('same', cluster.worker.disconnect() === cluster.worker),
  'worker.kill': () => cluster.worker.kill(),
  'worker.destroy': () => cluster.worker.destroy(),
  'killed by itself': () => process.kill(process.pid, 'SIGKILL'),
  'told to disconnect': () => {},
  'told to die': () => {},
  'told to die by its signal': () => {},
};

async function primary() {
  const tell = follow();
  cluster.setupPrimary({ silent: true });
  for (const ending of Object.keys(ENDINGS)) {
    const worker = cluster.fork({ ENDING: ending });
    await once(worker, 'listening');
    if (ending === 'told to disconnect') say('same', worker.disconnect() === worker);
    else if (ending === 'told to die') worker.kill();
    else if (ending === 'told to die by its signal') worker.destroy('SIGINT');
    else worker.send('end');
    say(ending, ...(await once(worker, 'exit')), worker.exitedAfterDisconnect);
  }
  await sendToKilled();
  tell();
}

/** Never a throw: EPIPE and its like are events, and so is a channel that is closed. */
async function sendToKilled() {
  const worker = cluster.fork({ ENDING: 'exit' });
  await once(worker, 'listening');
  const errors = new Set();
  worker.on('error', ({ code }) => errors.add(code));
  // Not by once(), which takes an 'error' for the end.
  const exit = new Promise((resolve) => worker.on('exit', (...values) => resolve(values)));
  worker.process.kill('SIGKILL');
  let isOver = false;
  exit.then(() => {
    isOver = true;
  });
  for (let turn = 0; !isOver; turn += 1) {
    worker.send({ turn, text: 'x'.repeat(10_000) });
    await new Promise((resolve) => setImmediate(resolve));
  }
  say('sent to a killed worker', ...(await exit), worker.send('after') === false);
  await new Promise((resolve) => setImmediate(resolve));
  errors.delete('EPIPE');
  errors.delete('ECONNRESET');
  say('errors beside EPIPE', [...errors]);
}

function worker() {
  http.createServer().listen(0);
  process.on('message', () => ENDINGS[process.env.ENDING]());
}

if (cluster.isPrimary) primary();
else worker();
