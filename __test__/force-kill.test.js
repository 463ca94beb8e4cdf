'use strict';
// forceKillAfter: SIGKILL for what its signal did not end, from spawn(), kill(), exec() and the synchronous
// calls, also while this thread is busy. In run() and pipeline(): run.test.js, pipeline.test.js.

const assert = require('node:assert');
const { once } = require('node:events');
const { describe, it: test, afterEach } = require('node:test');
const sprog = require('..');
const { isAlive, waitGone } = require('./helpers/processes.js');
const { runScript } = require('./helpers/script.js');

const PATIENCE_MS = 30_000;
const SOON_MS = 100;

// What waits for an end that never comes must fail its test, not hang the run.
const it = (title, body) => test(title, { timeout: 60_000 }, body);

const STUBBORN = "trap '' TERM INT HUP USR1; echo ready; while :; do sleep 0.05; done";

const started = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** A child that listens to none of the signals that ask it to end, once it is ready. */
async function stubborn(options, script = STUBBORN) {
  const child = sprog.spawn('sh', ['-c', script], options);
  started.push(child);
  // An abort is told so.
  child.on('error', () => {});
  await once(child.stdout, 'data');
  return child;
}

/** Blocks this thread until `condition()` holds. */
function block(condition) {
  const wait = new Int32Array(new SharedArrayBuffer(4));
  for (const deadline = Date.now() + PATIENCE_MS; !condition(); ) {
    assert.ok(Date.now() < deadline, 'nothing has happened meanwhile');
    Atomics.wait(wait, 0, 0, 10);
  }
}

describe('SIGKILL follows', () => {
  it('a kill() of a child that was started with the option', async () => {
    const child = await stubborn({ forceKillAfter: SOON_MS });
    assert.strictEqual(child.kill(), true);
    assert.deepStrictEqual(await once(child, 'exit'), [null, 'SIGKILL']);
    assert.strictEqual(child.killed, true);
    assert.ok(await waitGone(child.pid, PATIENCE_MS));
  });

  it('a kill() that has the option', async () => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1']) {
      const child = await stubborn({});
      assert.strictEqual(child.kill(signal, { forceKillAfter: SOON_MS }), true);
      assert.deepStrictEqual(await once(child, 'exit'), [null, 'SIGKILL']);
    }
  });

  it('while this thread is busy', async () => {
    const child = await stubborn({ forceKillAfter: SOON_MS });
    child.kill();
    block(() => !isAlive(child.pid));
    assert.deepStrictEqual(await once(child, 'exit'), [null, 'SIGKILL']);
  });

  it('a timeout, and both come while this thread is busy', async () => {
    for (let timeout = 250; ; timeout *= 2) {
      const options = { timeout, forceKillAfter: SOON_MS };
      const child = sprog.spawn('sh', ['-c', STUBBORN], options);
      started.push(child);
      block(() => !isAlive(child.pid));
      let output = '';
      child.stdout.on('data', (chunk) => {
        output += chunk;
      });
      const [code, signal] = await once(child, 'close');
      assert.strictEqual(child.killed, true);
      // On a busy machine it may have been hit before it was ready.
      if (output === '') continue;
      assert.deepStrictEqual([code, signal], [null, 'SIGKILL']);
      return;
    }
  });

  it('an abort', async () => {
    for (const killSignal of ['SIGTERM', 'SIGUSR1']) {
      const controller = new AbortController();
      const { signal } = controller;
      const child = await stubborn({ signal, killSignal, forceKillAfter: SOON_MS });
      controller.abort();
      assert.deepStrictEqual(await once(child, 'exit'), [null, 'SIGKILL']);
    }
  });

  it('the end of exec() and execFile() by maxBuffer', async () => {
    const script = "trap '' TERM PIPE; while :; do echo yyyyyyyy 2>/dev/null; done";
    const options = { forceKillAfter: SOON_MS, maxBuffer: 1000 };
    for (const start of [
      (callback) => sprog.exec(script, options, callback),
      (callback) => sprog.execFile('sh', ['-c', script], options, callback),
    ]) {
      const error = await new Promise((resolve) => start(resolve));
      assert.strictEqual(error.code, 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER');
    }
  });

  it('the timeout of a synchronous call', () => {
    for (let timeout = 250; ; timeout *= 2) {
      const options = { timeout, forceKillAfter: SOON_MS };
      const { stdout, signal, error } = sprog.spawnSync('sh', ['-c', STUBBORN], options);
      assert.strictEqual(error.code, 'ETIMEDOUT');
      if (stdout.length === 0) continue;
      assert.strictEqual(signal, 'SIGKILL');
      return;
    }
  });

  it('in a worker thread, and in the name of one that is gone', async () => {
    const { said, code, strays } = await runScript(
      async (self) => {
        const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
        const { once } = require('node:events');
        if (!isMainThread) {
          const script = "trap '' TERM; echo ready; while :; do sleep 0.05; done";
          const child = self.cp.spawn('sh', ['-c', script], { forceKillAfter: workerData });
          child.stdout.once('data', () => {
            child.kill();
            if (workerData > 100) parentPort.postMessage(child.pid);
          });
          child.on('exit', (_code, signal) => parentPort.postMessage(signal));
          return;
        }
        const [signal] = await once(new Worker(__filename, { workerData: 50 }), 'message');
        self.say(signal);
        const worker = new Worker(__filename, { workerData: 300 });
        const [pid] = await once(worker, 'message');
        await worker.terminate();
        self.say(await self.processes.waitGone(pid, 30_000));
      },
      { limit: 60_000 },
    );
    assert.deepStrictEqual([said, code, strays], [[['SIGKILL'], [true]], 0, []]);
  });
});

describe('SIGKILL does not follow', () => {
  /** Whether the child is there after another one, that was to be killed later, is gone. */
  async function survives(child) {
    const later = await stubborn({ forceKillAfter: 3 * SOON_MS });
    later.kill();
    await once(later, 'exit');
    return isAlive(child.pid);
  }

  it('a signal that does not ask for an end', async () => {
    const script = "trap 'echo told' USR1 WINCH; echo ready; while :; do sleep 0.05; done";
    const child = await stubborn({ forceKillAfter: SOON_MS }, script);
    for (const signal of ['SIGUSR1', 'SIGWINCH', 'SIGCONT', 0]) {
      assert.strictEqual(child.kill(signal), true);
    }
    assert.ok(await survives(child));
  });

  it('a kill() that says so, or one without the option', async () => {
    const child = await stubborn({ forceKillAfter: SOON_MS });
    for (const forceKillAfter of [false, Number.POSITIVE_INFINITY]) {
      assert.strictEqual(child.kill('SIGTERM', { forceKillAfter }), true);
    }
    const other = await stubborn({});
    other.kill();
    assert.ok(await survives(child));
    assert.ok(isAlive(other.pid));
  });

  it('what has ended in time', async () => {
    const child = sprog.spawn('sleep', ['60'], { forceKillAfter: PATIENCE_MS });
    child.kill();
    assert.deepStrictEqual(await once(child, 'exit'), [null, 'SIGTERM']);
    const ended = sprog.spawn('true', { timeout: SOON_MS, forceKillAfter: SOON_MS });
    block(() => !isAlive(ended.pid));
    const until = Date.now() + 3 * SOON_MS;
    block(() => Date.now() > until);
    assert.deepStrictEqual(await once(ended, 'exit'), [0, null]);
    assert.strictEqual(ended.killed, false);
  });

  it('a process that exits, or holds it up', async () => {
    const { code, said } = await runScript((self) => {
      const options = { forceKillAfter: 600_000, timeout: 600_000 };
      self.cp.spawn('true', options).on('exit', (code) => self.say(code));
    });
    assert.deepStrictEqual([code, said], [0, [[0]]]);
  });
});

describe('wrong values are refused before anything happens', () => {
  for (const [value, code] of [
    ['5', 'ERR_INVALID_ARG_TYPE'],
    [{}, 'ERR_INVALID_ARG_TYPE'],
    [-1, 'ERR_OUT_OF_RANGE'],
    [Number.NaN, 'ERR_OUT_OF_RANGE'],
  ]) {
    it(`${typeof value} ${value}`, () => {
      const options = { forceKillAfter: value };
      assert.throws(() => sprog.spawn('true', options), { code });
      assert.throws(() => sprog.execFile('true', options), { code });
      assert.throws(() => sprog.spawnSync('true', options), { code });
      const child = sprog.spawn('sleep', ['60']);
      started.push(child);
      assert.throws(() => child.kill('SIGTERM', options), { code });
      assert.throws(() => child.kill('SIGTERM', 5), { code: 'ERR_INVALID_ARG_TYPE' });
      assert.strictEqual(child.killed, false);
    });
  }
});
