'use strict';
// What else than HTTP on a port workers can share: net servers, datagrams, a socket in the file
// system, a descriptor; and a port that somebody else has.

const cluster = require('node:cluster');
const dgram = require('node:dgram');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { count, follow, forkListening, isRoundRobin, request, say } = require('./support.js');

// Made by the primary, and told to the workers that need it.
const home = cluster.isPrimary
  ? fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-cluster-'))
  : process.env.CLUSTER_HOME;

async function primary() {
  const tell = follow();
  for (const kind of ['port', 'path']) {
    const { workers, address } = await forkListening(2, { KIND: kind, CLUSTER_HOME: home });
    const target = kind === 'port' ? { port: address.port } : { path: address.address };
    say(kind, address.addressType, target.path === path.join(home, 'socket'));
    const answers = [];
    for (let sent = 0; sent < 10; sent += 1) answers.push(await ask(target));
    say('answers', answers.length, isRoundRobin() ? count(answers) : '');

    // One stops listening, and goes on to live; the other one has everything.
    workers[0].send('close');
    say('closed', (await once(workers[0], 'message'))[0]);
    const after = [];
    for (let sent = 0; sent < 6; sent += 1) after.push(await ask(target));
    const other = String(workers[1].id);
    say(
      'by the other one',
      after.every((id) => id === other),
      workers[0].isConnected(),
    );
    workers[0].send('listen');
    await once(workers[0], 'listening');
    const connections = Array.from({ length: 4 }, () => net.connect(target));
    await Promise.all(connections.map((socket) => once(socket, 'data')));
    const open = [];
    for (const worker of workers) {
      worker.send('count');
      open.push((await once(worker, 'message'))[0]);
    }
    say('connections', open[0] + open[1]);
    for (const socket of connections) socket.destroy();
    await leave(workers);
  }
  say('path is gone', !fs.existsSync(path.join(home, 'socket')));

  const datagrams = await forkListening(2, { KIND: 'udp' });
  say('datagrams', await askDatagrams(datagrams.address.port, 10));
  await leave(datagrams.workers);

  const taken = net.createServer();
  await once(taken.listen(0), 'listening');
  const refused = cluster.fork({ KIND: 'taken', PORT: taken.address().port });
  say('taken', (await once(refused, 'message'))[0]);
  await leave([refused]);
  taken.close();

  // A port of the primary's own is no business of the workers.
  say('request', (await request({ port: 1 })).error);
  fs.rmSync(home, { recursive: true });
  tell();
}

async function ask(target) {
  const socket = net.connect(target);
  const [data] = await once(socket, 'data');
  socket.end();
  await once(socket, 'close');
  return data.toString();
}

/** Sends one at a time; how many were answered. */
async function askDatagrams(port, number) {
  const socket = dgram.createSocket('udp4');
  let answered = 0;
  for (let sent = 0; sent < number; sent += 1) {
    socket.send('ping', port, '127.0.0.1');
    const [answer] = await once(socket, 'message');
    if (['1', '2', '3', '4', '5', '6', '7'].includes(answer.toString())) answered += 1;
  }
  socket.close();
  return answered;
}

async function leave(workers) {
  for (const worker of workers) {
    worker.disconnect();
    await once(worker, 'exit');
  }
}

function worker() {
  const { KIND, PORT } = process.env;
  const id = String(cluster.worker.id);
  if (KIND === 'udp') {
    const socket = dgram.createSocket('udp4');
    socket.on('message', (_message, { port }) => socket.send(id, port, '127.0.0.1'));
    socket.bind(0);
    return;
  }
  let server;
  const listen = () => {
    server = net.createServer((socket) => socket.on('error', () => {}).write(id));
    server.on('error', ({ code, syscall }) => process.send([code, syscall]));
    server.listen(KIND === 'path' ? path.join(home, 'socket') : Number(PORT ?? 0));
  };
  process.on('message', (message) => {
    if (message === 'listen') listen();
    else if (message === 'count') server.getConnections((_error, open) => process.send(open));
    else server.close(() => process.send('closed'));
  });
  listen();
}

if (cluster.isPrimary) primary();
else worker();
