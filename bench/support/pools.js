'use strict';
// The pools among the peers, brought to one shape: `add(a, b)`, `bytes(buffer)` and `die(how)` run in one
// of two workers. Each has the worker module that it wants in bench/children.

const path = require('node:path');

const WORKERS = 2;
const child = (name) => path.join(__dirname, '..', 'children', name);

const POOLS = {
  sprog(module) {
    const pool = new (require(module).Pool)(child('pool.js'), { min: WORKERS, max: WORKERS });
    return {
      add: (a, b) => pool.run('add', [a, b]),
      bytes: (buffer) => pool.run('bytes', [buffer]),
      die: (how) => pool.run('die', [how]),
      close: () => pool.close(),
    };
  },
  'tinypool-processes': () => tinypool('child_process'),
  'tinypool-threads': () => tinypool('worker_threads'),
  async piscina() {
    const { Piscina } = await import('piscina');
    const filename = child('pool-one-argument.js');
    const pool = new Piscina({ filename, minThreads: WORKERS, maxThreads: WORKERS });
    return onePerTask(
      (task, name) => pool.run(task, { name }),
      () => pool.destroy(),
    );
  },
  'jest-worker'() {
    const { Worker } = require('jest-worker');
    const pool = new Worker(child('pool.js'), {
      numWorkers: WORKERS,
      exposedMethods: ['add', 'bytes', 'die'],
      forkOptions: { serialization: 'advanced' },
    });
    const { add, bytes, die } = pool;
    return { add, bytes, die, close: () => pool.end() };
  },
  workerpool() {
    const workerpool = require('workerpool');
    const pool = workerpool.pool(child('pool-workerpool.js'), {
      workerType: 'process',
      minWorkers: WORKERS,
      maxWorkers: WORKERS,
      forkOpts: { serialization: 'advanced' },
    });
    return {
      add: (a, b) => pool.exec('add', [a, b]),
      bytes: (buffer) => pool.exec('bytes', [buffer]),
      die: (how) => pool.exec('die', [how]),
      close: () => pool.terminate(),
    };
  },
};

async function tinypool(runtime) {
  const { Tinypool } = await import('tinypool');
  const pool = new Tinypool({
    filename: child('pool-one-argument.js'),
    runtime,
    minThreads: WORKERS,
    maxThreads: WORKERS,
    ...(runtime === 'child_process' && { serialization: 'advanced' }),
  });
  return onePerTask(
    (task, name) => pool.run(task, { name }),
    () => pool.destroy(),
  );
}

function onePerTask(run, close) {
  return {
    add: (a, b) => run({ a, b }, 'add'),
    bytes: (buffer) => run(buffer, 'bytes'),
    die: (how) => run(how, 'die'),
    close,
  };
}

/** @param {string} kind @param {string} module where ours is */
async function openPool(kind, module) {
  return POOLS[kind](module);
}

module.exports = { openPool };
