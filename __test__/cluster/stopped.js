'use strict';
// A worker that has stopped, with connections waiting for it, and is then killed: what was on its way
// to it is lost, and that is nobody's error.

const cluster = require('node:cluster');
const { once } = require('node:events');
const net = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');
const { say } = require('./support.js');

const SERVERS = 4;
const EACH = 3;
/** Long enough for the primary to have accepted what comes. */
const PAUSE_MS = 200;

async function primary() {
  const worker = cluster.fork();
  const ports = await listening(worker);

  process.kill(worker.process.pid, 'SIGSTOP');
  const clients = ports.flatMap((port) => Array.from({ length: EACH }, () => net.connect(port)));
  for (const client of clients) client.on('error', () => {});
  await Promise.all(clients.map((client) => once(client, 'connect')));
  await sleep(PAUSE_MS);
  process.kill(worker.process.pid, 'SIGKILL');
  say('exit', ...(await once(worker, 'exit')), worker.isDead());
  await sleep(PAUSE_MS);
  say('workers left', Object.keys(cluster.workers));
  for (const client of clients) client.destroy();

  const next = cluster.fork();
  const [port] = await listening(next);
  const [data] = await once(net.connect(port), 'data');
  say('the next one serves', data.toString());
  next.disconnect();
  say('exit', ...(await once(next, 'exit')));
}

async function listening(worker) {
  const ports = [];
  worker.on('listening', ({ port }) => ports.push(port));
  while (ports.length < SERVERS) await once(worker, 'listening');
  return ports;
}

function worker() {
  for (let index = 0; index < SERVERS; index += 1) {
    net.createServer((socket) => socket.end('served')).listen(0);
  }
}

if (cluster.isPrimary) primary();
else worker();
