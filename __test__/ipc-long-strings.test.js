'use strict';
// Long strings in JSON messages pass beside their text: the bytes on the wire and the messages that arrive
// must be what they would be without that.

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, afterEach, describe, it: test } = require('node:test');
const sprog = require('..');
const { LongStrings } = require('../lib/ipc/long-strings.js');
const { message, messages, runParent, wireCommand } = require('./helpers/ipc.js');
const { makeContext } = require('./parity/context.js');

const FIXTURES = path.join(__dirname, 'fixtures');
const LENGTH = 100_000;

const it = (title, run) => test(title, { timeout: 60_000 }, run);

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-long-'));
after(() => fs.rmSync(home, { recursive: true, force: true }));

const children = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function forkEcho(options) {
  const child = sprog.fork(path.join(FIXTURES, 'ipc-echo.js'), [], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
    ...options,
  });
  children.push(child);
  return child;
}

const x = 'x'.repeat(LENGTH);
const OTHERS = {
  'not ASCII': 'é€𝄞'.repeat(LENGTH),
  'a quote': `${x}"`,
  'a backslash': `\\${x}`,
  'a newline': `${x}\n${x}`,
  'a NUL': `${x}\0`,
  'a lone surrogate': `${x}\ud800`,
  'separators of lines': `${x}\u2028\u2029\x7f`,
};

/** Messages in their hundreds of thousands of bytes, with long strings of all kinds in all places. */
const MESSAGES = [
  x,
  { a: x },
  [x, x, 'short', 1, null, `${x}!`],
  { seq: 1, nested: [{ deep: { text: x, n: [1, 2, { more: x }] } }], end: true },
  { [x]: 1 },
  { [x]: x },
  JSON.parse(`{"__proto__":"${x}","10":"${x}","a":1,"2":2}`),
  { 'sprog.0.0.': 'sprog.0.0.', long: x },
  { escaped: 'a\u0000b"\\', long: x },
  { toJSON: () => ({ given: x }) },
  { boxed: Object(x) },
  { gone: undefined, f() {}, nan: Number.NaN, date: new Date(0), long: x },
  Array.from({ length: 20_000 }, (_, n) => n),
  Object.assign(Object.create({ inherited: x }), { own: x }),
  { short: 1 },
  ...Object.values(OTHERS),
  ...Object.values(OTHERS).map((text) => ({ text, plain: x })),
];

const asText = (value) => `${JSON.stringify(value)}`;

describe('a message that is sent in pieces', () => {
  /** Looked into, as after a long message. */
  function ready() {
    const strings = new LongStrings();
    strings.note(x);
    return strings;
  }

  it('is, put together, the text that JSON.stringify makes', () => {
    for (const [n, value] of MESSAGES.entries()) {
      let sent;
      const answer = ready().send(value, -1, (pieces) => {
        sent = pieces.map((piece, at) => (at % 2 ? JSON.stringify(piece).slice(1, -1) : piece));
        return 0;
      });
      assert.strictEqual(sent?.join('') ?? answer, asText(value), `message ${n}`);
      // What the addon refuses is sent as a text.
      const text = ready().send(value, -1, () => -os.constants.errno.EILSEQ);
      assert.strictEqual(text, asText(value), `message ${n}`);
    }
  });

  it('is one with long strings, after a long one, and without a handle', () => {
    const none = () => assert.fail('sent');
    const strings = new LongStrings();
    assert.strictEqual(strings.send({ x }, -1, none), undefined);
    strings.note('short');
    assert.strictEqual(strings.send({ x }, -1, none), undefined);
    strings.note(x);
    assert.strictEqual(strings.send({ x }, 5, none), undefined);
    assert.strictEqual(
      strings.send({ x }, -1, (pieces) => pieces.length),
      3,
    );
    assert.strictEqual(strings.send('short', -1, none), '"short"');
    // One long text without long strings, and the next are left alone.
    const list = Array.from({ length: LENGTH }, () => 1);
    assert.strictEqual(strings.send(list, -1, none), asText(list));
    strings.note(x);
    assert.strictEqual(strings.send({ x }, -1, none), undefined);
  });

  it('runs what a program put into it once', () => {
    const ran = [];
    const value = {
      get a() {
        ran.push('a');
        return x;
      },
      b: { toJSON: (key) => ran.push(key) && undefined },
    };
    ready().send(value, -1, () => 0);
    assert.deepStrictEqual(ran, ['a', 'b']);
    assert.strictEqual(
      ready().send({ toJSON: () => ran.push('root') && undefined }, -1, () => 0),
      'undefined',
    );
    assert.deepStrictEqual(ran, ['a', 'b', 'root']);
  });
});

describe('long strings arrive', () => {
  const link = path.join(home, 'node');
  fs.symlinkSync(process.execPath, link);
  for (const [name, options] of [
    ['at an end of ours and back', {}],
    ['at Node’s own end and back', { execPath: link }],
  ]) {
    it(`${name}, one by one and all at once`, async () => {
      const child = forkEcho(options);
      const sent = MESSAGES.filter((value) => asText(value) !== 'undefined');
      const expected = sent.map((value) => JSON.parse(asText(value)));
      for (const [n, value] of sent.entries()) {
        const back = message(child);
        child.send(value);
        assert.deepStrictEqual(await back, expected[n], `message ${n}`);
      }
      const back = messages(child, 2 * sent.length);
      for (const [n, value] of sent.entries()) {
        child.send(value);
        child.send(n);
      }
      assert.deepStrictEqual(
        await back,
        expected.flatMap((value, n) => [value, n]),
      );
      child.disconnect();
      await once(child, 'exit');
    });
  }

  it('or are the error that they would be', async () => {
    const { t, dispose } = makeContext('sprog');
    const half = 'x'.repeat(60_000);
    for (const [end, isGood] of [
      [`${half}"`, true],
      [`${half}" oops`, false],
      [`${half}\t"`, false],
      [`${half}": 1`, false],
      [half, false],
    ]) {
      const [file, args] = wireCommand([
        ['write', `"${half}`],
        ['write', `${end}\n"after"\n`],
      ]);
      const { said } = await runParent(
        t,
        `const child = cp.spawn(process.argv[2], JSON.parse(process.argv[3]), {
           stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
         process.on('uncaughtException', (error) => say(error.name, error.message));
         child.on('message', (m) => say('message', m.length));`,
        { args: [file, JSON.stringify(args)] },
      );
      let wanted = ['message', 120_000];
      if (!isGood) {
        try {
          JSON.parse(`"${half}${end}`);
        } catch (error) {
          wanted = [error.name, error.message];
        }
      }
      assert.deepStrictEqual(said, [wanted, ['message', 5]]);
    }
    dispose();
  });
});
