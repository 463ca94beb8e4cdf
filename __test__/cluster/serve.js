'use strict';
// An HTTP server on a port that two workers share: who is served by whom, and that disconnecting
// everybody cuts no request off.

const cluster = require('node:cluster');
const { once } = require('node:events');
const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');
const { count, follow, forkListening, isRoundRobin, request, say } = require('./support.js');

const SLOW = 8;
const SLOW_MS = 200;

async function primary() {
  const tell = follow();
  const { workers, address, addresses } = await forkListening(2);
  say('one port', new Set(addresses.map(({ port }) => port)).size, address.fd);

  const served = [];
  for (let sent = 0; sent < 20; sent += 1) served.push(await request(address));
  say('status', count(served.map(({ status }) => status)));
  // Without round robin the kernel decides, and may choose one of them alone.
  if (isRoundRobin()) say('by worker', count(served.map(({ body }) => body)));

  const upload = 'x'.repeat(3_000_000);
  const { body } = await request(address, { method: 'POST', path: '/echo', body: upload });
  say('echo', body === upload);

  const held = slowRequestsHeld();
  const inFlight = Array.from({ length: SLOW }, () => request(address, { path: '/slow' }));
  await held;
  const left = new Promise((resolve) => cluster.disconnect(resolve));
  const exits = Promise.all(workers.map((worker) => once(worker, 'exit')));
  say('in flight', count((await Promise.all(inFlight)).map(({ status }) => status)));
  await left;
  say('workers left', Object.keys(cluster.workers));
  say('after', (await request(address)).error);
  await exits;
  tell();
}

/** Resolves once the workers have all the slow requests between them. */
function slowRequestsHeld() {
  let held = 0;
  return new Promise((resolve) => {
    cluster.on('message', () => {
      held += 1;
      if (held === SLOW) resolve();
    });
  });
}

function worker() {
  const server = http.createServer(async (incoming, response) => {
    if (incoming.url === '/echo') return incoming.pipe(response);
    if (incoming.url === '/slow') {
      process.send('slow');
      await sleep(SLOW_MS);
    }
    response.end(String(cluster.worker.id));
  });
  server.listen(0);
}

if (cluster.isPrimary) primary();
else worker();
