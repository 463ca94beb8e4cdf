'use strict';
// Messages between a primary and its workers, both ways: small, many, big, and with a socket.

const cluster = require('node:cluster');
const { once } = require('node:events');
const net = require('node:net');
const { say } = require('./support.js');

const MODE = process.argv[2] ?? 'json';
const MANY = 2_000;
const BIG = 'b'.repeat(1_500_000);

async function primary() {
  cluster.setupPrimary({ serialization: MODE });
  const worker = cluster.fork({ CLUSTER_TEST: 'given' });
  await once(worker, 'online');

  const heardTwice = [];
  worker.on('message', (message) => heardTwice.push(['worker', message]));
  cluster.on('message', (from, message, handle) =>
    heardTwice.push([from === worker, message, handle]),
  );
  say('send', worker.send('first'), (await once(worker, 'message'))[0]);
  say('heard', heardTwice);

  for (let index = 0; index < MANY; index += 1) worker.send({ index });
  const [answer] = await once(worker, 'message');
  say('many down', answer);
  const up = [];
  const all = new Promise((resolve) => {
    worker.on('message', ({ index }) => up.push(index) === MANY && resolve());
  });
  worker.send('many up');
  await all;
  worker.removeAllListeners('message');
  say(
    'many up',
    up.every((index, at) => index === at),
  );

  const callback = new Promise((resolve) => worker.send({ big: BIG }, resolve));
  const [echoed] = await once(worker, 'message');
  say('big', echoed.big === BIG, await callback);

  say('socket', await sendSocket(worker));

  worker.send('values');
  say('values', describe((await once(worker, 'message'))[0]));
  worker.send('environment');
  say('environment', (await once(worker, 'message'))[0]);

  worker.send('leave');
  await once(worker, 'disconnect');
  // Not by once(), which takes an 'error' for the end.
  const exit = new Promise((resolve) => worker.on('exit', (...values) => resolve(values)));
  const late = new Promise((resolve) => worker.on('error', resolve));
  say('late send', worker.send('late'), (await late).code);
  say(
    'late send',
    worker.send('late', ({ code }) => say('called back', code)),
  );
  say('exit', await exit, worker.exitedAfterDisconnect);
}

/** A connection that this process accepts and the worker answers. */
async function sendSocket(worker) {
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    worker.send('socket', socket);
    server.close();
  });
  await once(server.listen(0), 'listening');
  const client = net.connect(server.address().port);
  let text = '';
  for await (const chunk of client) text += chunk;
  return text;
}

/** By its type, where JSON would show a value of another one as the same. */
function describe({ map, big, date, nothing }) {
  return [map instanceof Map, typeof big, date instanceof Date, nothing === undefined];
}

function worker() {
  let seen = 0;
  process.on('message', async (message, socket) => {
    if (message === 'first') process.send({ got: message, id: cluster.worker.id });
    else if (message === 'many up') {
      for (let index = 0; index < MANY; index += 1) process.send({ index });
    } else if (message === 'socket') socket.end(`worker ${cluster.worker.id}`);
    else if (message === 'values') {
      process.send({ map: new Map([[1, 2]]), big: MODE === 'json' ? 1 : 1n, date: new Date(0) });
    } else if (message === 'environment') {
      const { CLUSTER_TEST, NODE_UNIQUE_ID, NODE_CHANNEL_FD, NODE_OPTIONS } = process.env;
      process.send([CLUSTER_TEST, NODE_UNIQUE_ID, NODE_CHANNEL_FD, NODE_OPTIONS]);
    } else if (message === 'leave') cluster.worker.disconnect();
    else if (message.big) cluster.worker.send(message);
    else {
      if (message.index !== seen) process.send(`${message.index} came after ${seen} others`);
      seen += 1;
      if (seen === MANY) process.send('all in order');
    }
  });
}

if (cluster.isPrimary) primary();
else worker();
