'use strict';
// forceKillAfter and timeouts with the option `tree`: what follows a signal that was of no use reaches
// all descendants, also while this thread is busy, and after the exit of the child.

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const { describe, it: test } = require('node:test');
const sprog = require('..');
const { isAlive } = require('./helpers/processes.js');
const {
  PATIENCE_MS,
  command,
  directoryFor,
  inMode,
  members,
  modes,
  survivors,
} = require('./helpers/trees.js');

const SOON_MS = 100;
/** Milliseconds in which a tree may have grown, tried in turn: nobody knows how busy the machine is. */
const TIMEOUTS_MS = [1_500, 6_000, 24_000];

const it = (title, body) => test(title, { timeout: 120_000 }, body);

/** Blocks this thread until all have ended, and at least so long. */
function blockUntilGone(pids, leastMs = 0) {
  const wait = new Int32Array(new SharedArrayBuffer(4));
  const start = Date.now();
  while (Date.now() - start < leastMs || pids.some(isAlive)) {
    if (Date.now() - start > PATIENCE_MS) break;
    Atomics.wait(wait, 0, 0, 10);
  }
  assert.deepStrictEqual(pids.filter(isAlive), []);
}

for (const mode of modes()) {
  /** What `start` starts, and where the members of its tree note their pids. */
  const begin = (t, start, { rootExits = false } = {}) => {
    const directory = directoryFor(t);
    const deaf = command(directory, { deaf: true });
    // Its members are deaf to SIGTERM. The root is not where it is to exit first.
    const script = rootExits ? `{ ${deaf}; } & wait` : deaf;
    const started = inMode(mode, () => start(['-c', script]));
    const child = started.child ?? started;
    t.after(() => child.kill('SIGKILL'));
    child.on('error', () => {});
    return { directory, started, child };
  };

  const grow = async (t, options, form) => {
    const settings = { tree: true, stdio: 'ignore', ...options };
    const { child, directory } = begin(t, (args) => sprog.spawn('sh', args, settings), form);
    return { child, pids: [child.pid, ...(await members(directory))] };
  };

  describe(`SIGKILL follows to the whole tree, found by ${mode},`, () => {
    it('a kill() of a child that was started with the option, while this thread is busy', async (t) => {
      const { child, pids } = await grow(t, { forceKillAfter: SOON_MS });
      assert.strictEqual(child.kill(), true);
      blockUntilGone(pids);
      assert.deepStrictEqual(await once(child, 'exit'), [null, 'SIGKILL']);
    });

    it('a kill() that ends the child, and none of its descendants', async (t) => {
      // A machine may be so busy that the child has not ended by then.
      for (const forceKillAfter of [1_000, 5_000, 25_000]) {
        const { child, pids } = await grow(t, { forceKillAfter }, { rootExits: true });
        child.kill();
        const [, signal] = await once(child, 'exit');
        assert.deepStrictEqual(await survivors(pids), []);
        if (signal === 'SIGTERM') return;
      }
      assert.fail('the child never ended in time');
    });

    it('a kill() after the exit of the child', async (t) => {
      const { child, pids } = await grow(t, {}, { rootExits: true });
      child.kill();
      await once(child, 'exit');
      const rest = pids.slice(1);
      assert.deepStrictEqual(rest.filter(isAlive), rest);
      assert.strictEqual(child.kill('SIGTERM', { forceKillAfter: SOON_MS }), true);
      assert.deepStrictEqual(await survivors(rest), []);
    });

    it('an abort', async (t) => {
      const controller = new AbortController();
      const { signal } = controller;
      const { child, pids } = await grow(t, { signal, forceKillAfter: SOON_MS });
      controller.abort();
      assert.deepStrictEqual(await once(child, 'exit'), [null, 'SIGKILL']);
      assert.deepStrictEqual(await survivors(pids), []);
    });

    for (const rootExits of [false, true]) {
      const whom = rootExits ? 'that ends the child alone' : 'that ends nobody';
      it(`a timeout ${whom}, and both come while this thread is busy`, async (t) => {
        for (const timeout of TIMEOUTS_MS) {
          const settings = { tree: true, stdio: 'ignore', timeout, forceKillAfter: 5 * SOON_MS };
          const start = (args) => sprog.spawn('sh', args, settings);
          const { child, directory } = begin(t, start, { rootExits });
          const exited = once(child, 'exit');
          const grown = await Promise.race([members(directory), exited.then(() => undefined)]);
          if (!grown) continue;
          blockUntilGone([child.pid, ...grown], timeout);
          const [, signal] = await exited;
          // One that listens may have been too slow.
          if (!rootExits) assert.strictEqual(signal, 'SIGKILL');
          assert.strictEqual(child.killed, true);
          return;
        }
        assert.fail('the tree never grew in time');
      });
    }
  });

  describe(`nothing is left of a tree, found by ${mode},`, () => {
    /** Starts a run, or a pipeline, with a tree in it. */
    const run = (t, options, form) => {
      const settings = { tree: true, reject: false, forceKillAfter: SOON_MS, ...options };
      return begin(t, (args) => sprog.run('sh', args, settings), form);
    };

    for (const rootExits of [false, true]) {
      const who = rootExits ? 'its child listens to the signal' : 'nobody listens to the signal';
      it(`when run() tells of a timeout that came while this thread was busy, where ${who}`, async (t) => {
        for (const timeout of TIMEOUTS_MS) {
          const { started, child, directory } = run(t, { timeout }, { rootExits });
          const over = started.then(() => undefined);
          const grown = await Promise.race([members(directory), over]);
          if (!grown) continue;
          blockUntilGone([child.pid, ...grown], timeout);
          const { timedOut, forceKilled } = await started;
          assert.deepStrictEqual({ timedOut, forceKilled }, { timedOut: true, forceKilled: true });
          return;
        }
        assert.fail('the tree never grew in time');
      });
    }

    it('when run() tells of an abort', async (t) => {
      const controller = new AbortController();
      const { signal } = controller;
      const { started, child, directory } = run(t, { signal }, { rootExits: true });
      const pids = [child.pid, ...(await members(directory))];
      controller.abort();
      const { aborted, forceKilled } = await started;
      assert.deepStrictEqual(pids.filter(isAlive), []);
      assert.deepStrictEqual({ aborted, forceKilled }, { aborted: true, forceKilled: true });
    });

    it('when run() tells of too much output', async (t) => {
      const directory = directoryFor(t);
      const grown = `while ! [ -e node -a -e daemon -a -e orphan -a -e stray ]; do sleep 0.05; done`;
      const script = `{ ${command(directory, { deaf: true })}; } & ${grown}; yes`;
      const settings = { tree: true, reject: false, forceKillAfter: SOON_MS, maxBuffer: 1000 };
      const running = inMode(mode, () =>
        sprog.run('sh', ['-c', script], { ...settings, cwd: directory }),
      );
      t.after(() => running.child.kill('SIGKILL'));
      const pids = await members(directory);
      const { maxBufferExceeded } = await running;
      assert.deepStrictEqual([running.child.pid, ...pids].filter(isAlive), []);
      assert.strictEqual(maxBufferExceeded, true);
    });

    it('when pipeline() tells that another stage has failed', async (t) => {
      const directory = directoryFor(t);
      const trees = ['sh', '-c', `{ ${command(directory, { deaf: true })}; } & exit`];
      const fails = {
        command: 'sh',
        args: ['-c', 'while ! [ -e fail ]; do sleep 0.05; done; exit 3'],
      };
      const settings = { tree: true, reject: false, forceKillAfter: SOON_MS, cwd: directory };
      const running = inMode(mode, () => sprog.pipeline([trees, fails], settings));
      for (const child of running.children) t.after(() => child.kill('SIGKILL'));
      const pids = await members(directory);
      fs.writeFileSync(`${directory}/fail`, '');
      const { code, stage } = await running;
      assert.deepStrictEqual(pids.filter(isAlive), []);
      assert.deepStrictEqual({ code, stage }, { code: 3, stage: 1 });
    });
  });
}
