'use strict';
// run(), runSync(): what a program comes to, as a result or as an error, and what ends it early. Where its
// input and output go is in run-io.test.js.

const assert = require('node:assert');
const { AsyncLocalStorage } = require('node:async_hooks');
const fs = require('node:fs');
const { Readable } = require('node:stream');
const { describe, it: test } = require('node:test');
const { pipeline, run, runSync, RunError } = require('..');
const { countFds, countZombies, isAlive, until, waitGone } = require('./helpers/processes.js');
const { runScript } = require('./helpers/script.js');

const PATIENCE_MS = 30_000;

// What waits for an end that never comes must fail its test, not hang the run.
const it = (title, body) => test(title, { timeout: 60_000 }, body);

const sh = (script, options) => run('sh', ['-c', script], options);
const shSync = (script, options) => runSync('sh', ['-c', script], options);

/** The error of a run that must fail. */
async function failure(promise) {
  const error = await promise.then(
    () => assert.fail('it did not fail'),
    (error) => error,
  );
  assert.ok(error instanceof RunError, String(error.stack));
  return error;
}

function failureSync(body) {
  try {
    body();
  } catch (error) {
    assert.ok(error instanceof RunError, String(error.stack));
    return error;
  }
  return assert.fail('it did not fail');
}

describe('a result', () => {
  for (const [name, echo] of [
    ['run()', (options) => run('echo', ['a', 'b'], options)],
    ['runSync()', (options) => runSync('echo', ['a', 'b'], options)],
  ]) {
    it(`of ${name} says what there is to say`, async () => {
      const { pid, durationMs, usage, ...others } = await echo({ cwd: '/' });
      assert.ok(pid > 0 && durationMs > 0);
      assert.ok(usage === undefined || usage.userCPUTime >= 0);
      assert.deepStrictEqual(others, {
        command: 'echo',
        args: ['a', 'b'],
        cwd: '/',
        code: 0,
        signal: null,
        failed: false,
        stdout: 'a b',
        stderr: '',
        all: undefined,
        dropped: { stdout: 0, stderr: 0, all: 0 },
        timedOut: false,
        aborted: false,
        maxBufferExceeded: false,
        forceKilled: false,
        step: undefined,
        interpreter: undefined,
        cause: undefined,
      });
      assert.strictEqual(isAlive(pid), false);
    });
  }

  it('takes options in the place of arguments', async () => {
    assert.strictEqual((await run('pwd', { cwd: '/' })).stdout, '/');
    assert.strictEqual(runSync('pwd', { cwd: '/' }).stdout, '/');
  });

  it('comes with the child, while it runs', async () => {
    const promise = run('cat', { stdin: 'pipe' });
    assert.ok(promise.child.pid > 0);
    promise.child.stdin.end('x');
    assert.strictEqual((await promise).stdout, 'x');
    assert.strictEqual(promise.child.exitCode, 0);
  });

  it('passes on what spawn() takes', async () => {
    const { stdout } = await sh('echo $0 $X', { argv0: 'name', env: { X: 'x', PATH: '/bin' } });
    assert.strictEqual(stdout, 'name x');
    assert.strictEqual((await run('echo $0', { shell: true })).stdout, '/bin/sh');
    const { stdout: id } = await sh("cut -d' ' -f6 /proc/$$/stat; echo $$", {
      detached: true,
      lines: true,
    });
    assert.strictEqual(id[0], id[1]);
  });

  it('has the environment of this process, or one of its own, or both', async () => {
    const env = { SPROG_RUN: 'x', PATH: process.env.PATH };
    const script = 'echo $SPROG_RUN,$SPROG_OUTER';
    process.env.SPROG_OUTER = 'outer';
    try {
      assert.strictEqual((await sh(script)).stdout, ',outer');
      assert.strictEqual((await sh(script, { env })).stdout, 'x,');
      assert.strictEqual((await sh(script, { env, extendEnv: true })).stdout, 'x,outer');
      assert.strictEqual(shSync(script, { env, extendEnv: true }).stdout, 'x,outer');
    } finally {
      delete process.env.SPROG_OUTER;
    }
  });

  it('keeps the async context of the caller', async () => {
    const storage = new AsyncLocalStorage();
    await storage.run('mine', async () => {
      await run('true');
      assert.strictEqual(storage.getStore(), 'mine');
    });
  });
});

describe('a failure', () => {
  for (const [name, script] of [
    ['run()', sh],
    ['runSync()', async (...args) => shSync(...args)],
  ]) {
    it(`of ${name} is one error, with all that the result has`, async () => {
      const error = await failure(script('echo out; echo err >&2; exit 3'));
      assert.strictEqual(error.name, 'RunError');
      assert.match(error.message, /^Command failed with exit code 3: sh -c .*\nerr$/s);
      const { code, signal, failed, stdout, stderr, command, cause } = error;
      assert.deepStrictEqual(
        { code, signal, failed, stdout, stderr, command, cause },
        {
          code: 3,
          signal: null,
          failed: true,
          stdout: 'out',
          stderr: 'err',
          command: 'sh',
          cause: undefined,
        },
      );
    });

    it(`of ${name} is a result too, if that is wanted`, async () => {
      const result = await script('kill -KILL $$', { reject: false });
      assert.ok(!(result instanceof Error));
      assert.deepStrictEqual([result.code, result.signal, result.failed], [null, 'SIGKILL', true]);
    });
  }

  it('is the end by a signal without a name, too', async () => {
    const script = 'kill -RTMIN $$; sleep 60';
    for (const result of [
      await sh(script, { reject: false }),
      shSync(script, { reject: false }),
      await pipeline([['sh', '-c', script], ['cat']], { reject: false }),
    ]) {
      assert.deepStrictEqual([result.code, result.signal, result.failed], [null, '', true]);
    }
    assert.match((await failure(sh(script))).message, /was killed with a signal/);
  });

  it('has the place of the call in its stack', async () => {
    function theCaller() {
      return run('false');
    }
    const error = await failure(theCaller());
    assert.match(error.stack.split('\n')[1], /theCaller/);
    assert.match(error.stack, /^RunError: Command failed with exit code 1: false\n/);
  });

  it('to start names the reason, the step and the directory', async () => {
    for (const error of [
      await failure(run('/nonexistent/program', ['x'])),
      failureSync(() => runSync('/nonexistent/program', ['x'])),
    ]) {
      assert.deepStrictEqual([error.code, error.pid, error.step], ['ENOENT', undefined, 'exec']);
      assert.deepStrictEqual(
        [error.cause.code, error.cause.syscall.split(' ')[0]],
        ['ENOENT', 'spawn'],
      );
    }
    for (const error of [
      await failure(run('true', { cwd: '/nonexistent' })),
      failureSync(() => runSync('true', { cwd: '/nonexistent' })),
    ]) {
      assert.deepStrictEqual([error.code, error.step], ['ENOENT', 'chdir']);
      assert.match(error.message, /directory \/nonexistent cannot be entered/);
    }
  });

  it('to start has outputs, with nothing in them', async () => {
    const file = '/nonexistent/file';
    for (const [command, options] of [
      ['/nonexistent/program', {}],
      ['true', { cwd: '/nonexistent' }],
      ['true', { signal: AbortSignal.abort() }],
      ['true', { input: { file } }],
    ]) {
      for (const [form, stdout, all] of [
        [{}, ''],
        [{ lines: true }, []],
        [{ encoding: 'buffer' }, Buffer.alloc(0)],
        [{ all: true }, undefined, ''],
        [{ stdout: { file } }, undefined],
      ]) {
        for (const start of [run, runSync]) {
          const result = await start(command, { ...options, ...form, reject: false });
          assert.strictEqual(result.failed, true);
          assert.deepStrictEqual([result.stdout, result.all], [stdout, all]);
        }
      }
    }
  });

  it('that the system reports at once is a rejection as well', async () => {
    const error = await failure(run('true', ['x'.repeat(3_000_000)]));
    assert.strictEqual(error.code, 'E2BIG');
    const result = await run('true', ['x'.repeat(3_000_000)], { reject: false });
    assert.deepStrictEqual([result.code, result.pid], ['E2BIG', undefined]);
  });

  it('that nobody handles is an unhandled rejection', async () => {
    const { said, code } = await runScript((self) => {
      process.on('unhandledRejection', (reason) => self.say(reason.name, reason.code));
      self.cp.run('sh', ['-c', 'exit 4']);
    });
    assert.deepStrictEqual([said, code], [[['RunError', 4]], 0]);
  });
});

describe('wrong arguments are thrown at once, and nothing is started', () => {
  const WRONG = [
    [[5], 'ERR_INVALID_ARG_TYPE'],
    [[''], 'ERR_INVALID_ARG_VALUE'],
    [['true', 'x'], 'ERR_INVALID_ARG_TYPE'],
    [['true', [], 5], 'ERR_INVALID_ARG_TYPE'],
    [['true', { cwd: 5 }], 'ERR_INVALID_ARG_TYPE'],
    [['true', { timeout: -1 }], 'ERR_OUT_OF_RANGE'],
    [['true', { killSignal: 'SIGNONE' }], 'ERR_UNKNOWN_SIGNAL'],
    [['true', { signal: {} }], 'ERR_INVALID_ARG_TYPE'],
    [['true', { signal: { aborted: false } }], 'ERR_INVALID_ARG_TYPE'],
    [['true', { signal: { aborted: true } }], 'ERR_INVALID_ARG_TYPE'],
    [['true', { forceKillAfter: 'soon' }], 'ERR_INVALID_ARG_TYPE'],
    [['true', { forceKillAfter: -1 }], 'ERR_OUT_OF_RANGE'],
    [['true', { forceKillAfter: Number.NaN }], 'ERR_OUT_OF_RANGE'],
    [['true', { maxBuffer: -1 }], 'ERR_OUT_OF_RANGE'],
    [['true', { maxBuffer: '1' }], 'ERR_INVALID_ARG_TYPE'],
    [['true', { maxBuffer: {} }], 'ERR_INVALID_ARG_VALUE'],
    [['true', { maxBuffer: { head: 1.5 } }], 'ERR_OUT_OF_RANGE'],
    [['true', { maxBuffer: { head: 1, middle: 2 } }], 'ERR_INVALID_ARG_VALUE'],
    [['true', { encoding: 'nonsense' }], 'ERR_UNKNOWN_ENCODING'],
    [['true', { encoding: 5 }], 'ERR_INVALID_ARG_TYPE'],
    [['true', { lines: 'yes' }], 'ERR_INVALID_ARG_TYPE'],
    [['true', { lines: true, encoding: 'buffer' }], 'ERR_INVALID_ARG_VALUE'],
    [['true', { reject: 1 }], 'ERR_INVALID_ARG_TYPE'],
    [['true', { extendEnv: 1 }], 'ERR_INVALID_ARG_TYPE'],
    [['true', { input: 5 }], 'ERR_INVALID_ARG_TYPE'],
    [['true', { input: {} }], 'ERR_INVALID_ARG_TYPE'],
    [['true', { input: { file: 5 } }], 'ERR_INVALID_ARG_TYPE'],
    [['true', { input: { file: '/dev/null', append: true } }], 'ERR_INVALID_ARG_VALUE'],
    [['true', { input: 'x', stdin: 'inherit' }], 'ERR_INVALID_ARG_VALUE'],
    [['true', { stdin: { file: '/dev/null', append: true } }], 'ERR_INVALID_ARG_VALUE'],
    [['true', { stdout: { file: 5 } }], 'ERR_INVALID_ARG_TYPE'],
    [['true', { stdout: { file: '/dev/null', mode: 5 } }], 'ERR_INVALID_ARG_VALUE'],
    [['true', { stdout: { file: '/dev/null', append: 5 } }], 'ERR_INVALID_ARG_TYPE'],
    [['true', { stdout: 'nowhere' }], 'ERR_INVALID_ARG_VALUE'],
    [['true', { stdio: 'pipe', stdout: 'pipe' }], 'ERR_INVALID_ARG_VALUE'],
    [['true', { all: true, stdout: 'inherit' }], 'ERR_INVALID_ARG_VALUE'],
  ];
  for (const [name, call] of [
    ['run()', run],
    ['runSync()', runSync],
  ]) {
    it(`by ${name}`, () => {
      const before = countFds();
      for (const [args, code] of WRONG) {
        try {
          call(...args);
        } catch (error) {
          const what = JSON.stringify(args.slice(1));
          assert.ok(!(error instanceof RunError), what);
          assert.strictEqual(error.code, code, what);
          continue;
        }
        assert.fail(`nothing was thrown for ${JSON.stringify(args)}`);
      }
      assert.strictEqual(countFds(), before);
      assert.strictEqual(countZombies(), 0);
    });
  }

  it('which includes what cannot be had while this thread waits', () => {
    for (const options of [
      { signal: new AbortController().signal },
      { input: (async function* () {})() },
      { tree: true },
      { noNewPrivileges: true },
    ]) {
      assert.throws(() => runSync('true', options), { code: /^ERR_INVALID_ARG/ });
    }
    // What is not asked for is no matter.
    const none = { tree: false, noNewPrivileges: false, dieWithParent: false };
    assert.strictEqual(runSync('true', none).code, 0);
  });

  it('before a file is emptied', () => {
    const file = `/tmp/sprog-run-${process.pid}`;
    fs.writeFileSync(file, 'kept');
    try {
      assert.throws(() => run('true', { stdout: { file }, stderr: 'nowhere' }));
      assert.strictEqual(fs.readFileSync(file, 'utf8'), 'kept');
    } finally {
      fs.rmSync(file);
    }
  });
});

describe('what ends a program early', () => {
  const STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.05; done";

  it('leaves it time to say something on its way out', async () => {
    const script = "trap 'echo bye; exit 3' TERM; while :; do sleep 0.05; done";
    for (const start of [sh, async (...args) => shSync(...args)]) {
      const result = await start(script, { timeout: 500, reject: false });
      assert.deepStrictEqual([result.timedOut, result.code, result.stdout], [true, 3, 'bye']);
    }
    // Too much of it is too much all the same, and who else holds the pipe is not waited for.
    const flood = "trap 'sleep 60 & yes; sleep 60' TERM; while :; do sleep 0.05; done";
    for (const start of [sh, async (...args) => shSync(...args)]) {
      const options = { timeout: 500, forceKillAfter: 500, maxBuffer: 1000, reject: false };
      const result = await start(flood, options);
      assert.deepStrictEqual([result.timedOut, result.stdout.length], [true, 999]);
    }
  });

  it('a timeout', async () => {
    const error = await failure(run('sleep', ['60'], { timeout: 100 }));
    assert.deepStrictEqual([error.timedOut, error.code, error.signal], [true, null, 'SIGTERM']);
    assert.match(error.message, /^Command timed out after 100 milliseconds: sleep 60/);
    assert.strictEqual(error.cause.code, 'ETIMEDOUT');
    assert.strictEqual(error.forceKilled, false);
    assert.strictEqual(isAlive(error.pid), false);
  });

  it('a timeout in runSync()', () => {
    const error = failureSync(() =>
      runSync('sleep', ['60'], { timeout: 100, killSignal: 'SIGINT' }),
    );
    assert.deepStrictEqual([error.timedOut, error.code, error.signal], [true, null, 'SIGINT']);
    assert.strictEqual(error.cause.code, 'ETIMEDOUT');
  });

  /** The result of a run that had said that it is ready before its time was up. */
  async function onceReady(start) {
    for (let timeout = 250; ; timeout *= 2) {
      const result = await start({ timeout, forceKillAfter: 100, reject: false });
      if (result.stdout.startsWith('ready')) return result;
    }
  }

  it('a timeout, and SIGKILL for one that does not listen', async () => {
    for (const start of [sh, async (...args) => shSync(...args)]) {
      const result = await onceReady((options) => start(STUBBORN, options));
      const { timedOut, forceKilled, signal } = result;
      assert.deepStrictEqual([timedOut, forceKilled, signal], [true, true, 'SIGKILL']);
      assert.strictEqual(isAlive(result.pid), false);
    }
  });

  it('an abort', async () => {
    const controller = new AbortController();
    const promise = run('sleep', ['60'], { signal: controller.signal });
    controller.abort(new Error('why'));
    const error = await failure(promise);
    assert.deepStrictEqual([error.aborted, error.signal], [true, 'SIGTERM']);
    assert.strictEqual(error.cause.name, 'AbortError');
    assert.strictEqual(error.cause.cause.message, 'why');
  });

  it('an abort before it began: nothing is started', async () => {
    const file = `/tmp/sprog-run-started-${process.pid}`;
    const signal = AbortSignal.abort();
    for (const error of [
      await failure(run('touch', [file], { signal })),
      failureSync(() => runSync('touch', [file], { signal })),
    ]) {
      assert.deepStrictEqual(
        [error.aborted, error.pid, error.code],
        [true, undefined, 'ABORT_ERR'],
      );
    }
    assert.strictEqual(fs.existsSync(file), false);
  });

  it('a signal that cannot be listened to, and nothing is left running', async () => {
    const signal = {
      aborted: false,
      addEventListener() {
        throw new Error('no listeners here');
      },
    };
    const input = new Readable({ read() {} });
    assert.throws(() => run('sleep', ['60'], { signal, input }), /no listeners here/);
    assert.strictEqual(input.destroyed, true);
    assert.throws(() => pipeline([['sleep', '60'], ['cat']], { signal }), /no listeners here/);
    const children = `/proc/self/task/${process.pid}/children`;
    assert.ok(await until(() => fs.readFileSync(children, 'utf8') === '', PATIENCE_MS));
  });

  it('a listener of the signal does not stay behind', async () => {
    const { getEventListeners } = require('node:events');
    const { signal } = new AbortController();
    await run('true', { signal });
    assert.strictEqual(getEventListeners(signal, 'abort').length, 0);
  });

  it('kill() by hand, after which SIGKILL follows', async () => {
    const promise = sh(STUBBORN, { forceKillAfter: 100, reject: false });
    promise.child.stdout.once('data', () => promise.child.kill());
    const { signal, timedOut, forceKilled } = await promise;
    assert.deepStrictEqual([signal, timedOut, forceKilled], ['SIGKILL', false, true]);
  });

  it('what it exits with when it is asked to end counts no less', async () => {
    const script = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.02; done";
    const result = await onceReady((options) => sh(script, { ...options, forceKillAfter: false }));
    assert.deepStrictEqual([result.timedOut, result.code, result.failed], [true, 0, true]);
  });

  it('a program that has ended in time did not time out, however late that is noticed', async () => {
    const promise = run('true', { timeout: 100 });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    const { timedOut, code } = await promise;
    assert.deepStrictEqual([timedOut, code], [false, 0]);
  });
});

describe('a grandchild that holds the pipes', () => {
  const HOLDING = 'sleep 60 & echo $!; echo err >&2; head -c 50000 /dev/zero';
  const SECONDS = 30_000;

  for (const [name, start] of [
    ['run()', sh],
    ['runSync()', async (...args) => shSync(...args)],
  ]) {
    it(`is not waited for by ${name}, and nothing is lost`, async () => {
      const before = countFds();
      const startedAt = Date.now();
      const { stdout, stderr } = await start(HOLDING);
      assert.ok(Date.now() - startedAt < SECONDS);
      const [pid] = stdout.split('\n', 1);
      try {
        assert.strictEqual(isAlive(Number(pid)), true);
        assert.strictEqual(stdout.length, pid.length + 1 + 50_000);
        assert.strictEqual(stderr, 'err');
      } finally {
        process.kill(Number(pid), 'SIGKILL');
      }
      assert.ok(await until(() => countFds() <= before, PATIENCE_MS), 'descriptors are left');
    });
  }

  it('nor by a loop over the lines', async () => {
    const startedAt = Date.now();
    const lines = [];
    for await (const line of sh('sleep 60 & echo $!; echo last')) lines.push(line);
    process.kill(Number(lines[0]), 'SIGKILL');
    assert.ok(Date.now() - startedAt < SECONDS);
    assert.strictEqual(lines[1], 'last');
  });

  it('and goes on writing does not hold it up either', async () => {
    const { stdout } = await sh('(while echo more; do :; done) & echo $!; sleep 0.2');
    const pid = Number(stdout.split('\n').find((line) => /^\d+$/.test(line)));
    // Its pipe has no reader any more.
    assert.ok(await waitGone(pid, PATIENCE_MS));
  });
});

it('nothing is left of many runs, whatever became of them', async () => {
  await run('true');
  const before = countFds();
  const runs = [];
  for (let i = 0; i < 20; i++) {
    runs.push(run('echo', ['x']), run('false'), run('/nonexistent'), run('cat', { input: 'x' }));
    runs.push(run('sleep', ['60'], { timeout: 20 }), run('yes', { maxBuffer: 1000 }));
  }
  await Promise.allSettled(runs);
  assert.ok(await until(() => countFds() <= before && countZombies() === 0, PATIENCE_MS));
});
