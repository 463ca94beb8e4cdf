'use strict';
// How many workers a pool has and when: growth, spares, shrinking, recycling; which task comes first and
// how many may wait; and the end of a pool.

const assert = require('node:assert');
const { afterEach, describe, it: test } = require('node:test');
const { isAlive } = require('./helpers/processes.js');
const {
  Pool,
  assertGone,
  endPools,
  eventually,
  makePool,
  rejection,
} = require('./helpers/pools.js');
const { runScript } = require('./helpers/script.js');

const it = (title, run) => test(title, { timeout: 90_000 }, run);

afterEach(endPools);

/** Resolves with the states of the workers. */
const states = (pool) => pool.stats().workers.map(({ state }) => state);

describe('size', () => {
  it('is nothing until there is a task, then what the tasks need, up to max', async () => {
    const pool = makePool({ max: 3 });
    assert.deepStrictEqual(states(pool), []);
    await pool.run('add', [1, 2]);
    await pool.run('add', [1, 2]);
    assert.strictEqual(pool.pids.size, 1);
    const controller = new AbortController();
    const { signal } = controller;
    const tasks = Array.from({ length: 9 }, () => rejection(pool.run('never', [], { signal })));
    await eventually(() => states(pool).join() === 'busy,busy,busy', 'there are three');
    controller.abort();
    await Promise.all(tasks);
    assert.strictEqual(pool.stats().queued, 0);
  });

  it('is min from the start, unless it is lazy', async () => {
    const eager = makePool({ min: 2, max: 2 });
    await eventually(() => states(eager).join() === 'idle,idle', 'two are there');
    const lazy = makePool({ min: 2, max: 2, lazy: true });
    assert.deepStrictEqual(states(lazy), []);
    await lazy.run('add', [1, 2]);
    await eventually(() => states(lazy).join() === 'idle,idle', 'two are there');
  });

  it('has warm spares beside those that are busy', async () => {
    const pool = makePool({ max: 3, spares: 1 });
    const busy = pool.run('sleep', [60_000], { signal: AbortSignal.timeout(50_000) });
    busy.catch(() => {});
    await eventually(() => states(pool).join() === 'busy,idle', 'one is ready');
    const another = pool.run('sleep', [60_000]);
    another.catch(() => {});
    await eventually(() => states(pool).join() === 'busy,busy,idle', 'another one is ready');
  });

  it('shrinks to min when there is nothing to do', async () => {
    const pool = makePool({ min: 1, max: 3, idleTimeout: 100 });
    await Promise.all(Array.from({ length: 12 }, () => pool.run('sleep', [100])));
    assert.ok(pool.pids.size > 1);
    await eventually(() => states(pool).join() === 'idle', 'one is left');
    for (const { reason, code } of pool.exits) assert.deepStrictEqual([reason, code], ['idle', 0]);
    const none = makePool({ idleTimeout: 50 });
    await none.run('add', [1, 2]);
    await eventually(() => states(none).length === 0, 'none is left');
    assert.strictEqual(await none.run('add', [1, 2]), 3);
  });

  it('runs `concurrency` tasks at a time in a worker', async () => {
    const pool = makePool({ concurrency: 3 });
    const most = async (count) => Math.max(...(await Promise.all(count)));
    assert.strictEqual(await most(Array.from({ length: 9 }, () => pool.run('atOnce', [30]))), 3);
    const one = makePool();
    assert.strictEqual(await most(Array.from({ length: 5 }, () => one.run('atOnce', [5]))), 1);
  });

  it('does not let short tasks wait behind a long one', async () => {
    const pool = makePool({ max: 2 });
    await Promise.all(Array.from({ length: 200 }, () => pool.run('blockOr', [0])));
    let isDone = false;
    // The same function, known to be short.
    const long = pool.run('blockOr', [60_000], { timeout: 50_000 }).catch(() => {
      isDone = true;
    });
    const short = Array.from({ length: 100 }, () => pool.run('sleepOr', [0]));
    await Promise.all(short);
    assert.ok(!isDone);
    await pool.terminate();
    await long;
  });

  it('gives back what waits behind a task that takes longer than it used to', async () => {
    const pool = makePool({ max: 2 });
    await Promise.all(Array.from({ length: 400 }, () => pool.run('sleepOr', [0])));
    assert.strictEqual(pool.pids.size, 2);
    const long = rejection(pool.run('sleepOr', [60_000]));
    await Promise.all(Array.from({ length: 100 }, () => pool.run('sleepOr', [0])));
    await pool.terminate();
    assert.ok((await long) instanceof Pool.PoolClosed);
  });
});

describe('order', () => {
  it('short tasks wait in a busy worker, but bulky ones in the pool', async () => {
    const pool = makePool();
    const queuedBehind = async (arg) => {
      for (let i = 0; i < 40; i++) await pool.run('sleep', [0]);
      for (let i = 0; i < 40; i++) await pool.run('count', ['']);
      // It has been short until now.
      const tasks = [pool.run('sleep', [50]), pool.run('count', [arg]), pool.run('count', [arg])];
      await new Promise(setImmediate);
      const { queued } = pool.stats();
      await Promise.all(tasks);
      return queued;
    };
    let queued = await queuedBehind('small');
    // On a busy machine nothing is known to be short.
    for (let tries = 0; tries < 50 && queued !== 0; tries++) queued = await queuedBehind('small');
    assert.strictEqual(queued, 0);
    assert.strictEqual(await queuedBehind(Buffer.alloc(300_000)), 2);
    assert.strictEqual(await queuedBehind('x'.repeat(300_000)), 2);
    assert.strictEqual(await queuedBehind(new ArrayBuffer(300_000)), 2);
  });

  it('is by priority, and among equals first come, first served', async () => {
    const pool = makePool();
    const done = [];
    const first = pool.run('block', [50]);
    const tasks = [0, 5, -1, 5, 0, Infinity, 2.5].map((priority, n) =>
      pool.run('echo', [n], { priority }).then((value) => done.push(value)),
    );
    await Promise.all([first, ...tasks]);
    assert.deepStrictEqual(done, [5, 1, 3, 6, 0, 4, 2]);
  });

  it('has a limit; ready() tells when there is room', async () => {
    const pool = makePool({ maxQueue: 2 });
    // One runs, two wait.
    const tasks = [pool.run('sleep', [100, 0]), pool.run('echo', [1]), pool.run('echo', [2])];
    const error = await rejection(pool.run('echo', [3]));
    assert.ok(error instanceof Pool.QueueFull);
    assert.deepStrictEqual([error.code, error.maxQueue], ['ERR_SPROG_QUEUE_FULL', 2]);
    await pool.ready();
    tasks.push(pool.run('echo', [3]));
    assert.deepStrictEqual(await Promise.all(tasks), [0, 1, 2, 3]);
  });

  it('has room again when a task that waits is aborted', async () => {
    const pool = makePool({ max: 1, maxQueue: 1 });
    await pool.run('echo', [0]);
    const long = pool.run('sleep', [60_000]);
    await new Promise(setImmediate);
    const controller = new AbortController();
    const waiting = rejection(pool.run('echo', [1], { signal: controller.signal }));
    const room = pool.ready();
    await new Promise(setImmediate);
    controller.abort();
    assert.strictEqual((await waiting).name, 'AbortError');
    await room;
    const next = rejection(pool.run('echo', [2]));
    assert.strictEqual(pool.stats().queued, 1);
    pool.terminate();
    assert.ok((await rejection(long)) instanceof Pool.PoolClosed);
    await next;
  });

  it('lets a producer feed it with ready(), never above the limit', async () => {
    const pool = makePool({ max: 2, maxQueue: 3 });
    const tasks = [];
    let most = 0;
    for (let n = 0; n < 300; n++) {
      await pool.ready();
      tasks.push(pool.run('echo', [n]));
      most = Math.max(most, pool.stats().queued);
    }
    assert.deepStrictEqual(
      await Promise.all(tasks),
      tasks.map((_, n) => n),
    );
    assert.ok(most <= 3 + 2, `${most} were waiting`);
  });

  it('lets many producers feed it with ready(): each is kept a place', async () => {
    for (const options of [{ maxQueue: 0 }, { maxQueue: 1 }, { max: 2, maxQueue: 3 }]) {
      const pool = makePool(options);
      const produce = async (producer) => {
        for (let n = 0; n < 20; n++) {
          await pool.ready();
          assert.strictEqual(await pool.run('echo', [n]), n);
          // Some go without a place that they were promised.
          if (n % 5 === producer % 5) await pool.ready();
        }
      };
      await Promise.all(Array.from({ length: 8 }, (_, producer) => produce(producer)));
    }
  });

  it('keeps a place for a turn only', async () => {
    const pool = makePool({ maxQueue: 0 });
    await pool.ready();
    await new Promise(setImmediate);
    await pool.ready();
    const other = pool.ready();
    const task = pool.run('sleep', [50, 'slept']);
    assert.ok((await rejection(pool.run('echo', [1]))) instanceof Pool.QueueFull);
    await other;
    assert.strictEqual(await task, 'slept');
    assert.strictEqual(await pool.run('echo', [2]), 2);
  });

  it('with no queue at all takes what can be run at once', async () => {
    const pool = makePool({ max: 2, maxQueue: 0 });
    const tasks = [pool.run('sleep', [50, 1]), pool.run('sleep', [50, 2])];
    assert.ok((await rejection(pool.run('echo', [3]))) instanceof Pool.QueueFull);
    assert.deepStrictEqual(await Promise.all(tasks), [1, 2]);
    assert.strictEqual(await pool.run('echo', [3]), 3);
  });
});

describe('recycling', () => {
  const until = async (pool, reason) => {
    for (let n = 0; !pool.exits.some((exit) => exit.reason === reason); n++) {
      assert.strictEqual(await pool.run('echo', [n]), n);
      if (n % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };

  it('by tasks: a worker does no more than maxTasks', async () => {
    const pool = makePool({ max: 2, maxTasks: 5 });
    const pids = await Promise.all(Array.from({ length: 60 }, () => pool.run('pid')));
    const counts = new Map();
    for (const pid of pids) counts.set(pid, (counts.get(pid) ?? 0) + 1);
    assert.ok(
      [...counts.values()].every((count) => count <= 5),
      `${[...counts.values()]}`,
    );
    await eventually(() => pool.exits.length >= 11, 'they have ended');
    for (const { reason, code } of pool.exits)
      assert.deepStrictEqual([reason, code], ['maxTasks', 0]);
  });

  it('by tasks: one each', async () => {
    const pool = makePool({ maxTasks: 1 });
    const pids = [];
    for (let n = 0; n < 4; n++) pids.push(await pool.run('pid'));
    assert.strictEqual(new Set(pids).size, 4);
  });

  it('by age', async () => {
    const pool = makePool({ maxAge: 200 });
    const pid = await pool.run('pid');
    await until(pool, 'maxAge');
    assert.strictEqual(pool.exits[0].pid, pid);
    assert.ok(pool.stats().recycled >= 1);
  });

  it('by memory, as the system counts it', async () => {
    const pool = makePool({ maxRss: 250 * 2 ** 20 });
    const pid = await pool.run('pid');
    assert.strictEqual(await pool.run('hold', [300]), 300);
    await until(pool, 'maxRss');
    assert.strictEqual(pool.exits[0].pid, pid);
  });

  it('by age or memory: a worker that is worn while idle gets no task', async () => {
    const idle = () => new Promise((resolve) => setTimeout(resolve, 700));
    for (const min of [0, 1]) {
      const old = makePool({ min, maxAge: 500 });
      const large = makePool({ min, maxRss: 250 * 2 ** 20 });
      const pids = [await old.run('pid'), await large.run('holdLater', [300, 200])];
      await idle();
      const isLarge = ({ rss }) => rss > 300 * 2 ** 20;
      await eventually(() => large.stats().workers.some(isLarge), 'it has grown');
      assert.notStrictEqual(await old.run('pid'), pids[0]);
      assert.notStrictEqual(await large.run('pid'), pids[1]);
      for (const [pool, reason] of [
        [old, 'maxAge'],
        [large, 'maxRss'],
      ]) {
        await eventually(() => pool.exits.length > 0, 'it goes');
        assert.deepStrictEqual([pool.exits[0].reason, pool.exits[0].code], [reason, 0]);
        assert.ok(pool.stats().recycled >= 1);
      }
    }
  });

  it('by age: no worker is given a task when it is over it, however busy it is', async () => {
    const pool = makePool({ max: 2, concurrency: 2, maxAge: 500 });
    const began = new Map();
    // One that took longer to start than it may live has its first tasks all the same.
    pool.on('workerReady', ({ pid }) => began.set(pid, performance.now()));
    const end = performance.now() + 30_000;
    const feed = async () => {
      while (pool.exits.length < 2 && performance.now() < end) {
        const sent = performance.now();
        const pid = await pool.run('block', [2]);
        const now = performance.now();
        const age = sent - began.get(pid);
        assert.ok(age < 500 + 50, `sent at ${age}, back at ${now - began.get(pid)}`);
      }
    };
    await Promise.all(Array.from({ length: 8 }, feed));
    assert.ok(pool.exits.length >= 2, `${pool.exits.length}`);
    const ends = new Set(pool.exits.map(({ reason, code }) => `${reason} ${code}`));
    assert.deepStrictEqual([...ends], ['maxAge 0']);
  });

  it('by limits that no worker keeps, which holds up nobody', async () => {
    for (const limit of [{ maxAge: 1 }, { maxRss: 1 }]) {
      for (const min of [0, 2]) {
        const pool = makePool({ max: 2, min, ...limit });
        for (let n = 0; n < 3; n++) {
          assert.strictEqual(await pool.run('echo', [n]), n);
          await new Promise((resolve) => setTimeout(resolve, 150));
        }
        const many = Array.from({ length: 50 }, (_, n) => pool.run('echo', [n]));
        assert.strictEqual((await Promise.all(many)).length, 50);
        await pool.close();
      }
    }
  });

  it('starts the new one before the old one goes', async () => {
    const pool = makePool({ maxAge: 100 });
    const events = [];
    for (const name of ['workerReady', 'workerExit']) pool.on(name, () => events.push(name));
    await until(pool, 'maxAge');
    assert.deepStrictEqual(events.slice(0, 3), ['workerReady', 'workerReady', 'workerExit']);
  });
});

describe('close()', () => {
  it('does what is queued, refuses what comes, and leaves no process', async () => {
    const pool = makePool({ max: 2 });
    const tasks = Array.from({ length: 20 }, (_, n) => pool.run('sleep', [5, n]));
    const closing = pool.close();
    assert.strictEqual(pool.closed, true);
    assert.ok((await rejection(pool.run('add', [1, 2]))) instanceof Pool.PoolClosed);
    assert.ok((await rejection(pool.ready())) instanceof Pool.PoolClosed);
    await closing;
    assert.deepStrictEqual(
      await Promise.all(tasks),
      tasks.map((_, n) => n),
    );
    for (const pid of pool.pids) assert.ok(!isAlive(pid));
    await pool.close();
    await pool.terminate();
    assert.deepStrictEqual(states(pool), []);
  });

  it('of a pool that has never had a task', async () => {
    const pool = makePool();
    await pool.close();
    const started = makePool({ min: 2, max: 2 });
    await started.close();
    await assertGone(started.pids);
  });

  it('may be given a time after which it terminates', async () => {
    const pool = makePool();
    const never = rejection(pool.run('never'));
    await eventually(() => states(pool).join() === 'busy', 'it runs');
    await pool.close({ timeout: 50 });
    assert.ok((await never) instanceof Pool.PoolClosed);
    for (const pid of pool.pids) assert.ok(!isAlive(pid));
  });

  it('is what `await using` does', async () => {
    const pool = makePool();
    const dispose = Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose');
    const task = pool.run('sleep', [20, 'done']);
    await pool[dispose]();
    assert.strictEqual(await task, 'done');
  });

  it('ends a worker that does not end by itself', async () => {
    const pool = makePool({ killGrace: 100 });
    await pool.run('refuseToEnd');
    await pool.close();
    assert.deepStrictEqual(
      pool.exits.map(({ signal }) => signal),
      ['SIGKILL'],
    );
  });
});

describe('terminate()', () => {
  it('rejects everything and leaves no process', async () => {
    const pool = makePool({ max: 2 });
    const tasks = ['spin', 'never', 'spin', 'pid'].map((name) => rejection(pool.run(name)));
    const stream = rejection(pool.stream('endless').next());
    await eventually(() => states(pool).join() === 'busy,busy', 'they run');
    await pool.terminate();
    for (const pid of pool.pids) assert.ok(!isAlive(pid));
    for (const error of await Promise.all([...tasks, stream])) {
      assert.ok(error instanceof Pool.PoolClosed);
      assert.match(error.message, /terminated/);
    }
  });

  it('cuts a close() short', async () => {
    const pool = makePool();
    const never = rejection(pool.run('never'));
    const closing = pool.close();
    await pool.terminate();
    await closing;
    assert.ok((await never) instanceof Pool.PoolClosed);
  });
});

describe('the program', () => {
  it('ends by itself with an idle pool, whose workers end with it', async () => {
    const { code, said, strays, stderr } = await runScript(async (self) => {
      const pool = new self.cp.Pool(`${self.fixtures}/pool/worker.js`, { min: 2, max: 2 });
      self.say(await pool.run('add', [1, 2]));
    });
    assert.deepStrictEqual([code, stderr, said, strays], [0, '', [[3]], []]);
  });

  it('lets idle workers end before it does, and may then go on with others', async () => {
    const { code, said, strays, stderr } = await runScript(async (self) => {
      const pool = new self.cp.Pool(`${self.fixtures}/pool/worker.js`, { min: 1, max: 1 });
      pool.on('workerExit', ({ code, reason }) => self.say('ended', code, reason));
      await pool.run('add', [1, 2]);
      process.once('beforeExit', async () => {
        self.say('again', await pool.run('add', [1, 2]));
      });
      process.on('exit', () => self.say('exit', pool.closed, pool.stats().workers.length));
    });
    assert.deepStrictEqual([code, stderr, strays], [0, '', []]);
    assert.deepStrictEqual(said, [
      ['ended', 0, 'idle'],
      ['again', 3],
      ['ended', 0, 'idle'],
      ['exit', false, 0],
    ]);
  });

  it('does not wait at its end for a worker that is stopped', async () => {
    const { code, said, strays } = await runScript(async (self) => {
      const options = { max: 1, killGrace: 20_000 };
      const pool = new self.cp.Pool(`${self.fixtures}/pool/worker.js`, options);
      const pid = await pool.run('pid');
      process.kill(pid, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 500));
      const began = performance.now();
      process.on('exit', () => self.say(performance.now() - began));
    });
    assert.deepStrictEqual([code, strays], [0, []]);
    assert.ok(said[0][0] < 10_000, `${said[0][0]} ms`);
  });

  it('has one listener for the end of all pools, and none without workers', async () => {
    const { said, stderr } = await runScript(async (self) => {
      const make = () => new self.cp.Pool(`${self.fixtures}/pool/worker.js`, { max: 1 });
      const pools = Array.from({ length: 12 }, make);
      await Promise.all(pools.map((pool) => pool.run('pid')));
      self.say(process.listenerCount('beforeExit'));
      await Promise.all(pools.map((pool) => pool.close()));
      self.say(process.listenerCount('beforeExit'));
    });
    assert.deepStrictEqual([said, stderr], [[[1], [0]], '']);
  });

  it('in a worker thread too lets idle workers end first', async () => {
    const { code, said, strays } = await runScript(async (self) => {
      const { Worker, isMainThread } = require('node:worker_threads');
      if (isMainThread) {
        new Worker(__filename).on('exit', (status) => self.say('thread', status));
        return;
      }
      const pool = new self.cp.Pool(`${self.fixtures}/pool/worker.js`, { max: 1 });
      pool.on('workerExit', ({ code }) => self.say('ended', code));
      await pool.run('add', [1, 2]);
    });
    assert.deepStrictEqual(
      [code, said, strays],
      [
        0,
        [
          ['ended', 0],
          ['thread', 0],
        ],
        [],
      ],
    );
  });

  it('lives as long as it waits for a task, or as `ref` says', async () => {
    const { code, said } = await runScript((self) => {
      const pool = new self.cp.Pool(`${self.fixtures}/pool/worker.js`, { max: 1 });
      pool.run('sleep', [300, 'slept']).then(self.say);
    });
    assert.deepStrictEqual([code, said], [0, [['slept']]]);
    const kept = await runScript((self) => {
      const pool = new self.cp.Pool(`${self.fixtures}/pool/worker.js`, { max: 1, ref: true });
      setTimeout(() => {
        self.say('still here');
        pool.close();
      }, 500).unref();
    }, {});
    assert.deepStrictEqual([kept.code, kept.said, kept.strays], [0, [['still here']], []]);
  });

  it('takes busy workers with it when it exits', async () => {
    const { code, strays } = await runScript(async (self) => {
      const pool = new self.cp.Pool(`${self.fixtures}/pool/worker.js`, { max: 2 });
      pool.run('spin').catch(() => {});
      pool.on('workerReady', () => setTimeout(() => process.exit(5), 100));
    });
    assert.deepStrictEqual([code, strays], [5, []]);
  });

  it('may use a pool in a worker thread', async () => {
    const { code, said, stderr, strays } = await runScript(async (self) => {
      const { Worker, isMainThread } = require('node:worker_threads');
      if (isMainThread) {
        new Worker(__filename).on('exit', (status) => self.say('thread', status));
        return;
      }
      const pool = new self.cp.Pool(`${self.fixtures}/pool/worker.js`, { max: 1 });
      self.say(await pool.run('add', [1, 2]));
      await pool.close();
    });
    assert.deepStrictEqual([code, said, stderr, strays], [0, [[3], ['thread', 0]], '', []]);
  });
});
