'use strict';
// Workers that are killed while others serve, one of them in a loop that hears nothing, and the ones
// that take their place. No more is lost than what was on its way to one that was killed.

const cluster = require('node:cluster');
const { once } = require('node:events');
const http = require('node:http');
const { follow, forkListening, request, say } = require('./support.js');

const LATE_MS = 1_000;
const DEATHS = [['SIGKILL'], ['SIGKILL', 'busy'], ['SIGTERM', 'busy'], ['SIGTERM'], ['SIGABRT']];

async function primary() {
  const tell = follow();
  const { workers, address } = await forkListening(2);

  let isOver = false;
  let lost = 0;
  const clients = Array.from({ length: 4 }, async () => {
    let served = 0;
    while (!isOver) {
      const { status, error } = await request(address, { timeout: LATE_MS });
      if (status === 200) served += 1;
      else if (error === 'ECONNRESET' || error === 'late') lost += 1;
      else say('unexpected', status, error);
    }
    return served > 0;
  });

  for (const [signal, isBusy] of DEATHS) {
    const victim = workers.shift();
    if (isBusy) {
      victim.send('be busy');
      await once(victim, 'message');
    }
    victim.process.kill(signal);
    const [code, reported] = await once(victim, 'exit');
    say('killed', signal, isBusy ?? 'idle', code, reported, isGone(victim.process.pid));
    workers.push(...(await forkListening(1)).workers);
  }
  isOver = true;
  say('clients served', (await Promise.all(clients)).includes(true));
  say('lost no more than those in flight', lost <= DEATHS.length * clients.length);

  // Kills at once, without the workers' leave.
  for (const worker of workers) worker.kill('SIGKILL');
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  tell();
}

function isGone(pid) {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function worker() {
  http.createServer((_incoming, response) => response.end('here')).listen(0);
  process.on('message', () => {
    // Later, so that the answer has left whichever way messages leave.
    process.send('busy', () => {
      while (true);
    });
  });
}

if (cluster.isPrimary) primary();
else worker();
