'use strict';
// What the cluster programs beside this file share. Only their primary says something, in an order
// that does not hang on which of two processes is quicker: what happened to a worker is told by worker.

const cluster = require('node:cluster');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

/** Prints its values as a line of JSON. */
function say(...values) {
  fs.writeSync(1, `${JSON.stringify(values)}\n`);
}

/** Keeps, by worker, the events that cluster and the worker itself emit, in their order. */
function follow() {
  const stories = new Map();
  const tell = (worker, ...words) => {
    if (!stories.has(worker.id)) stories.set(worker.id, []);
    stories.get(worker.id).push(words.join(' '));
  };
  cluster.on('fork', (worker) => {
    tell(worker, 'fork', state(worker));
    worker.on('online', () => tell(worker, 'own online'));
    worker.on('listening', () => tell(worker, 'own listening'));
    worker.on('disconnect', () => tell(worker, 'own disconnect', state(worker)));
    worker.on('exit', (code, signal) => tell(worker, 'own exit', code, signal, state(worker)));
  });
  cluster.on('online', (worker) => tell(worker, 'online', state(worker)));
  cluster.on('listening', (worker, { address, addressType }) =>
    tell(worker, 'listening', path.basename(address ?? ''), addressType, state(worker)),
  );
  cluster.on('disconnect', (worker) => tell(worker, 'disconnect', state(worker)));
  cluster.on('exit', (worker, code, signal) => tell(worker, 'exit', code, signal, state(worker)));
  return () => {
    for (const [id, story] of [...stories].sort(([a], [b]) => a - b)) say('worker', id, story);
  };
}

/** What can be asked of a worker at any time. */
function state(worker) {
  return JSON.stringify([
    worker.state,
    worker.isConnected(),
    worker.isDead(),
    worker.exitedAfterDisconnect,
    worker.process.exitCode,
    worker.process.signalCode,
    Object.keys(cluster.workers).includes(String(worker.id)),
  ]);
}

/** Forks `count` workers and resolves, once all of them listen, with them and the address. */
async function forkListening(count, env) {
  const workers = Array.from({ length: count }, () => cluster.fork(env));
  const addresses = await Promise.all(workers.map((worker) => once(worker, 'listening')));
  return { workers, address: addresses[0][0], addresses: addresses.map(([address]) => address) };
}

/**
 * One request on a connection of its own: `{ status, body }`, or `{ error }`. A connection that was on
 * its way to a worker when it died stays open for ever, so `timeout` is an end too.
 */
function request(target, { body, timeout = 10_000, ...options } = {}) {
  const { port, path: socketPath } = target;
  return new Promise((resolve) => {
    const sent = http.request(
      { ...(port > 0 ? { port } : { socketPath }), agent: false, timeout, ...options },
      async (response) => {
        const chunks = [];
        try {
          for await (const chunk of response) chunks.push(chunk);
          resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString() });
        } catch (error) {
          resolve({ error: error.code });
        }
      },
    );
    sent.on('timeout', () => sent.destroy(Object.assign(new Error('late'), { code: 'late' })));
    sent.on('error', (error) => resolve({ error: error.code }));
    sent.end(body);
  });
}

/** How often each of `values` occurs. */
function count(values) {
  const counts = {};
  for (const value of [...values].sort()) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

const isRoundRobin = () => cluster.schedulingPolicy === cluster.SCHED_RR;

module.exports = { count, follow, forkListening, isRoundRobin, request, say };
