'use strict';
// Pools: what goes to a worker's functions and what comes back, and that bad input is refused before
// anything is started. What becomes of tasks when workers end stands in pool-deaths.test.js.

const assert = require('node:assert');
const { AsyncLocalStorage } = require('node:async_hooks');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const v8 = require('node:v8');
const { inspect } = require('node:util');
const { pathToFileURL } = require('node:url');
const { afterEach, describe, it: test } = require('node:test');
const { writeFile } = require('./helpers/files.js');
const { nodeBinary } = require('./helpers/nodes.js');
const { Pool, WORKER, endPools, makePool, rejection } = require('./helpers/pools.js');
const { ROOT, runScript } = require('./helpers/script.js');
const { TaskSender } = require('../lib/pool/sender.js');

const it = (title, run) => test(title, { timeout: 60_000 }, run);

afterEach(endPools);

function nested(depth) {
  let value = {};
  for (let i = 0; i < depth; i++) value = { n: value };
  return value;
}

/** With room to spare for another place on the stack. */
function canWrite(depth) {
  try {
    v8.serialize(nested(depth + 100));
    return true;
  } catch {
    return false;
  }
}

describe('arguments and results', () => {
  it('are what the structured clone makes of them', async () => {
    const pool = makePool();
    const shared = { x: 1 };
    const values = [
      1,
      'text',
      null,
      undefined,
      true,
      -0,
      12n,
      new Date(5),
      new Map([[1, new Set(['a'])]]),
      { a: [shared, shared], b: undefined },
      new Uint8Array([1, 2]),
      [undefined, Number.NaN],
      'x'.repeat(100_000),
    ];
    for (const value of values) assert.deepStrictEqual(await pool.run('echo', [value]), value);
    assert.deepStrictEqual(
      await Promise.all(values.map((value) => pool.run('echo', [value]))),
      values,
    );
    const { a } = await pool.run('echo', [{ a: [shared, shared] }]);
    assert.strictEqual(a[0], a[1]);
  });

  it('come from sync and async functions, by run() and by methods', async () => {
    const pool = makePool();
    assert.strictEqual(await pool.run('add', [1, 2]), 3);
    assert.strictEqual(await pool.methods.add(1, 2), 3);
    assert.strictEqual(await pool.methods.sleep(1, 'slept'), 'slept');
    assert.strictEqual(await pool.run('nothing'), undefined);
    assert.strictEqual(await pool.run('count', [1, undefined, 3]), 3);
    assert.strictEqual(pool.methods.add, pool.methods.add);
  });

  it('of methods are run by nobody who prints them', async () => {
    const pool = makePool();
    const { methods } = pool;
    assert.strictEqual(await methods, methods);
    assert.strictEqual(JSON.parse(JSON.stringify({ job: 1, pool })).job, 1);
    assert.strictEqual(`${methods}`, '[object Object]');
    assert.ok(Number.isNaN(Number(methods)));
    assert.match(inspect(methods), /Object: null prototype/);
    assert.strictEqual(pool.stats().pending, 0);
    await pool.close();
    assert.strictEqual(pool.pids.size, 0);
  });

  it('are put in order, however many there are at once', async () => {
    const pool = makePool({ max: 2 });
    for (const count of [1, 17, 5000]) {
      const given = Array.from({ length: count }, (_, n) => n);
      const results = await Promise.all(
        given.map((n) => (n % 3 ? pool.run('add', [n, 1]) : pool.run('echo', [{ n }]))),
      );
      assert.deepStrictEqual(
        results,
        given.map((n) => (n % 3 ? n + 1 : { n })),
      );
    }
  });

  it('may be large', async () => {
    const pool = makePool();
    const buffer = Buffer.alloc(10 * 2 ** 20, 'sprog');
    const back = await pool.run('bytes', [buffer]);
    assert.ok(Buffer.isBuffer(back) && back.equals(buffer));
    const several = await Promise.all([1, 2, 3, 4].map(() => pool.run('bytes', [buffer])));
    assert.ok(several.every((each) => each.equals(buffer)));
  });

  it('that V8 cannot read back fail alone', async () => {
    const readsAll = Number.parseInt(process.versions.v8, 10) >= 12;
    const circle = new Error('circle');
    circle.cause = circle;
    for (const options of [{}, { fork: { execArgv: ['--no-addons'] } }]) {
      const pool = makePool({ concurrency: 20, stderr: 'ignore', ...options });
      const beside = pool.run('sleep', [500, 'beside']);
      const settle = (promise) =>
        promise.then(
          (value) => value,
          (error) => error,
        );
      const onProgress = (value) => assert.strictEqual(value.cause, value);
      const items = pool.stream('circles');
      const settled = await Promise.all([
        settle(pool.run('circle')),
        settle(pool.run('circle', ['deep'])),
        settle(pool.run('circle', ['emitted'], { onProgress })),
        settle(pool.run('echo', [circle])),
        settle(pool.run('echo', [{ circle }])),
        settle(items.next().then(() => items.next())),
      ]);
      for (const each of settled) {
        const isRefused = each instanceof Error && /could not be cloned/.test(each.message);
        assert.strictEqual(isRefused, !readsAll, inspect(each));
      }
      const thrown = await rejection(pool.run('circle', ['thrown']));
      if (!readsAll) assert.strictEqual(thrown, '[object Object]');
      assert.strictEqual((await rejection(pool.run('circle', ['property']))).message, 'outer');
      const chain = new Error('outer', { cause: new RangeError('inner') });
      const back = await pool.run('echo', [{ get: [chain, chain] }]);
      assert.strictEqual(back.get[1].cause.message, 'inner');
      assert.strictEqual(await beside, 'beside');
      assert.strictEqual(pool.pids.size, 1);
    }
  });

  it('that throw when they are looked at fail alone', async () => {
    const pool = makePool({ concurrency: 10 });
    const beside = pool.run('sleep', [300, 'beside']);
    for (const what of ['then', 'promise', 'async', 'iterator', 'property']) {
      const error = await rejection(pool.run('returnOdd', [what]));
      assert.ok(error instanceof RangeError);
      assert.strictEqual(error.message, `trapped: ${what}`);
    }
    assert.strictEqual(await beside, 'beside');
    assert.strictEqual(pool.pids.size, 1);
  });

  it('are not looked into by whoever decides where they wait', async () => {
    const pool = makePool();
    for (let i = 0; i < 20; i++) await pool.run('count', [1]);
    const trap = {
      get() {
        throw new RangeError('looked at');
      },
    };
    const detached = new DataView(new ArrayBuffer(8));
    structuredClone(null, { transfer: [detached.buffer] });
    const odd = [
      Object.defineProperty({}, 'byteLength', { ...trap, enumerable: true }),
      Object.defineProperty(new Uint8Array(8), 'byteLength', trap),
      detached,
    ];
    for (const value of odd) {
      // The second one could wait in the worker; to clone it is to look at it.
      const tasks = [1, value, 1].map((each) => pool.run('count', [each]));
      const settled = await Promise.allSettled(tasks);
      assert.deepStrictEqual(
        settled.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      );
      assert.match(settled[1].reason.message, /looked at|detached/);
    }
  });

  it('belong to one task, whoever else is given the same', async () => {
    const pool = makePool();
    for (let i = 0; i < 20; i++) await pool.run('count', [1]);
    const bytes = new Uint8Array(8);
    const values = [bytes, [0], { 0: 0 }, [0, undefined]];
    for (const value of values) {
      const tasks = Array.from({ length: 50 }, () => pool.run('increase', [value]));
      assert.deepStrictEqual(await Promise.all(tasks), new Array(50).fill(1));
    }
    const twice = await pool.run('echo', [[bytes, bytes]]);
    assert.strictEqual(twice[0], twice[1]);
  });

  it('that have nothing in common travel together, and bulky ones alone', () => {
    const frames = [];
    const process = {
      send(frame) {
        if (frame.t) frames.push(frame.c);
        return true;
      },
    };
    const sender = new TaskSender(
      process,
      () => {},
      () => {},
    );
    const send = (...values) => {
      frames.length = 0;
      const task = (arg, number) => ({ name: 'f', number, args: [arg], flags: 0, attempt: 0 });
      sender.send(
        values.map((value, at) => ({ ...task(value, at), isBulky: value?.length > 1e6 })),
      );
      return [...frames];
    };
    const times = (make) => Array.from({ length: 40 }, (_, at) => make(at));
    for (const make of [
      (at) => at,
      (at) => ({ at, b: { c: [at, undefined] } }),
      (at) => new Map([[at, new Set([{ at }])]]),
      (at) => new Date(at),
      () => Buffer.alloc(100),
    ])
      assert.deepStrictEqual(send(...times(make)), [40]);
    const common = {};
    assert.deepStrictEqual(send(common, common, common, common), [1, 1, 1, 1]);
    assert.deepStrictEqual(send(common, { common }, [1], [2]), [1, 1, 2]);
    assert.deepStrictEqual(send(1, 2, 'x'.repeat(2e6), 3, 4), [2, 1, 2]);
    assert.deepStrictEqual(send({}, nested(60), {}, {}), [1, 1, 2]);
  });

  it('are those of the call, whatever becomes of the array', async () => {
    const pool = makePool();
    const args = [1, 2];
    const sum = pool.run('add', args);
    args[0] = 100;
    args.push(3);
    assert.strictEqual(await sum, 3);
    const throwing = Object.defineProperty([1, 2], 0, {
      get() {
        throw new RangeError('looked at');
      },
    });
    const tasks = [[1, 2], throwing, [3, 4]].map((each) => pool.run('add', each));
    const settled = await Promise.allSettled(tasks);
    assert.deepStrictEqual(
      settled.map(({ value, reason }) => value ?? reason.message),
      [3, 'looked at', 7],
    );
  });

  it('may have more parts than one system call writes', async () => {
    const pool = makePool();
    const view = new Uint8Array(65 * 1024 + 1).fill(7);
    const views = Array.from({ length: 1100 }, () => view.slice());
    assert.strictEqual(await pool.run('count', views), 1100);
    const back = await pool.run('repeated', [view, 1100]);
    assert.ok(back.length === 1100 && back.every((each) => Buffer.compare(each, view) === 0));
  });

  it('that are too long to be sent fail alone', async () => {
    const refused = [];
    const process = {
      send(frame, written) {
        const error = frame.t?.includes('long') ? { code: 'EMSGSIZE' } : null;
        if (written) setImmediate(written, error);
        return error === null;
      },
    };
    let rooms = 0;
    const onroom = () => {
      rooms += 1;
    };
    const sender = new TaskSender(process, onroom, (task, error) => refused.push([task, error]));
    const task = (number, arg) => ({ name: 'echo', number, args: [arg], flags: 0, attempt: 0 });
    const long = task(0, 'long');
    sender.send([long]);
    assert.strictEqual(sender.isFull, true);
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepStrictEqual(refused, [[long, { code: 'EMSGSIZE' }]]);
    assert.deepStrictEqual([sender.isFull, rooms], [false, 1]);
    sender.send([task(1, 'short')]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.strictEqual(refused.length, 1);
  });

  it('that are nested too deep to be read fail alone', async () => {
    const pool = makePool({ max: 1 });
    for (let i = 0; i < 20; i++) await pool.run('count', [1]);
    // V8 writes deeper than it reads; where it does not write either, the sender tells.
    const unread = { result: 0, argument: 0 };
    for (let depth = 500; depth < 8000; depth += 250) {
      const outcomes = await Promise.allSettled([
        pool.run('add', [1, 2]),
        pool.run('echo', ['between']),
        pool.run('deep', [depth]),
        pool.run('count', [nested(depth)]),
        pool.run('count', [{ a: depth }]),
      ]);
      const told = outcomes.map(({ value, reason }) => value ?? reason);
      assert.deepStrictEqual([told[0], told[1], told[4]], [3, 'between', 1]);
      const [result, argument] = [told[2], told[3]];
      if (result instanceof Error) assert.match(result.message, /call stack/);
      else assert.ok('n' in result);
      if (argument instanceof Error) assert.match(argument.message, /call stack/);
      else assert.strictEqual(argument, 1);
      if (!canWrite(depth)) continue;
      unread.result += Number(result instanceof Error);
      unread.argument += Number(argument instanceof Error);
    }
    assert.ok(unread.result > 0 && unread.argument > 0, 'some were written and not read');
    const items = [];
    const stream = pool.stream('items', [8000]);
    const failure = await rejection(
      (async () => {
        for await (const item of stream) items.push(item);
      })(),
    );
    assert.match(failure.message, /call stack/);
    assert.deepStrictEqual(items, ['first']);
    assert.strictEqual(await pool.run('add', [1, 1]), 2);
    assert.strictEqual(pool.pids.size, 1);
    assert.strictEqual(pool.stats().running, 0);
  });

  it('of messages of the program that cannot be read end the worker, and say why', async () => {
    const pool = makePool();
    const error = await rejection(pool.run('sendDeep'));
    assert.strictEqual(error.name, 'WorkerExited');
    assert.match(error.cause.message, /call stack/);
    assert.strictEqual(await pool.run('add', [1, 1]), 2);
  });

  it('that cannot be cloned fail alone', async () => {
    const pool = makePool();
    const tasks = [
      pool.run('add', [1, 1]),
      pool.run('echo', [() => {}]),
      pool.run('unsendable'),
      pool.run('echo', [Symbol('s')]),
      pool.run('add', [2, 2]),
    ];
    const settled = await Promise.allSettled(tasks);
    assert.deepStrictEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected', 'rejected', 'fulfilled'],
    );
    for (const { reason } of settled.slice(1, 4))
      assert.match(reason.message, /could not be cloned/);
    assert.strictEqual(await pool.run('add', [3, 3]), 6);
    assert.strictEqual(pool.pids.size, 1);
  });
});

describe('errors', () => {
  it('arrive with class, message, stack, cause, code and properties', async () => {
    const pool = makePool();
    const error = await rejection(pool.run('fail', ['broken', { code: 'E_MINE', status: 7 }]));
    assert.ok(error instanceof TypeError);
    assert.strictEqual(error.message, 'broken');
    assert.strictEqual(error.code, 'E_MINE');
    assert.strictEqual(error.status, 7);
    assert.match(error.stack, /^TypeError: broken\n {4}at .*fail.*worker\.js/);
    assert.ok(error.cause instanceof RangeError);
    assert.strictEqual(error.cause.message, 'deeper');
    assert.strictEqual(error.cause.cause, 'deepest');
    assert.deepStrictEqual(Object.keys(error).sort(), ['code', 'status']);
  });

  it('of classes of their own keep their name and are Errors', async () => {
    const pool = makePool();
    const error = await rejection(pool.run('failClass'));
    assert.ok(error instanceof Error);
    assert.deepStrictEqual([error.name, error.message], ['Special', 'of its own']);
    const both = await rejection(pool.run('failAggregate'));
    assert.ok(both instanceof AggregateError);
    assert.deepStrictEqual(
      both.errors.map((each) => [each.name, each.message]),
      [
        ['Error', 'one'],
        ['TypeError', 'two'],
      ],
    );
  });

  it('that are DOMExceptions arrive as such', async () => {
    const pool = makePool();
    const error = await rejection(pool.run('failDom'));
    assert.ok(error instanceof DOMException && error instanceof Error);
    assert.deepStrictEqual(
      [error.name, error.message, error.code, error.status],
      ['AbortError', 'dom', DOMException.ABORT_ERR, 7],
    );
    assert.match(error.stack, /^AbortError: dom\n.*at .*failDom.*worker\.js/s);
    assert.doesNotMatch(error.stack, /remote-error/);
    assert.ok(error.cause instanceof RangeError);
    assert.ok(error.inner instanceof DOMException);
    assert.deepStrictEqual([error.inner.name, error.inner.code], ['DataCloneError', 25]);
    assert.deepStrictEqual(Object.keys(error).sort(), ['inner', 'status']);
    assert.strictEqual(Object.hasOwn(error, 'code') || Object.hasOwn(error, 'name'), false);
    const aborted = await rejection(pool.run('failDom', ['aborted']));
    assert.ok(aborted instanceof DOMException);
    assert.deepStrictEqual([aborted.name, aborted.code], ['AbortError', 20]);
    const { cause } = await rejection(pool.run('failDom', ['cause']));
    assert.ok(cause instanceof DOMException && cause.cause instanceof RangeError);
  });

  it('that are DOMExceptions with properties of their own keep those', async () => {
    const pool = makePool();
    const odd = await rejection(pool.run('failDom', ['odd']));
    assert.ok(odd instanceof DOMException);
    assert.deepStrictEqual([odd.name, odd.message, odd.code], ['Renamed', 'dom', 'E_MINE']);
    assert.strictEqual(odd.ABORT_ERR, 'own');
    assert.deepStrictEqual(Object.keys(odd).sort(), ['ABORT_ERR', 'code', 'inner', 'status']);
    const fake = await rejection(pool.run('failDom', ['fake']));
    assert.ok(fake instanceof Error);
    assert.strictEqual(await pool.run('add', [1, 1]), 2);
  });

  it('whose properties cannot be cloned arrive without them', async () => {
    const pool = makePool();
    const error = await rejection(pool.run('failBare'));
    assert.strictEqual(error.message, 'bare');
    assert.strictEqual(await pool.run('add', [1, 1]), 2);
  });

  it('may lead back to themselves, and share others', async () => {
    const pool = makePool();
    const error = await rejection(pool.run('failInCircles', ['own']));
    assert.deepStrictEqual([error.message, error.code], ['own', 'E_OWN']);
    assert.strictEqual(error.cause, error);
    assert.strictEqual(error.self, error);
    assert.deepStrictEqual(Object.keys(error).sort(), ['code', 'self']);
    const outer = await rejection(pool.run('failInCircles', ['two']));
    assert.ok(outer.cause instanceof RangeError);
    assert.strictEqual(outer.cause.cause, outer);
    assert.strictEqual(outer.inner, outer.cause);
  });

  it('take no longer for naming each other', async () => {
    const pool = makePool({ timeout: 20_000 });
    const error = await rejection(pool.run('failInCircles', ['all', 500]));
    assert.ok(error instanceof AggregateError);
    assert.strictEqual(error.errors.length, 500);
    assert.ok(error.errors.every(({ cause }) => cause === error));
    const chain = await rejection(pool.run('failInCircles', ['chain', 100_000]));
    let causes = 0;
    for (let at = chain; at.cause; at = at.cause) causes += 1;
    assert.strictEqual(causes, 8);
  });

  it('with a list of errors are of their own class', async () => {
    const pool = makePool();
    const list = await rejection(pool.run('fail', ['listed', { errors: [{ field: 'x' }, 5] }]));
    assert.ok(list instanceof TypeError && !(list instanceof AggregateError));
    assert.deepStrictEqual(list.errors, [{ field: 'x' }, 5]);
    assert.deepStrictEqual(Object.keys(list), ['errors']);
    const byName = await rejection(pool.run('fail', ['named', { errors: { field: 'bad' } }]));
    assert.deepStrictEqual(byName.errors, { field: 'bad' });
  });

  it('may be what has no text of its own', async () => {
    const pool = makePool();
    assert.strictEqual(await rejection(pool.run('throwOdd', ['symbol'])), 'Symbol(odd)');
    assert.strictEqual(await rejection(pool.run('throwOdd', ['bare'])), 'object');
    assert.strictEqual(await rejection(pool.run('throwOdd', ['trap'])), 'object');
    assert.strictEqual(await pool.run('add', [1, 1]), 2);
    assert.strictEqual(pool.pids.size, 1);
  });

  it('may be any value', async () => {
    const pool = makePool();
    for (const value of ['text', 0, null, undefined, { a: 1 }]) {
      assert.deepStrictEqual(await rejection(pool.run('throwValue', [value])), value);
    }
  });

  it('may name a getter, which fails alone where it throws', async () => {
    const pool = makePool({ max: 1 });
    assert.strictEqual(await pool.run('add', [1, 1]), 2);
    const tasks = [pool.run('add', [1, 2]), pool.run('throwingGetter'), pool.run('add', [3, 4])];
    const settled = await Promise.allSettled(tasks);
    assert.deepStrictEqual(
      settled.map(({ value, reason }) => value ?? reason.message),
      [3, 'no function today', 7],
    );
    assert.strictEqual(pool.pids.size, 1);
  });

  it('name a function that is not there, and what is inherited is not there', async () => {
    const pool = makePool();
    for (const name of ['missing', 'toString', 'constructor', '__proto__', 'then']) {
      const error = await rejection(pool.run(name));
      assert.strictEqual(error.code, 'ERR_SPROG_NO_SUCH_FUNCTION');
      assert.ok(error.message.includes(`"${name}"`));
    }
  });
});

describe('a worker module', () => {
  let tmp;
  const write = (name, text) => {
    tmp ??= fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-pool-'));
    return writeFile(tmp, name, text);
  };
  afterEach(() => {
    if (tmp) fs.rmSync(tmp, { recursive: true, force: true });
    tmp = undefined;
  });

  const esm =
    'export const twice = (n) => n * 2; export default () => import.meta.url.slice(0, 5);';
  for (const [title, name, text, more] of [
    ['an ES module', 'worker.mjs', esm],
    ['an ES module by its package', 'worker.js', esm, { 'package.json': '{"type":"module"}' }],
    ['an ES module that awaits', 'worker.mjs', `await null; ${esm}`],
    [
      'CommonJS',
      'worker.cjs',
      'module.exports = () => "file:"; module.exports.twice = (n) => n * 2;',
    ],
    [
      'CommonJS without an extension',
      'worker',
      'module.exports = { twice: (n) => n * 2, default: () => "file:" };',
    ],
  ]) {
    it(`may be ${title}`, async () => {
      for (const [other, content] of Object.entries(more ?? {})) write(other, content);
      const file = write(name, text);
      const pool = makePool({}, title.includes('package') ? pathToFileURL(file) : file);
      assert.strictEqual(await pool.run('twice', [21]), 42);
      assert.strictEqual(await pool.run('default'), 'file:');
    });
  }

  it('may be TypeScript where Node runs it, and sees itself as the main script', async () => {
    const file = write(
      'worker.ts',
      `export const twice = (n: number): number => n * 2;
       export const main = (): string => process.argv.slice(1).join();`,
    );
    const { said, code, stderr } = await runScript(
      async (self) => {
        const pool = new self.cp.Pool(self.args[0], { max: 1, args: ['an', 'argument'] });
        self.say(await pool.run('twice', [21]), await pool.run('main'));
        await pool.close();
      },
      { node: nodeBinary(26), args: [file] },
    );
    assert.deepStrictEqual([code, stderr, said], [0, '', [[42, `${file},an,argument`]]]);
  });

  it('may be given as a path relative to the current directory or as a file: URL', async () => {
    for (const script of [path.relative(process.cwd(), WORKER), pathToFileURL(WORKER).href]) {
      assert.strictEqual(await makePool({}, script).run('add', [1, 2]), 3);
    }
  });

  it('runs in an environment and a directory that the pool gives', async () => {
    const file = write(
      'where.cjs',
      'exports.where = () => [process.cwd(), process.env.GIVEN, Object.keys(process.env).filter((name) => /SPROG|NODE_CHANNEL/.test(name) && name !== "SPROG_TREE")];',
    );
    const pool = makePool({ fork: { cwd: tmp, env: { ...process.env, GIVEN: 'yes' } } }, file);
    assert.deepStrictEqual(await pool.run('where'), [fs.realpathSync(tmp), 'yes', []]);
  });

  it('works in a Node that has no end of ours', async () => {
    const file = write('plain.cjs', 'exports.twice = (n) => ({ twice: n * 2n });');
    const pool = makePool({ fork: { execArgv: ['--no-addons'] } }, file);
    assert.deepStrictEqual(await pool.run('twice', [21n]), { twice: 42n });
    const many = await Promise.all(Array.from({ length: 500 }, () => pool.run('twice', [2n])));
    assert.ok(many.every(({ twice }) => twice === 4n));
  });

  it('may talk by process.send() beside its tasks', async () => {
    const pool = makePool();
    const messages = [];
    pool.on('message', (message, worker) => messages.push([message, worker.pid]));
    await pool.run('send', [{ hello: 1 }]);
    assert.deepStrictEqual(messages, [[{ hello: 1 }, [...pool.pids][0]]]);
  });
});

describe('a task', () => {
  it('tells of its progress, in the async context of run()', async () => {
    const pool = makePool();
    const storage = new AsyncLocalStorage();
    const seen = [];
    const onProgress = (value) => seen.push([value, storage.getStore()]);
    const count = await storage.run('mine', () => pool.run('progress', [3], { onProgress }));
    assert.strictEqual(count, 3);
    assert.deepStrictEqual(
      seen,
      [0, 1, 2].map((at) => [{ at }, 'mine']),
    );
    assert.strictEqual(await pool.run('progress', [2]), 2);
  });

  it('knows its name and its attempt, and that it runs in a worker', async () => {
    const pool = makePool();
    assert.deepStrictEqual(await pool.run('task'), { name: 'task', attempt: 0 });
    assert.strictEqual(await pool.run('isWorker'), true);
    const { emit, currentTask, isWorker } = require('../worker.js');
    assert.deepStrictEqual([emit(1), currentTask(), isWorker], [false, undefined, false]);
  });

  it('is nobody any more when it has ended, whatever it has left running', async () => {
    const pool = makePool();
    const seen = [];
    const onProgress = (value) => seen.push(value);
    assert.strictEqual(await pool.run('emitLater', [20], { onProgress }), true);
    const late = await pool.run('takeLate', [4]);
    assert.deepStrictEqual(late, [false, undefined, 'emitLater', false]);
    assert.deepStrictEqual(seen, ['in time']);
  });

  it('that the program does not want any more is told that nobody listens', async () => {
    const pool = makePool({ abortGrace: 20_000 });
    const seen = [];
    const controller = new AbortController();
    const onProgress = (value) => {
      seen.push(value);
      controller.abort();
    };
    const { signal } = controller;
    await rejection(pool.run('emitAborted', [], { onProgress, signal }));
    assert.deepStrictEqual(await pool.run('takeLate', [2]), [false, 'emitAborted']);
    for await (const _ of pool.stream('emitLeft', [], { onProgress })) break;
    assert.deepStrictEqual(await pool.run('takeLate', [2]), [false, 'emitLeft']);
    assert.ok(seen.length < 3 && seen.every((value) => value === 'begun'));
    assert.strictEqual(pool.pids.size, 1);
  });

  it('leaves the async context of run() as it is', async () => {
    const pool = makePool({ max: 2 });
    const storage = new AsyncLocalStorage();
    const contexts = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        storage.run(n, async () => {
          await pool.run(n % 2 ? 'echo' : 'missing', [n]).catch(() => {});
          return storage.getStore();
        }),
      ),
    );
    assert.deepStrictEqual(
      contexts,
      contexts.map((_, n) => n),
    );
  });
});

describe('what is wrong is refused before anything is started', () => {
  const code = (run) => {
    try {
      run();
    } catch (error) {
      return [error.name, error.code];
    }
    return 'accepted';
  };
  const TYPE = ['TypeError', 'ERR_INVALID_ARG_TYPE'];
  const VALUE = ['TypeError', 'ERR_INVALID_ARG_VALUE'];
  const RANGE = ['RangeError', 'ERR_OUT_OF_RANGE'];

  it('of a pool', () => {
    for (const [expected, ...args] of [
      [TYPE],
      [TYPE, 5],
      [TYPE, null],
      [VALUE, ''],
      [VALUE, 'a\0b'],
      [['TypeError', 'ERR_INVALID_URL_SCHEME'], new URL('http://a/b')],
      [TYPE, WORKER, 5],
      [TYPE, WORKER, { max: '2' }],
      [RANGE, WORKER, { max: 0 }],
      [RANGE, WORKER, { max: 1.5 }],
      [RANGE, WORKER, { max: Number.NaN }],
      [RANGE, WORKER, { min: -1 }],
      [RANGE, WORKER, { min: 3, max: 2 }],
      [RANGE, WORKER, { concurrency: 0 }],
      [RANGE, WORKER, { concurrency: Infinity }],
      [RANGE, WORKER, { maxQueue: -1 }],
      [RANGE, WORKER, { retries: -1 }],
      [RANGE, WORKER, { timeout: 0 }],
      [RANGE, WORKER, { timeout: 2 ** 31 }],
      [RANGE, WORKER, { maxRss: 0 }],
      [TYPE, WORKER, { maxAge: 5n }],
      [TYPE, WORKER, { ref: 1 }],
      [TYPE, WORKER, { lazy: 'yes' }],
      [VALUE, WORKER, { stdout: 'fifo' }],
      [TYPE, WORKER, { prefix: 5 }],
      [TYPE, WORKER, { args: 'a' }],
      [TYPE, WORKER, { fork: 5 }],
      [VALUE, WORKER, { fork: { stdio: 'pipe' } }],
      [VALUE, WORKER, { fork: { serialization: 'json' } }],
      [TYPE, WORKER, { fork: { env: 5, execPath: 7 } }],
      [RANGE, WORKER, { fork: { maxMessageSize: -1 } }],
      [TYPE, WORKER, { fork: { maxMessageSize: '1' } }],
      [['TypeError', 'ERR_UNKNOWN_SIGNAL'], WORKER, { fork: { killSignal: 'SIGFOO' } }],
    ]) {
      assert.deepStrictEqual(
        code(() => new Pool(...args)),
        expected,
        inspect(args),
      );
    }
    assert.deepStrictEqual(
      code(() => Pool(WORKER)),
      ['TypeError', undefined],
    );
  });

  it('of a task', () => {
    const pool = makePool();
    for (const method of ['run', 'stream']) {
      for (const [expected, ...args] of [
        [TYPE],
        [TYPE, 5],
        [TYPE, 'add', 5],
        [TYPE, 'add', { signal: AbortSignal.abort() }],
        [TYPE, 'add', [], 5],
        [TYPE, 'add', [], null],
        [TYPE, 'add', [], { signal: 5 }],
        [TYPE, 'add', [], { signal: { aborted: false } }],
        [TYPE, 'add', [], { signal: { aborted: false, addEventListener() {} } }],
        [TYPE, 'add', [], { priority: 'high' }],
        [RANGE, 'add', [], { priority: Number.NaN }],
        [TYPE, 'add', [], { timeout: '5' }],
        [RANGE, 'add', [], { timeout: -1 }],
        [RANGE, 'add', [], { retries: 0.5 }],
        [TYPE, 'add', [], { onProgress: 5 }],
        [RANGE, 'add', new Array(70_000).fill(0)],
      ]) {
        assert.deepStrictEqual(
          code(() => pool[method](...args)),
          expected,
          `${method} ${args}`,
        );
      }
    }
    assert.deepStrictEqual(
      code(() => pool.stream('a', [], { highWaterMark: 0 })),
      RANGE,
    );
    assert.deepStrictEqual(
      code(() => pool.top({ interval: 0 })),
      RANGE,
    );
    assert.deepStrictEqual(
      code(() => pool.top({ stream: {} })),
      TYPE,
    );
    assert.strictEqual(pool.pids.size, 0);
  });

  it('of a task whose signal cannot be listened to: it is not counted', async () => {
    const pool = makePool();
    const signal = {
      aborted: false,
      removeEventListener() {},
      addEventListener() {
        throw new RangeError('deaf');
      },
    };
    for (const _ of [1, 2]) {
      const error = await rejection(pool.run('add', [1, 2], { signal }));
      assert.strictEqual(error.message, 'deaf');
    }
    assert.strictEqual(pool.stats().pending, 0);
    await pool.close();
    assert.strictEqual(pool.pids.size, 0);
  });

  it('a function with a stream is not run(), and one without is not stream()ed', async () => {
    const pool = makePool();
    for (const name of ['countTo', 'letters']) {
      const error = await rejection(pool.run(name, [2]));
      assert.strictEqual(error.code, 'ERR_SPROG_IS_A_STREAM');
    }
    const error = await rejection(pool.stream('add', [1, 2]).next());
    assert.strictEqual(error.code, 'ERR_SPROG_NOT_A_STREAM');
  });
});

describe('the package', () => {
  it('loads nothing of a pool until there is one', async () => {
    const { said } = await runScript((self) => {
      const { Pool } = self.cp;
      const builtins = process.moduleLoadList.length;
      self.say(typeof Pool, builtins === process.moduleLoadList.length);
      class Own extends Pool {}
      const pool = new Own(`${self.fixtures}/pool/worker.js`);
      self.say(pool instanceof Pool, pool instanceof Own, pool.closed, Pool.name);
      self.say(typeof Pool.WorkerExited, builtins < process.moduleLoadList.length);
    });
    assert.deepStrictEqual(said, [
      ['function', true],
      [true, true, false, 'Pool'],
      ['function', true],
    ]);
  });

  it('exports the pool to ES modules, and what a worker needs beside it', async () => {
    const { Pool: imported } = await import(pathToFileURL(path.join(ROOT, 'index.js')).href);
    assert.strictEqual(imported, Pool);
    const worker = await import(pathToFileURL(path.join(ROOT, 'worker.js')).href);
    assert.deepStrictEqual(
      Object.keys(worker)
        .filter((name) => /^[a-z][A-Za-z]*$/.test(name))
        .sort(),
      ['currentTask', 'default', 'emit', 'isWorker'],
    );
  });
});
