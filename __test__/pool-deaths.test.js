'use strict';
// Workers die, the pool does not: each way to end, what becomes of the tasks that the worker had, and
// that none is begun twice without `retries`.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { afterEach, describe, it: test } = require('node:test');
const { writeFile } = require('./helpers/files.js');
const { processStat } = require('./helpers/processes.js');
const {
  Pool,
  assertGone,
  endPools,
  eventually,
  makePool,
  rejection,
} = require('./helpers/pools.js');

const it = (title, run) => test(title, { timeout: 90_000 }, run);

let tmp;
const scratch = (name) => {
  tmp ??= fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-pool-deaths-'));
  return path.join(tmp, name);
};
const linesOf = (file) => {
  try {
    return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
};

afterEach(async () => {
  await endPools();
  if (tmp) fs.rmSync(tmp, { recursive: true, force: true });
  tmp = undefined;
});

describe('a worker that ends', () => {
  for (const [title, name, args, expected] of [
    ['by process.exit()', 'exit', [3], { code: 3, signal: null, reason: 'exit' }],
    ['with 0', 'exit', [0], { code: 0, signal: null, reason: 'exit' }],
    ['by a signal', 'kill', ['SIGTERM'], { code: null, signal: 'SIGTERM', reason: 'signal' }],
    ['by SIGKILL', 'kill', ['SIGKILL'], { code: null, signal: 'SIGKILL', reason: 'signal' }],
    ['by a segfault', 'kill', ['SIGSEGV'], { code: null, signal: 'SIGSEGV', reason: 'signal' }],
    ['by abort()', 'kill', ['SIGABRT'], { code: null, signal: 'SIGABRT', reason: 'signal' }],
  ]) {
    it(`${title} rejects its task, and another one takes its place`, async () => {
      const pool = makePool();
      const error = await rejection(pool.run(name, args));
      assert.ok(error instanceof Pool.WorkerExited && error instanceof Error);
      const { code, signal, reason, task, pid } = error;
      assert.deepStrictEqual({ code, signal, reason }, expected);
      assert.strictEqual(task, name);
      assert.ok(pool.pids.has(pid));
      assert.ok(error.message.includes(`"${name}"`) && error.message.includes(String(pid)));
      assert.strictEqual(await pool.run('add', [1, 2]), 3);
      assert.strictEqual(pool.pids.size, 2);
      assert.strictEqual(pool.stats().restarts, 1);
    });
  }

  it('says what its last words on stderr were', async () => {
    const pool = makePool({ stderr: 'ignore' });
    const error = await rejection(pool.run('complain', [`${'x'.repeat(100_000)} last words`]));
    assert.strictEqual(error.code, 9);
    assert.ok(error.stderr.endsWith('x last words'));
    assert.strictEqual(error.stderr.length, 4096);
  });

  it('says them from the beginning of a character on', async () => {
    const pool = makePool({ stderr: 'ignore' });
    for (const end of ['', '.', '..', '...']) {
      const error = await rejection(pool.run('complain', [`${'\u{1f600}'.repeat(20_000)}${end}`]));
      assert.match(error.stderr, /^(\u{1f600}){1023,1024}\.*$/u);
      assert.ok(error.stderr.endsWith(`\u{1f600}${end}`));
      assert.ok(Buffer.byteLength(error.stderr) > 4092);
    }
  });

  it('says that it was an uncaught exception', async () => {
    const pool = makePool({ stderr: 'ignore' });
    const error = await rejection(pool.run('throwLater', ['out of nowhere']));
    assert.strictEqual(error.code, 1);
    assert.match(error.stderr, /Error: out of nowhere/);
  });

  it('touches only the tasks that it had', async () => {
    const pool = makePool({ max: 2, concurrency: 2 });
    const others = [];
    await Promise.all([1, 2, 3, 4].map(() => pool.run('block', [100])));
    assert.strictEqual(pool.pids.size, 2);
    const ends = [pool.run('sleep', [100, 'a']), pool.run('sleep', [100, 'b'])];
    const dying = pool.run('kill', ['SIGKILL']);
    for (let n = 0; n < 20; n++) others.push(pool.run('sleep', [5, n]));
    const error = await rejection(dying);
    const settled = await Promise.allSettled([...ends, ...others]);
    const failed = settled.filter(({ status }) => status === 'rejected');
    // At most the one that ran beside it.
    assert.ok(failed.length <= 1, `${failed.length} have failed`);
    for (const { reason } of failed) assert.strictEqual(reason.pid, error.pid);
  });

  it('without a task is replaced where `min` asks for it', async () => {
    const pool = makePool({ min: 1 });
    const pid = await pool.run('pid');
    process.kill(pid, 'SIGKILL');
    await eventually(() => pool.pids.size === 2, 'it is replaced');
    assert.notStrictEqual(await pool.run('pid'), pid);
    assert.strictEqual(pool.exits[0].signal, 'SIGKILL');
  });

  it('because what it sent was too large is replaced, and the error says so', async () => {
    const pool = makePool({ fork: { maxMessageSize: 100_000 }, retries: 1 });
    const retries = [];
    pool.on('taskRetry', ({ error }) => retries.push(error));
    const error = await rejection(pool.run('bytes', [Buffer.alloc(200_000)]));
    assert.ok(error instanceof Pool.WorkerExited);
    for (const { reason, cause, message } of [error, ...retries]) {
      assert.strictEqual(reason, 'channel');
      assert.strictEqual(cause.code, 'ERR_SPROG_MESSAGE_TOO_LARGE');
      assert.ok(message.endsWith(cause.message));
    }
    assert.strictEqual(retries.length, 1);
    assert.strictEqual(await pool.run('add', [1, 2]), 3);
    assert.strictEqual(pool.exits[0].cause, retries[0].cause);
    assert.strictEqual(pool.pids.size, 3);
  });

  it('because its channel was closed is replaced', async () => {
    const pool = makePool();
    const error = await rejection(pool.run('disconnect'));
    assert.ok(error instanceof Pool.WorkerExited);
    assert.strictEqual(await pool.run('add', [1, 2]), 3);
  });

  it('and its grandchild holds stderr: the rejection does not wait for it', async () => {
    const pool = makePool({ fork: { tree: false } });
    const grandchild = pool.run('leaveChild');
    const error = await rejection(grandchild);
    assert.ok(error instanceof Pool.WorkerExited);
    const pid = Number(/child (\d+)/.exec(error.stderr)[1]);
    assert.ok(processStat(pid), 'it has outlived the worker');
    process.kill(pid, 'SIGKILL');
  });
});

describe('timeout', () => {
  for (const [name, what] of [
    ['spin', 'an infinite loop'],
    ['never', 'a promise that is never settled'],
  ]) {
    it(`ends ${what} and its worker`, async () => {
      const pool = makePool();
      const pid = await pool.run('pid');
      const error = await rejection(pool.run(name, [], { timeout: 100 }));
      assert.ok(error instanceof Pool.TaskTimeout);
      assert.deepStrictEqual([error.code, error.timeout], ['ERR_SPROG_TASK_TIMEOUT', 100]);
      await assertGone([pid]);
      assert.strictEqual(await pool.run('add', [1, 2]), 3);
    });
  }

  it('counts from the moment that the task runs', async () => {
    const pool = makePool({ timeout: 20_000 });
    const tasks = Array.from({ length: 4 }, () => pool.run('block', [50]));
    assert.strictEqual(new Set(await Promise.all(tasks)).size, 1);
    // Behind an infinite loop: not its fault.
    const spin = pool.run('spin', [], { timeout: 200 });
    const behind = pool.run('add', [1, 2], { timeout: 15_000 });
    assert.ok((await rejection(spin)) instanceof Pool.TaskTimeout);
    assert.strictEqual(await behind, 3);
  });

  it('of one task leaves those that had not begun to another worker', async () => {
    const pool = makePool();
    const file = scratch('notes');
    await Promise.all(Array.from({ length: 50 }, (_, n) => pool.run('add', [n, 1])));
    await pool.run('note', [file, 'warm']);
    const spin = rejection(pool.run('spin', [], { timeout: 200 }));
    const notes = Array.from({ length: 50 }, (_, n) => pool.run('note', [file, `n${n}`]));
    assert.ok((await spin) instanceof Pool.TaskTimeout);
    await Promise.all(notes);
    assert.deepStrictEqual(linesOf(file), ['warm', ...notes.map((_, n) => `n${n}`)]);
  });

  it('rejects those that ran beside it, unless they may be retried', async () => {
    const pool = makePool({ concurrency: 3 });
    const file = scratch('begun');
    await pool.run('pid');
    const beside = rejection(pool.run('noteAnd', [file, 'beside', 'never']));
    const retried = pool.run('sleep', [300, 'done'], { retries: 1 });
    const late = rejection(pool.run('never', [], { timeout: 150 }));
    assert.ok((await late) instanceof Pool.TaskTimeout);
    const error = await beside;
    assert.ok(error instanceof Pool.WorkerExited);
    assert.strictEqual(error.reason, 'timeout');
    assert.match(error.message, /another of its tasks took too long/);
    assert.strictEqual(await retried, 'done');
    assert.deepStrictEqual(linesOf(file), ['beside']);
  });
});

describe('abort', () => {
  it('before run() refuses, while waiting removes', async () => {
    const pool = makePool();
    const file = scratch('notes');
    const reason = new Error('not wanted');
    const early = await rejection(pool.run('add', [1, 2], { signal: AbortSignal.abort(reason) }));
    assert.deepStrictEqual(
      [early.name, early.code, early.cause],
      ['AbortError', 'ABORT_ERR', reason],
    );
    assert.strictEqual(pool.pids.size, 0);
    const controller = new AbortController();
    const blocking = pool.run('block', [100]);
    const waiting = [1, 2, 3].map((n) =>
      rejection(pool.run('note', [file, `${n}`], { signal: controller.signal })),
    );
    controller.abort(reason);
    for (const error of await Promise.all(waiting)) assert.strictEqual(error.cause, reason);
    await blocking;
    assert.strictEqual(await pool.run('add', [1, 2]), 3);
    assert.deepStrictEqual(linesOf(file), []);
    assert.strictEqual(pool.pids.size, 1);
  });

  it('ends a worker that runs the task', async () => {
    const pool = makePool();
    const pid = await pool.run('pid');
    const controller = new AbortController();
    const spin = rejection(pool.run('spin', [], { signal: controller.signal }));
    setTimeout(() => controller.abort(), 50);
    assert.strictEqual((await spin).code, 'ABORT_ERR');
    await assertGone([pid]);
    assert.strictEqual(await pool.run('add', [1, 2]), 3);
  });

  it('gives a task `abortGrace` to end by itself, and its worker stays', async () => {
    const pool = makePool({ abortGrace: 30_000 });
    const controller = new AbortController();
    const { signal } = controller;
    // Aborted once it runs.
    const onProgress = () => controller.abort();
    const error = await rejection(pool.run('waitForAbort', [], { signal, onProgress }));
    assert.strictEqual(error.code, 'ABORT_ERR');
    assert.strictEqual(await pool.run('add', [1, 2]), 3);
    assert.strictEqual(pool.pids.size, 1);
  });

  it('ends the worker where the task does not mind', async () => {
    const pool = makePool({ abortGrace: 50 });
    const controller = new AbortController();
    await pool.run('pid');
    const never = rejection(pool.run('never', [], { signal: controller.signal }));
    setTimeout(() => controller.abort(), 20);
    assert.strictEqual((await never).code, 'ABORT_ERR');
    assert.strictEqual(await pool.run('add', [1, 2]), 3);
    assert.strictEqual(pool.pids.size, 2);
  });

  it('by one signal ends many tasks, without a warning', async () => {
    const pool = makePool();
    const warnings = [];
    const onWarning = (warning) => warnings.push(warning);
    process.on('warning', onWarning);
    const controller = new AbortController();
    const { signal } = controller;
    const some = Array.from({ length: 50 }, (_, n) => pool.run('add', [n, 1], { signal }));
    await Promise.all(some);
    const many = Array.from({ length: 50 }, () => rejection(pool.run('block', [20], { signal })));
    controller.abort();
    for (const error of await Promise.all(many)) assert.strictEqual(error.code, 'ABORT_ERR');
    assert.strictEqual(await pool.run('add', [1, 2]), 3);
    process.off('warning', onWarning);
    assert.deepStrictEqual(warnings, []);
  });
});

describe('retries', () => {
  it('run a task again when its worker has died, and say so', async () => {
    const pool = makePool();
    const file = scratch('begun');
    const retries = [];
    pool.on('taskRetry', (retry) => retries.push(retry));
    assert.strictEqual(await pool.run('dieTimes', [file, 2], { retries: 2 }), 3);
    assert.strictEqual(linesOf(file).length, 3);
    assert.deepStrictEqual(
      retries.map(({ task, attempt, error }) => [task, attempt, error.signal]),
      [
        ['dieTimes', 1, 'SIGKILL'],
        ['dieTimes', 2, 'SIGKILL'],
      ],
    );
    assert.strictEqual(pool.stats().retried, 2);
  });

  it('are as many as were asked for; of a pool, or of a task that asks for others', async () => {
    const pool = makePool({ retries: 1 });
    const file = scratch('begun');
    const error = await rejection(pool.run('dieTimes', [file, 5]));
    assert.ok(error instanceof Pool.WorkerExited);
    assert.strictEqual(linesOf(file).length, 2);
    const none = scratch('none');
    await rejection(pool.run('dieTimes', [none, 5], { retries: 0 }));
    assert.strictEqual(linesOf(none).length, 1);
  });

  it('are none for what a function throws, nor for a task that took too long', async () => {
    const pool = makePool({ retries: 5 });
    const file = scratch('begun');
    await rejection(pool.run('throwValue', [1]));
    await rejection(pool.run('noteAnd', [file, 'begun', 'never'], { timeout: 300 }));
    await pool.run('pid');
    assert.strictEqual(linesOf(file).length, 1);
  });

  it('not given, no task is begun twice, and those not begun are not lost', async () => {
    const pool = makePool({ max: 2 });
    const file = scratch('begun');
    await Promise.all(Array.from({ length: 200 }, (_, n) => pool.run('note', [file, `w${n}`])));
    fs.rmSync(file);
    const tasks = Array.from({ length: 600 }, (_, n) =>
      n % 100 === 50
        ? pool.run('noteAnd', [file, `${n}`, 'SIGKILL'])
        : pool.run('note', [file, `${n}`]),
    );
    const settled = await Promise.allSettled(tasks);
    const begun = linesOf(file);
    assert.strictEqual(new Set(begun).size, begun.length, 'begun twice');
    settled.forEach(({ status, reason }, n) => {
      if (status === 'fulfilled') assert.ok(begun.includes(String(n)), `${n} was never begun`);
      else assert.ok(reason instanceof Pool.WorkerExited);
    });
    for (let n = 50; n < 600; n += 100) assert.strictEqual(settled[n].status, 'rejected');
    const failed = settled.filter(({ status }) => status === 'rejected').length;
    assert.strictEqual(failed, 6);
  });
});

describe('a worker that is stopped', () => {
  it('is replaced after `stoppedAfter`; one that is merely busy is not', async () => {
    const pool = makePool({ max: 2, stoppedAfter: 300 });
    await Promise.all([pool.run('block', [100]), pool.run('block', [100])]);
    const busy = pool.run('block', [2000]);
    const stopped = await rejection(pool.run('kill', ['SIGSTOP']).then(() => pool.run('never')));
    assert.ok(stopped instanceof Pool.WorkerExited);
    assert.strictEqual(stopped.reason, 'stopped');
    assert.strictEqual(stopped.signal, 'SIGKILL');
    const pid = await busy;
    assert.ok(!pool.exits.some((exit) => exit.pid === pid), 'the busy one lives');
    await assertGone([stopped.pid]);
  });

  it('and goes on in time is left alone', async () => {
    const pool = makePool({ stoppedAfter: 30_000 });
    const pid = await pool.run('pid');
    process.kill(pid, 'SIGSTOP');
    const task = pool.run('pid');
    await eventually(() => processStat(pid).state === 'T', 'it is stopped');
    process.kill(pid, 'SIGCONT');
    assert.strictEqual(await task, pid);
  });
});

describe('a worker that cannot be started', () => {
  const cases = {
    'because there is no module': [() => scratch('missing.js'), /missing\.js/, 'MODULE_NOT_FOUND'],
    'because its module throws': [
      () =>
        writeFile(
          tmpdir(),
          'throws.js',
          'throw Object.assign(new Error("at load"), {code: "E_LOAD"})',
        ),
      /at load/,
      'E_LOAD',
    ],
    'because its module is no JavaScript': [
      () => writeFile(tmpdir(), 'syntax.cjs', 'this is no JavaScript'),
      /Unexpected identifier/,
    ],
    'because its module ends it': [
      () => writeFile(tmpdir(), 'exits.js', 'process.exit(7)'),
      /exited with code 7/,
    ],
  };
  const tmpdir = () => {
    scratch('');
    return tmp;
  };
  for (const [title, [script, message, code]] of Object.entries(cases)) {
    it(`${title} is tried a few times, then what waits is told why`, async () => {
      const pool = makePool({ stderr: 'ignore', startAttempts: 2 }, script());
      const failures = [];
      pool.on('workerStartFailed', (failure) => failures.push(failure));
      const error = await rejection(pool.run('anything'));
      assert.ok(error instanceof Pool.WorkerStartFailed);
      assert.strictEqual(error.code, 'ERR_SPROG_WORKER_START_FAILED');
      assert.strictEqual(error.attempts, 2);
      assert.match(error.message, message);
      assert.ok(error.cause instanceof Error);
      if (code) assert.strictEqual(error.cause.code, code);
      assert.deepStrictEqual(
        failures.map(({ attempt }) => attempt),
        [1, 2],
      );
    });
  }

  it('because its module throws what is no error is told what', async () => {
    const script = writeFile(tmpdir(), 'null.js', 'throw null');
    const error = await rejection(makePool({ startAttempts: 1 }, script).run('add', [1, 2]));
    assert.ok(error instanceof Pool.WorkerStartFailed);
    assert.strictEqual(error.cause, null);
    assert.match(error.message, /: null$/);
  });

  it('because there is no such Node is told too', async () => {
    const pool = makePool({ startAttempts: 1, fork: { execPath: '/nowhere/node' } });
    const error = await rejection(pool.run('add', [1, 2]));
    assert.ok(error instanceof Pool.WorkerStartFailed);
    assert.strictEqual(error.cause.code, 'ENOENT');
  });

  it('in time is ended', async () => {
    const script = writeFile(
      tmpdir(),
      'hangs.mjs',
      'setInterval(() => {}, 1000); await new Promise(() => {});',
    );
    const pool = makePool({ startAttempts: 1, startTimeout: 300 }, script);
    const error = await rejection(pool.run('add', [1, 2]));
    assert.match(error.message, /not loaded in time/);
    await assertGone(pool.pids);
  });

  it('at first may be later: the pool goes on', async () => {
    const file = scratch('tries');
    const script = writeFile(
      tmpdir(),
      'unsteady.js',
      `const fs = require('node:fs');
       fs.appendFileSync(${JSON.stringify(file)}, 'try\\n');
       if (fs.readFileSync(${JSON.stringify(file)}, 'utf8').length < 12) throw new Error('not yet');
       exports.works = () => 'works';`,
    );
    const pool = makePool({ startAttempts: 3 }, script);
    assert.strictEqual(await pool.run('works'), 'works');
    assert.strictEqual(linesOf(file).length, 3);
  });
});

describe('memory', () => {
  it('a limit that is passed ends one worker, and the error says so', async () => {
    const pool = makePool({ fork: { limits: { memory: 160 * 2 ** 20 } } });
    const started = await pool.run('pid').catch((error) => error);
    if (started.cause?.code === 'ERR_SPROG_LIMIT_UNAVAILABLE') return;
    const error = await rejection(pool.run('allocate', [400]));
    assert.ok(error instanceof Pool.WorkerExited);
    assert.deepStrictEqual(
      [error.pid, error.signal, error.oomKilled, error.reason],
      [started, 'SIGKILL', true, 'oom'],
    );
    assert.strictEqual(await pool.run('allocate', [10]), 10);
    const killed = await rejection(pool.run('kill', ['SIGKILL']));
    assert.deepStrictEqual([killed.oomKilled, killed.reason], [false, 'signal']);
  });

  it('a heap that is full ends one worker, and says so', async () => {
    const pool = makePool({ stderr: 'ignore', fork: { execArgv: ['--max-old-space-size=16'] } });
    const error = await rejection(pool.run('fillHeap'));
    assert.ok(error instanceof Pool.WorkerExited);
    assert.strictEqual(error.oomKilled, false);
    assert.match(error.stderr, /heap/i);
    assert.strictEqual(await pool.run('add', [1, 2]), 3);
  });
});
