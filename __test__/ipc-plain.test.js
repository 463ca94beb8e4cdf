'use strict';
// 'advanced' messages between two ends of ours: what goes as JSON must arrive as if V8 had carried it, and
// what JSON cannot carry must not go as JSON. And that the short way is taken at all.

const assert = require('node:assert');
const { once } = require('node:events');
const path = require('node:path');
const { afterEach, describe, it: test } = require('node:test');
const v8 = require('node:v8');
const sprog = require('..');
const { codecs, Malformed } = require('../lib/ipc/codec.js');
const { variablesOf } = require('../lib/environment.js');
const { ownEnd } = require('../lib/ipc/own-end.js');
const { plainText } = require('../lib/ipc/plain.js');
const { message, messages } = require('./helpers/ipc.js');
const { describeValue, makeValue } = require('./helpers/values.js');

const FIXTURES = path.join(__dirname, 'fixtures');

const it = (title, run) => test(title, { timeout: 60_000 }, run);

const children = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function fork(fixture, args = [], options = {}) {
  const child = sprog.fork(path.join(FIXTURES, fixture), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
    execArgv: [],
    ...options,
  });
  children.push(child);
  return child;
}

/** What a codec makes of a value, as far as the receiver or the sender can tell, and how it went. */
function carry(codec, value) {
  const sent = [];
  const outlet = {
    text: (text) => sent.push(codec.parseBatch(undefined, -1, `[${text}]`, 1)) && 0,
    bytes(bytes) {
      const frame = Buffer.concat([Buffer.alloc(4), bytes]);
      frame.writeUInt32BE(bytes.length);
      sent.push(codec.parseFrames(frame, 1));
      return 0;
    },
  };
  try {
    codec.send(outlet, value, false, -1);
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
  const [[message]] = sent;
  return message instanceof Malformed ? `malformed: ${message.error}` : describeValue(message);
}

const SEEDS = Array.from({ length: 2400 }, (_, seed) => seed);

describe('a plain message', () => {
  it('arrives as V8 would have carried it, whatever it holds', () => {
    let plain = 0;
    for (const seed of SEEDS) {
      const [ours, v8s] = [codecs.dialect, codecs.advanced].map((codec) => {
        const ran = [];
        const outcome = carry(
          codec,
          makeValue(seed, (what) => ran.push(what)),
        );
        return { outcome, ran };
      });
      assert.deepStrictEqual(ours, v8s, `seed ${seed}`);
      if (plainText(makeValue(seed, () => {})) !== undefined) plain++;
    }
    // Neither way may be the only one that was tried.
    assert.ok(plain > SEEDS.length / 3 && plain < SEEDS.length * 0.9, `${plain} were plain`);
  });

  it('is one without anything that JSON changes, loses or runs', () => {
    const shared = [];
    const circle = {};
    circle.self = circle;
    const property = { get: () => assert.fail('a getter was run'), enumerable: true };
    for (const [name, value] of Object.entries({
      undefined: [undefined],
      'negative zero': { n: -0 },
      NaN: [Number.NaN],
      hole: new Array(1),
      'shared reference': [shared, shared],
      circle,
      getter: Object.defineProperty({}, 'a', property),
      'a getter of an array': Object.defineProperty([1], 0, property),
      'own toJSON': { toJSON: 1 },
      'more than is worth it': Array.from({ length: 5000 }, () => 1),
    })) {
      assert.strictEqual(plainText(value), undefined, name);
    }
    for (const value of [
      0,
      'text',
      null,
      [],
      {},
      [1, 'a', { b: [true, null] }],
      { ['__proto__']: 1 },
    ]) {
      assert.strictEqual(plainText(value), JSON.stringify(value));
    }
  });

  it('is none while toJSON can be inherited', () => {
    for (const prototype of [Object.prototype, Array.prototype]) {
      const value = prototype === Array.prototype ? [1] : { a: 1 };
      Object.defineProperty(prototype, 'toJSON', { value: () => 'x', configurable: true });
      try {
        assert.strictEqual(plainText(value), undefined);
      } finally {
        delete prototype.toJSON;
      }
    }
  });

  it('does without what a program puts in the place of JSON', () => {
    const { stringify } = JSON;
    JSON.stringify = () => 'theirs';
    try {
      assert.strictEqual(plainText({ a: 1 }), '{"a":1}');
    } finally {
      JSON.stringify = stringify;
    }
  });

  it('keeps nothing of the message alive', async () => {
    let value = { inner: [{}] };
    plainText(value);
    const reference = new WeakRef(value.inner);
    value = undefined;
    const deadline = Date.now() + 20_000;
    v8.setFlagsFromString('--expose-gc');
    const gc = require('node:vm').runInNewContext('gc');
    while (reference.deref() !== undefined && Date.now() < deadline) {
      await new Promise(setImmediate);
      gc();
    }
    assert.strictEqual(reference.deref(), undefined);
  });
});

describe('two ends of ours', { skip: !sprog.native && 'needs the addon' }, () => {
  it('carry every kind of value both ways, in order', async () => {
    const child = fork('ipc-echo.js');
    const got = [];
    child.on('message', (value) => got.push(value));
    child.send('up');
    await once(child, 'message');
    const expected = ['"up"'];
    for (const seed of SEEDS.slice(0, 800)) {
      const value = makeValue(seed, () => {});
      try {
        if (child.send(value, () => {}) === undefined) continue;
      } catch {
        continue;
      }
      const there = v8Trip(makeValue(seed, () => {}));
      expected.push(describeValue(v8Trip(there)));
    }
    child.send('last');
    while (got.at(-1) !== 'last') await once(child, 'message');
    assert.deepStrictEqual(
      got.slice(0, -1).map((value) => describeValue(value)),
      expected,
    );
    child.disconnect();
    await once(child, 'exit');
  });

  it('use no serializer of V8 for plain messages, after the greeting', async () => {
    const COUNT = 200;
    const child = fork('ipc-count-v8.js');
    assert.deepStrictEqual(await message(child), 'up');
    const calls = countCalls();
    const echoes = messages(child, COUNT);
    const sent = Array.from({ length: COUNT }, (_, n) => ({ n, list: ['plain', { ok: true }] }));
    for (const value of sent) child.send(value);
    assert.deepStrictEqual(await echoes, sent);
    child.send('calls?');
    const theirs = await message(child);
    child.send({ map: new Map([[1, 2]]) });
    assert.deepStrictEqual(await message(child), { map: new Map([[1, 2]]) });
    // What is not plain is seen: the count counts.
    assert.deepStrictEqual([calls(), theirs], [2, 0]);
  });
});

describe('who is not greeted by', () => {
  it('an end of ours of another version, or of none', () => {
    const request = { envPairs: [] };
    ownEnd.announce(variablesOf(request), 3, 'advanced');
    const env = Object.fromEntries(request.envPairs.map((pair) => pair.split(/=(.*)/s, 2)));
    const name = Object.keys(env).find((key) => key.endsWith('DIALECT'));
    assert.strictEqual(ownEnd.takeAnnouncement({ ...env }).greets, true);
    for (const version of [undefined, '', '0', '1.0', String(ownEnd.VERSION + 1)]) {
      assert.strictEqual(ownEnd.takeAnnouncement({ ...env, [name]: version }).greets, false);
    }
    assert.strictEqual(ownEnd.takeAnnouncement(env).greets, true);
    assert.deepStrictEqual(env, {});
  });

  it('a child whose end is Node’s: the wire is Node’s both ways', async () => {
    const child = fork('ipc-count-v8.js', [], { execArgv: ['--no-addons'] });
    assert.deepStrictEqual(await message(child), 'up');
    const calls = countCalls();
    child.send({ plain: true });
    assert.deepStrictEqual(await message(child), { plain: true });
    assert.strictEqual(calls(), 2);
  });
});

/** A value after V8, as Node's channel uses it. */
function v8Trip(value) {
  let back;
  const outlet = {
    bytes(bytes) {
      const frame = Buffer.concat([Buffer.alloc(4), bytes]);
      frame.writeUInt32BE(bytes.length);
      [back] = codecs.advanced.parseFrames(frame, 1);
    },
  };
  codecs.advanced.send(outlet, value, false, -1);
  return back;
}

/** Counts the messages that V8 writes and reads in this process from now on. */
function countCalls() {
  const { calls } = require('./fixtures/count-v8.js');
  const before = calls();
  return () => calls() - before;
}
