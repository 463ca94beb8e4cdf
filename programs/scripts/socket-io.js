'use strict';
// socket.io behind a cluster: sockets are handed to the worker that knows them, and what one worker
// broadcasts, or asks, goes by the primary to the clients of all the others.

const cluster = require('node:cluster');
const { once } = require('node:events');
const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');
const { createAdapter, setupPrimary } = require('@socket.io/cluster-adapter');
const { setupMaster, setupWorker } = require('@socket.io/sticky');
const { Server } = require('socket.io');
const { io } = require('socket.io-client');

const WORKERS = 3;
const CLIENTS = 6;

async function primary() {
  // What the adapter sends holds Buffers.
  cluster.setupPrimary({ serialization: 'advanced' });
  const server = http.createServer();
  setupMaster(server, { loadBalancingMethod: 'least-connection' });
  setupPrimary();
  for (let number = 0; number < WORKERS; number += 1) cluster.fork();
  for (let number = 0; number < WORKERS; number += 1) await once(cluster, 'message');
  await once(server.listen(0, '127.0.0.1'), 'listening');

  const clients = [];
  for (let number = 0; number < CLIENTS; number += 1) {
    clients.push(await connect(`http://127.0.0.1:${server.address().port}`, number));
  }
  console.log('workers', new Set(clients.map(({ worker }) => worker)).size);
  for (let number = 0; number < 20; number += 1)
    clients[number % CLIENTS].socket.emit('all', number);
  while (clients.some(({ heard }) => heard.length < 20)) await sleep(20);
  console.log(
    'broadcasts',
    clients.map(({ heard }) => heard.length),
  );
  const [first, second, third] = clients;
  console.log('large', await first.socket.emitWithAck('large', Buffer.alloc(300_000, 'x')));
  console.log('clients', await second.socket.emitWithAck('count'));
  console.log('answers', await third.socket.emitWithAck('ask'));

  for (const { socket } of clients) socket.close();
  cluster.on('exit', (_worker, ...ended) => console.log('exit', ...ended));
  for (const { process: child } of Object.values(cluster.workers)) child.kill();
  server.close();
}

async function connect(url, number) {
  const transports = number % 2 === 0 ? ['websocket'] : ['polling', 'websocket'];
  const socket = io(url, { forceNew: true, transports });
  const client = { socket, heard: [] };
  socket.on('broadcast', (value) => client.heard.push(value));
  socket.on('question', (answer) => answer(number));
  client.worker = await new Promise((resolve) => socket.once('hello', resolve));
  return client;
}

function worker() {
  const server = new Server(http.createServer());
  server.adapter(createAdapter());
  setupWorker(server);
  server.on('connection', (socket) => {
    socket.on('all', (value) => server.emit('broadcast', value));
    socket.on('large', (bytes, answer) => answer(bytes.length));
    socket.on('count', async (answer) => answer((await server.fetchSockets()).length));
    socket.on('ask', async (answer) =>
      answer((await server.timeout(5000).emitWithAck('question')).sort()),
    );
    socket.emit('hello', cluster.worker.id);
  });
  process.send('up');
}

if (cluster.isPrimary) primary();
else worker();
