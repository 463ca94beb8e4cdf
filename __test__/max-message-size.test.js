'use strict';
// maxMessageSize: what it may be, where the border runs, and what becomes of a channel past it.

const assert = require('node:assert');
const { describe, it: test, after, before } = require('node:test');
const sprog = require('..');
const {
  emitted,
  forkSource,
  message,
  runParent,
  spawnWire,
  wireCommand,
} = require('./helpers/ipc.js');
const { countFds, until } = require('./helpers/processes.js');
const { makeContext } = require('./parity/context.js');

const MIB = 1024 * 1024;
const LIMIT = 1000;

const it = (title, run) => test(title, { timeout: 30_000 }, run);

let t;
let dispose;
before(() => {
  ({ t, dispose } = makeContext('sprog'));
});
after(() => dispose());

/** Everything that a child's channel tells, in order. */
function listen(child) {
  const told = [];
  child.on('message', (value) => told.push(['message', value.length ?? value]));
  child.on('error', (error) => told.push(['error', error.code, error.name, child.connected]));
  child.on('disconnect', () => told.push(['disconnect']));
  return told;
}

const TOO_LARGE = ['error', 'ERR_SPROG_MESSAGE_TOO_LARGE', 'RangeError', false];

describe('the option', () => {
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'];
  const run = (maxMessageSize) => sprog.spawn('true', [], { stdio, maxMessageSize });

  it('is a positive integer or Infinity', async () => {
    for (const size of [1, 2 ** 53 - 1, 1e300, Number.POSITIVE_INFINITY, undefined, null]) {
      await t.exited(run(size));
    }
    for (const size of ['1', 1n, true, {}, [1], Symbol('size')]) {
      assert.throws(() => run(size), { code: 'ERR_INVALID_ARG_TYPE', name: 'TypeError' });
    }
    for (const size of [0, -1, 0.5, Number.NaN, Number.NEGATIVE_INFINITY]) {
      assert.throws(() => run(size), {
        code: 'ERR_OUT_OF_RANGE',
        message: `The value of "options.maxMessageSize" is out of range. It must be a positive integer or Infinity. Received ${size}`,
      });
    }
  });

  it('is refused before anything is opened', () => {
    const open = countFds();
    assert.throws(() => run(0));
    assert.strictEqual(countFds(), open);
  });
});

describe('a message', () => {
  for (const serialization of ['json', 'advanced']) {
    it(`of exactly so many bytes arrives, one of a byte more ends the channel (${serialization})`, async () => {
      // Quotes in JSON; header, tag and a length of two bytes in V8's format.
      const around = serialization === 'json' ? 2 : 5;
      const child = forkSource(
        t,
        `// The channel may be closed before the last is written: that is no error of the test.
         const send = (length) => process.send('x'.repeat(length), () => {});
         send(${LIMIT - around}); send(${LIMIT - around + 1}); send(1);
         process.on('disconnect', () => process.exit(3));
         process.on('message', () => {});`,
        // Node's own end, whose wire this is about.
        { serialization, maxMessageSize: LIMIT, execArgv: ['--no-addons'] },
      );
      const told = listen(child);
      assert.deepStrictEqual(await t.closed(child), [3, null]);
      assert.deepStrictEqual(told, [['message', LIMIT - around], TOO_LARGE, ['disconnect']]);
    });
  }

  it('is measured in bytes and not in characters', async () => {
    const child = spawnWire(sprog, [['write', `"${'\xe2\x82\xac'.repeat(3)}"\n"four"\n`]], {
      maxMessageSize: 10,
    });
    child.stdout.resume();
    const told = listen(child);
    await t.closed(child);
    assert.deepStrictEqual(told, [TOO_LARGE, ['disconnect']]);
  });

  it('may be of any length to the child: the option is about what comes', async () => {
    const child = forkSource(t, 'process.once("message", ({ length }) => process.send(length))', {
      maxMessageSize: 10,
    });
    const answer = message(child);
    child.send('x'.repeat(MIB));
    assert.strictEqual(await answer, MIB);
    child.disconnect();
    await t.exited(child);
  });

  it('that is too long and unheard is an uncaught exception, and closes the channel all the same', async () => {
    const [file, args] = wireCommand([['write', '"too long"\n'], ['read']]);
    const { said, code } = await runParent(
      t,
      `const child = cp.spawn(process.argv[2], JSON.parse(process.argv[3]), {
         stdio: ['ignore', 'inherit', 'inherit', 'ipc'], maxMessageSize: 3 });
       process.on('uncaughtException', ({ code, message }) => say(code, message));
       child.on('disconnect', () => say('disconnect'));
       child.on('close', (...end) => say('close', ...end));`,
      { args: [file, JSON.stringify(args)] },
    );
    assert.strictEqual(code, 0);
    const text = 'The other end of the channel sent a message of more than 3 bytes';
    assert.deepStrictEqual(said, [
      ['ERR_SPROG_MESSAGE_TOO_LARGE', text],
      ['disconnect'],
      ['close', 0, null],
    ]);
  });

  it('that is too long gives its memory back', async () => {
    const child = forkSource(
      t,
      `process.send('x'.repeat(${64 * MIB})); process.on('message', () => {});`,
      {
        maxMessageSize: 48 * MIB,
      },
    );
    const rss = () => process.memoryUsage.rss();
    const start = rss();
    const [error] = await emitted(child, 'error');
    assert.match(error.message, new RegExp(`more than ${48 * MIB} bytes`));
    assert.ok(await until(() => rss() < start + 24 * MIB));
    await t.exited(child);
  });
});
