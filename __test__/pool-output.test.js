'use strict';
// What comes out of a pool while it works: streams of items, what the workers write, figures, events.

const assert = require('node:assert');
const diagnostics = require('node:diagnostics_channel');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Writable } = require('node:stream');
const { text } = require('node:stream/consumers');
const { afterEach, describe, it: test } = require('node:test');
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

let tmp;
const scratch = (name) => {
  tmp ??= fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-pool-output-'));
  return path.join(tmp, name);
};
const linesOf = (file) => fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);

afterEach(async () => {
  await endPools();
  if (tmp) fs.rmSync(tmp, { recursive: true, force: true });
  tmp = undefined;
});

async function collect(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}

describe('stream()', () => {
  it('gives what a generator yields, async or not, and its return value', async () => {
    const pool = makePool();
    const expected = Array.from({ length: 100 }, (_, n) => n);
    assert.deepStrictEqual(await collect(pool.stream('countTo', [100])), expected);
    assert.deepStrictEqual(await collect(pool.stream('letters', ['abc'])), ['a', 'b', 'c']);
    assert.deepStrictEqual(await collect(pool.stream('countTo', [0])), []);
    const stream = pool.stream('countTo', [1]);
    assert.deepStrictEqual(await stream.next(), { value: 0, done: false });
    assert.deepStrictEqual(await stream.next(), { value: 'counted', done: true });
    assert.deepStrictEqual(await stream.next(), { value: undefined, done: true });
  });

  it('is not begun before it is read, and never runs far ahead', async () => {
    const pool = makePool();
    const file = scratch('yielded');
    const stream = pool.stream('countTo', [1000, file], { highWaterMark: 4 });
    await pool.run('pid');
    assert.ok(!fs.existsSync(file));
    for (let n = 0; n < 10; n++) {
      assert.strictEqual((await stream.next()).value, n);
      // What has been read, what may be under way, and the one that waits to be sent.
      assert.ok(linesOf(file).length <= n + 1 + 4 + 1, `${linesOf(file).length} after ${n + 1}`);
    }
    await stream.return();
    await eventually(() => linesOf(file).at(-1) === 'finally', 'it is told to return');
    assert.ok(linesOf(file).length < 30);
    assert.strictEqual(await pool.run('add', [1, 2]), 3);
    assert.strictEqual(pool.pids.size, 1);
  });

  it('that is left ends the generator, and the worker stays', async () => {
    const pool = makePool();
    for (let n = 0; n < 3; n++) {
      for await (const item of pool.stream('endless')) if (item === 50) break;
    }
    assert.strictEqual(await pool.run('add', [1, 2]), 3);
    assert.strictEqual(pool.pids.size, 1);
  });

  it('that is left while its generator hangs costs the worker', async () => {
    const pool = makePool();
    const stream = pool.stream('hangAfter', [1]);
    assert.strictEqual((await stream.next()).value, 0);
    await stream.return();
    assert.strictEqual(await pool.run('add', [1, 2]), 3);
    assert.strictEqual(pool.pids.size, 2);
  });

  it('fails after the items that came before, by the generator or by its worker', async () => {
    const pool = makePool();
    for (const [name, check] of [
      ['failAfter', (error) => error instanceof RangeError && error.message === 'no more'],
      ['dieAfter', (error) => error instanceof Pool.WorkerExited && error.signal === 'SIGKILL'],
      ['unsendableAfter', (error) => /could not be cloned/.test(error.message)],
    ]) {
      const items = [];
      const reading = (async () => {
        for await (const item of pool.stream(name, [3])) items.push(item);
      })();
      const error = await rejection(reading);
      assert.ok(check(error), `${name}: ${error}`);
      if (name !== 'dieAfter') assert.deepStrictEqual(items, [0, 1, 2]);
    }
  });

  it('may be aborted and may take too long', async () => {
    const pool = makePool();
    const controller = new AbortController();
    const stream = pool.stream('endless', [], { signal: controller.signal, highWaterMark: 2 });
    await stream.next();
    controller.abort();
    const error = await rejection(collect(stream));
    assert.strictEqual(error.code, 'ABORT_ERR');
    const slow = pool.stream('hangAfter', [1], { timeout: 200 });
    assert.ok((await rejection(collect(slow))) instanceof Pool.TaskTimeout);
    assert.strictEqual(await pool.run('add', [1, 2]), 3);
  });

  it('carries large items and many', async () => {
    const pool = makePool({ max: 2 });
    const [many, large] = await Promise.all([
      collect(pool.stream('countTo', [5000], { highWaterMark: 100 })),
      collect(pool.stream('buffers', [10, 2 ** 20], { highWaterMark: 1 })),
    ]);
    assert.strictEqual(many.length, 5000);
    assert.ok(large.every((buffer, n) => buffer.length === 2 ** 20 && buffer[5] === n));
  });
});

describe('what workers write', () => {
  it('goes where this program writes, with a prefix if there is one', async () => {
    for (const [prefix, expected] of [
      [undefined, 'one\ntwo'],
      [true, 'worker 1 | one\nworker 1 | two\n'],
      ['> ', '> one\n> two\n'],
    ]) {
      const { stdout, code } = await runScript(
        async (self) => {
          const [prefix] = JSON.parse(self.args[0]);
          const pool = new self.cp.Pool(`${self.fixtures}/pool/worker.js`, { max: 1, prefix });
          await pool.run('print', ['one\ntwo']);
          await pool.close();
        },
        { args: [JSON.stringify([prefix])] },
      );
      assert.deepStrictEqual([stdout, code], [expected, 0]);
    }
  });

  it('comes as streams, to the last byte', async () => {
    const pool = makePool({ max: 2, stdout: 'pipe', stderr: 'pipe', prefix: ({ id }) => `${id}:` });
    const stdout = text(pool.stdout);
    const stderr = text(pool.stderr);
    const line = `${'x'.repeat(9999)}\n`;
    await rejection(pool.run('complain', ['it ends here']));
    await pool.run('print', [line.repeat(100)]);
    await pool.run('print', ['a last word']);
    await pool.close();
    assert.ok((await stdout) === `${`2:${line}`.repeat(100)}2:a last word\n`, 'all has come');
    assert.strictEqual(await stderr, '1:it ends here\n');
  });

  it('comes to the last byte to a reader that begins when its worker is long gone', async () => {
    for (const prefix of ['', '> ']) {
      const pool = makePool({ max: 1, stdout: 'pipe', prefix });
      const line = `${'x'.repeat(1023)}\n`;
      await pool.run('printLines', [Array(100).fill(line)]);
      const closed = pool.close();
      await eventually(() => pool.exits.length === 1, 'the worker has ended');
      await new Promise((resolve) => setTimeout(resolve, 600));
      const written = await text(pool.stdout);
      assert.ok(written === `${prefix}${line}`.repeat(100), `${written.length} bytes have come`);
      await closed;
    }
  });

  it('in lines without an end is passed on as it comes', async () => {
    const pool = makePool({ max: 1, stdout: 'pipe', prefix: '> ' });
    const passed = [];
    pool.stdout.on('data', (chunk) => passed.push(chunk));
    const total = 5 * 2 ** 20;
    const written = pool.run('print', ['x'.repeat(total)]);
    await eventually(() => passed.length > 2, 'it is passed on before the worker has ended');
    await written;
    await pool.close();
    const lines = Buffer.concat(passed).toString().split('\n');
    assert.strictEqual(lines.pop(), '');
    assert.ok(lines.length > 3 && lines.length <= 5);
    assert.ok(lines.every((line) => line.startsWith('> x')));
    assert.strictEqual(lines.join('').replaceAll('> ', '').length, total);
  });

  it('that nobody wants any more holds up no worker', async () => {
    for (const how of ['stdout', 'stderr']) {
      const pool = makePool({ [how]: 'pipe', killGrace: 10_000 });
      const name = how === 'stdout' ? 'print' : 'warn';
      const written = pool.run(name, ['x'.repeat(2 ** 21)], { timeout: 20_000 });
      written.catch(() => {});
      await eventually(() => pool[how].writableNeedDrain, 'it holds up its worker');
      pool[how].destroy();
      await written;
      await pool.close();
      assert.deepStrictEqual(
        pool.exits.map(({ code, reason }) => [code, reason]),
        [[0, 'closed']],
      );
    }
  });

  it('behind a prefix that throws is never read: the worker is ended, and says why', async () => {
    const prefix = () => {
      throw new RangeError('no prefix');
    };
    for (const options of [{}, { stdout: 'ignore' }, { stderr: 'pipe' }]) {
      const pool = makePool({ prefix, startAttempts: 2, ...options });
      const error = await rejection(pool.run('add', [1, 2]));
      assert.ok(error instanceof Pool.WorkerStartFailed);
      assert.ok(error.cause instanceof RangeError);
      await pool.close();
      assert.strictEqual(pool.pids.size, 2);
      await assertGone(pool.pids);
      assert.ok(
        pool.exits.every(({ reason, signal }) => `${reason} ${signal}` === 'prefix SIGKILL'),
      );
    }
  });

  it('is not lost when the program ends by itself, whoever passes it on', async () => {
    for (const options of [{}, { prefix: '> ' }, { min: 1 }]) {
      const { stdout, stderr, code, strays } = await runScript(
        async (self) => {
          const options = { max: 1, ...JSON.parse(self.args[0]) };
          const pool = new self.cp.Pool(`${self.fixtures}/pool/worker.js`, options);
          await pool.run('print', ['line\n'.repeat(200_000)]);
        },
        { args: [JSON.stringify(options)] },
      );
      assert.deepStrictEqual([code, stderr, strays], [0, '', []]);
      const line = `${options.prefix ?? ''}line\n`;
      assert.strictEqual(stdout.length, line.length * 200_000);
    }
  });

  it('behind a prefix has been written when close() resolves', async () => {
    const { stdout, code } = await runScript(async (self) => {
      const pool = new self.cp.Pool(`${self.fixtures}/pool/worker.js`, { max: 1, prefix: '> ' });
      await pool.run('print', ['line\n'.repeat(1_000_000)]);
      await pool.close();
      process.exit();
    });
    assert.deepStrictEqual([stdout.length, code], [7_000_000, 0]);
  });

  it('behind a prefix is not waited for where it never will be written', async () => {
    for (const how of ['destroy', 'error', 'end', 'terminate', 'timeout', 'patched']) {
      const { said, code, stderr } = await runScript(
        async (self) => {
          const [how] = self.args;
          const { Writable } = require('node:stream');
          let fail;
          const stalled = new Writable({
            write(_chunk, _encoding, done) {
              fail = done;
            },
          });
          stalled.on('error', () => {});
          Object.defineProperty(process, 'stdout', { value: stalled });
          if (how === 'patched') stalled.write = () => true;
          const pools = Array.from({ length: how === 'patched' ? 1 : 12 }, () => {
            const options = { max: 1, prefix: '> ' };
            return new self.cp.Pool(`${self.fixtures}/pool/worker.js`, options);
          });
          await Promise.all(pools.map((pool) => pool.run('print', ['line\n'])));
          let isClosed = false;
          const given = how === 'timeout' ? { timeout: 3000 } : {};
          const closed = Promise.all(pools.map((pool) => pool.close(given)));
          closed.then(() => {
            isClosed = true;
          });
          const areGone = () => pools.every((pool) => pool.stats().workers.length === 0);
          await self.processes.until(areGone, 20_000);
          await new Promise((resolve) => setTimeout(resolve, 200));
          self.say(isClosed);
          if (how === 'destroy') stalled.destroy();
          if (how === 'error') fail(new Error('broken'));
          if (how === 'end') stalled.end().destroy();
          if (how === 'terminate') for (const pool of pools) pool.terminate();
          await closed;
          self.say('closed', stalled.listenerCount('close'));
        },
        { args: [how] },
      );
      assert.deepStrictEqual([code, stderr], [0, ''], how);
      const listeners = how === 'terminate' || how === 'timeout' ? said[1]?.[1] : 0;
      assert.deepStrictEqual(said, [[how === 'patched'], ['closed', listeners]], how);
      assert.ok(listeners <= 1);
    }
  });

  it('is ignored, but for the end of stderr', async () => {
    const { stdout, stderr, said } = await runScript(async (self) => {
      const options = { max: 1, stdout: 'ignore', stderr: 'ignore' };
      const pool = new self.cp.Pool(`${self.fixtures}/pool/worker.js`, options);
      await pool.run('print', ['out']);
      await pool.run('complain', ['err']).catch((error) => self.say(error.stderr));
      await pool.close();
    });
    assert.deepStrictEqual([stdout, stderr, said], ['["err"]\n', '', [['err']]]);
  });
});

describe('what is seen of a pool', () => {
  it('are figures', async () => {
    const pool = makePool({ max: 2 });
    await Promise.all(Array.from({ length: 10 }, () => pool.run('block', [10])));
    await rejection(pool.run('throwValue', [1]));
    await rejection(pool.run('exit', [1]));
    const waiting = Array.from({ length: 5 }, () => pool.run('sleep', [20]));
    assert.strictEqual(pool.stats().queued, 5);
    assert.strictEqual(pool.stats().pending, 5);
    await Promise.all(waiting);
    const { completed, failed, restarts, waitTime, runTime, workers, rss } = pool.stats();
    assert.deepStrictEqual([completed, failed, restarts], [15, 2, 1]);
    assert.strictEqual(waitTime.count, 17);
    assert.strictEqual(runTime.count, 16);
    assert.ok(runTime.p95 >= 9 && runTime.p50 <= runTime.p95 && runTime.max >= 10);
    assert.ok(workers.length >= 1 && rss > 10 * 2 ** 20);
    for (const worker of workers) {
      assert.ok(worker.rss > 0 && worker.age > 0);
      assert.ok(worker.utilisation >= 0 && worker.utilisation <= 1);
      assert.ok(['idle', 'starting'].includes(worker.state));
    }
  });

  it('are events, which a diagnostics channel has too', async () => {
    const seen = [];
    const subscriber = ({ event, pool, values }) => {
      assert.ok(pool instanceof Pool);
      seen.push([event, values.length]);
    };
    diagnostics.subscribe('sprog:pool', subscriber);
    const pool = makePool();
    const heard = [];
    for (const event of ['workerStart', 'workerReady', 'workerExit', 'idle']) {
      pool.on(event, () => heard.push(event));
    }
    await pool.run('add', [1, 2]);
    await rejection(pool.run('exit', [1]));
    await pool.close();
    diagnostics.unsubscribe('sprog:pool', subscriber);
    const expected = ['workerStart', 'workerReady', 'idle', 'idle', 'workerExit'];
    assert.deepStrictEqual(heard, expected);
    assert.deepStrictEqual(
      seen.map(([event]) => event),
      expected,
    );
  });

  for (const event of ['workerStart', 'workerReady', 'taskRetry', 'workerExit', 'idle']) {
    it(`goes on after a listener of '${event}' has thrown`, async () => {
      const { said, code } = await runScript(
        async (self) => {
          const [event] = self.args;
          process.on('uncaughtException', ({ message }) => self.say(message));
          const options = { max: 1, retries: 1 };
          const pool = new self.cp.Pool(`${self.fixtures}/pool/worker.js`, options);
          pool.once(event, () => {
            throw new Error('a listener');
          });
          const error = await pool.run('exit', [1]).catch((reason) => reason);
          self.say(error.name, await pool.run('add', [1, 2]));
          await pool.close();
          const { pending, workers, started, restarts } = pool.stats();
          self.say(pending, workers.length, started, restarts);
        },
        { args: [event] },
      );
      assert.deepStrictEqual([said.length, code], [3, 0]);
      assert.ok(said.some(([first]) => first === 'a listener'));
      const rest = said.filter(([first]) => first !== 'a listener');
      assert.deepStrictEqual(rest, [
        ['WorkerExited', 3],
        [0, 0, 3, 2],
      ]);
    });
  }

  it('goes on after a listener of failed starts has thrown', async () => {
    const { said, code } = await runScript(async (self) => {
      process.on('uncaughtException', ({ message }) => self.say(message));
      const options = { max: 1, startAttempts: 2, stderr: 'ignore' };
      const pool = new self.cp.Pool('/nowhere/worker.js', options);
      pool.on('workerStartFailed', ({ attempt }) => {
        throw new Error(`attempt ${attempt}`);
      });
      const error = await pool.run('add', [1, 2]).catch((reason) => reason);
      self.say(error.name);
      await pool.close();
    });
    assert.deepStrictEqual([said[0], code], [['attempt 1'], 0]);
    assert.deepStrictEqual(said.flat().sort(), ['WorkerStartFailed', 'attempt 1', 'attempt 2']);
  });

  it('is a table, redrawn in a terminal', async () => {
    const pool = makePool();
    await pool.run('add', [1, 2]);
    let written = '';
    const stream = Object.assign(
      new Writable({
        write(chunk, _, done) {
          written += chunk;
          done();
        },
      }),
      { isTTY: true, columns: 70 },
    );
    const top = pool.top({ interval: 20, stream });
    await eventually(() => written.split('\x1b[4A\x1b[J').length > 3, 'it is redrawn');
    top.stop();
    const [first] = written.split('\x1b[4A\x1b[J');
    const [title, times, head, row] = first.split('\n');
    assert.match(title, /worker\.js/);
    assert.match(times, /^wait .* ms .*run .* ms/);
    assert.match(head, /ID +PID +STATE/);
    assert.match(row, new RegExp(`^ +1 +${[...pool.pids][0]} +idle +0 +0 +1 `));
    assert.ok(first.split('\n').every((line) => line.length < 70));
    const length = written.length;
    await pool.run('sleep', [100]);
    assert.strictEqual(written.length, length, 'it has stopped');
  });
});
