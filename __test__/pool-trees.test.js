'use strict';
// What the tasks of a pool have started ends with their worker, however that ends; and the workers, even
// those that are blocked, end with the program.

const assert = require('node:assert');
const { once } = require('node:events');
const path = require('node:path');
const { afterEach, describe, it: test } = require('node:test');
const { spawn } = require('..');
const {
  Pool,
  WORKER,
  assertGone,
  endPools,
  eventually,
  makePool,
  rejection,
} = require('./helpers/pools.js');
const { isAlive } = require('./helpers/processes.js');
const { FEW_DESCRIPTORS, runScript } = require('./helpers/script.js');
const { modes } = require('./helpers/trees.js');

const it = (title, run) => test(title, { timeout: 90_000 }, run);
const PARENT = path.join(__dirname, 'fixtures', 'pool', 'parent.js');

afterEach(endPools);

/** The outcome of `run`, which has the mode forced until it is settled. */
async function whileIn(mode, run) {
  const before = process.env.SPROG_TREE_MODE;
  process.env.SPROG_TREE_MODE = mode;
  try {
    return await run();
  } finally {
    if (before === undefined) delete process.env.SPROG_TREE_MODE;
    else process.env.SPROG_TREE_MODE = before;
  }
}

/** A pool whose only worker, which has been started in this mode, has started a daemon. */
async function withDaemon(mode, options) {
  const pool = await whileIn(mode, async () => {
    const started = makePool({ min: 1, ...options });
    await once(started, 'workerStart');
    return started;
  });
  return { pool, daemon: await pool.run('startDaemon') };
}

for (const mode of modes()) {
  describe(`what a worker has started (${mode})`, () => {
    for (const how of ['terminate', 'close']) {
      it(`is gone when ${how}() has resolved`, async () => {
        const { pool, daemon } = await withDaemon(mode);
        assert.ok(isAlive(daemon));
        await pool[how]();
        assert.ok(!isAlive(daemon));
      });
    }

    it('ends with a worker that is killed for a task', async () => {
      const { pool, daemon } = await withDaemon(mode);
      const error = await rejection(pool.run('spin', [], { timeout: 100 }));
      assert.ok(error instanceof Pool.TaskTimeout);
      await assertGone([daemon]);
      assert.strictEqual(await pool.run('add', [1, 2]), 3);
    });

    it('ends with a worker that dies by itself', async () => {
      const { pool, daemon } = await withDaemon(mode);
      const error = await rejection(pool.run('kill', ['SIGSEGV']));
      assert.deepStrictEqual([error.signal, error.reason], ['SIGSEGV', 'signal']);
      await assertGone([daemon]);
    });

    it('is left alone with `tree: false`', async () => {
      const fork = { tree: false, dieWithParent: false };
      const { pool, daemon } = await withDaemon(mode, { fork });
      await pool.terminate();
      assert.ok(isAlive(daemon));
      process.kill(daemon, 'SIGKILL');
    });
  });
}

describe('a program that is killed', () => {
  /** Resolves with the pids when the program has been killed by SIGKILL. */
  async function killProgram(fork) {
    const stdio = /** @type {const} */ (['ignore', 'pipe', 'inherit']);
    const program = spawn(process.execPath, [PARENT, JSON.stringify(fork)], { stdio });
    const [line] = await once(program.stdout, 'data');
    const exited = once(program, 'exit');
    program.kill('SIGKILL');
    await exited;
    return JSON.parse(String(line));
  }

  it('takes along its workers, those that are blocked too, and what these have started', async () => {
    const { worker, daemon } = await killProgram({});
    await assertGone([worker, daemon]);
  });

  it('leaves a blocked worker behind with `dieWithParent: false`', async () => {
    const { worker, daemon } = await killProgram({ dieWithParent: false });
    assert.ok(isAlive(worker) && isAlive(daemon));
    process.kill(worker, 'SIGKILL');
    process.kill(daemon, 'SIGKILL');
  });

  it('by process.exit() takes all along, without a guard too', async () => {
    const script = `
      const { Pool } = require(${JSON.stringify(path.join(__dirname, '..'))});
      const pool = new Pool(${JSON.stringify(WORKER)}, { max: 1, fork: { dieWithParent: false } });
      pool.run('pid').then(async (worker) => {
        const daemon = await pool.run('startDaemon');
        console.log(JSON.stringify([worker, daemon]));
        process.exit();
      });`;
    const program = spawn(process.execPath, ['-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(program.stdout, 'data');
    await assertGone(JSON.parse(String(line)));
  });
});

describe('where it cannot be had', () => {
  it('a tree that was not asked for is done without, one that was is an error', async () => {
    // Whoever may make no groups is refused one; where this program may, there is nothing to see.
    if (modes().includes('cgroup')) return;
    await whileIn('cgroup', async () => {
      const pool = makePool();
      assert.strictEqual(await pool.run('add', [1, 2]), 3);
      const strict = makePool({ startAttempts: 1, fork: { tree: true } });
      const error = await rejection(strict.run('add', [1, 2]));
      assert.strictEqual(error.cause.code, 'ERR_SPROG_TREE_UNAVAILABLE');
    });
  });
});

describe('options of ours for workers', () => {
  it('that cannot be meant are refused before anything is started', () => {
    for (const [fork, code] of [
      [{ tree: 'yes' }, 'ERR_INVALID_ARG_TYPE'],
      [{ dieWithParent: 1 }, 'ERR_INVALID_ARG_TYPE'],
      [{ limits: { memory: 1 } }, 'ERR_OUT_OF_RANGE'],
      [{ limits: { pages: 1 } }, 'ERR_INVALID_ARG_VALUE'],
      [{ nice: 100 }, 'ERR_OUT_OF_RANGE'],
    ]) {
      assert.throws(() => new Pool(WORKER, /** @type {any} */ ({ fork })), { code });
    }
  });

  it('hold for them', async () => {
    const pool = makePool({ fork: { limits: { openFiles: 123 }, umask: 0o27 } });
    assert.deepStrictEqual(await pool.run('bounds'), { umask: 0o27, openFiles: '123' });
    await eventually(() => pool.stats().rss > 0, 'its memory is read');
  });
});

/** A task takes too long while the program has no descriptor left; then they are there again. */
async function exhausted(self) {
  const fs = require('node:fs');
  const { join } = require('node:path');
  const { setTimeout: sleep } = require('node:timers/promises');
  const pool = new self.cp.Pool(join(self.fixtures, 'pool', 'worker.js'), { max: 1 });
  const worker = await pool.run('pid');
  const task = pool.run('spin', [], { timeout: 200 });
  await sleep(50);
  const { held, code } = self.processes.holdDescriptors();
  self.say('opening', code);
  await task.catch((error) => self.say('task', error.name));
  await sleep(300);
  for (const fd of held) fs.closeSync(fd);
  await self.processes.waitGone(worker, 20_000);
  self.say('alive', self.processes.isAlive(worker));
  await pool.close();
  self.say('closed', pool.stats().workers.length);
}

for (const mode of modes()) {
  it(`a worker that cannot be ended for want of descriptors ends with the first chance (${mode})`, async () => {
    const { said, code, stderr, strays } = await runScript(exhausted, {
      ...FEW_DESCRIPTORS,
      env: { ...process.env, SPROG_TREE_MODE: mode },
    });
    assert.deepStrictEqual([code, stderr, strays], [0, '', []]);
    assert.deepStrictEqual(said, [
      ['opening', 'EMFILE'],
      ['task', 'TaskTimeout'],
      ['alive', false],
      ['closed', 0],
    ]);
  });
}
