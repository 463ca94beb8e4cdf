'use strict';
// A cluster of two under a real load, while one worker after the other is killed and replaced.

const cluster = require('node:cluster');
const { once } = require('node:events');
const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');
const autocannon = require('autocannon');

const CONNECTIONS = 10;
const KILLS = 3;
const PAUSE_MS = 500;

async function main() {
  const up = [];
  cluster.on('listening', (worker, { port }) => up.push({ worker, port }) && cluster.emit('up'));
  cluster.fork();
  cluster.fork();
  while (up.length < 2) await once(cluster, 'up');

  const url = `http://127.0.0.1:${up[0].port}`;
  const load = autocannon({ url, connections: CONNECTIONS, duration: 60, timeout: 2 });
  for (let kills = 0; kills < KILLS; kills += 1) {
    await sleep(PAUSE_MS);
    const { worker } = up.shift();
    worker.process.kill('SIGKILL');
    console.log('killed', ...(await once(worker, 'exit')));
    // The other one serves alone until this one is there.
    cluster.fork();
    while (up.length < 2) await once(cluster, 'up');
  }
  await sleep(PAUSE_MS);
  load.stop();
  const { '2xx': served, non2xx, errors } = await load;
  console.log('served', served > 100, 'others', non2xx);
  console.log('lost no more than in flight', errors <= KILLS * CONNECTIONS || errors);
  cluster.on('exit', (_worker, ...ended) => console.log('exit', ...ended));
  cluster.disconnect(() => console.log('disconnected'));
}

function worker() {
  http.createServer((_incoming, response) => response.end('served')).listen(0);
}

if (cluster.isPrimary) main();
else worker();
