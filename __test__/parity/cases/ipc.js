'use strict';
// Messages over the channel: what send() returns and reports, what arrives, and in which order.

const { AsyncLocalStorage } = require('node:async_hooks');
const { createHash } = require('node:crypto');
const path = require('node:path');
const {
  QUIET,
  blockUntilDead,
  emitted,
  forkSource,
  message,
  messages,
  program,
  runParent,
} = require('../../helpers/ipc.js');

const FIXTURES = path.join(__dirname, '..', '..', 'fixtures');

const fixture = (t, name, options) =>
  t.cp.fork(path.join(FIXTURES, name), [], { stdio: QUIET, ...options });

/** A child that sends everything back, already up, so that a send finds an idle channel. */
async function echoChild(t, options) {
  const child = fixture(t, 'ipc-echo.js', options);
  child.send('up');
  await message(child);
  return child;
}

async function echo(child, value) {
  const back = message(child);
  child.send(value);
  return back;
}

async function dismiss(t, child) {
  const exited = t.exited(child);
  if (child.connected) child.disconnect();
  return exited;
}

const sha1 = (text) => createHash('sha1').update(text).digest('hex');

/** Resolves with all messages of a child once it is gone. */
async function allMessages(t, child) {
  const all = [];
  child.on('message', (value) => all.push(value));
  const end = await t.closed(child);
  return { all, end };
}

const isCountUp = (values) => values.every((value, index) => value === index);

// What every socket buffer takes: 171 small messages were the fewest seen here.
const CERTAIN = 100;

// Few messages of a dying child arrive in full, of many at least as many as were certain to fit.
function logDelivered(t, count, all) {
  t.log(count, isCountUp(all), all.length >= Math.min(count, CERTAIN));
  if (count <= CERTAIN) t.log(all.length);
}

const COUNTS = [1, 5, 16, 17, 40, 500];

module.exports = {
  'send returns true and calls back with null on the next tick': async (t) => {
    const child = await echoChild(t);
    const order = [];
    process.nextTick(() => order.push('tick queued before'));
    const returned = child.send('x', (...args) => order.push(['callback', args]));
    process.nextTick(() => order.push('tick queued after'));
    Promise.resolve().then(() => order.push('microtask'));
    order.push(['returned', returned]);
    await new Promise((resolve) => setImmediate(resolve));
    t.log(order);
    await dismiss(t, child);
  },

  'the callbacks of several sends run in order, before ticks queued later': async (t) => {
    for (const count of [3, 16, 17, 40]) {
      const child = await echoChild(t);
      const echoes = messages(child, count);
      const order = [];
      const returns = new Set();
      for (let n = 0; n < count; n++) returns.add(child.send(n, (error) => order.push([n, error])));
      process.nextTick(() => order.push('tick'));
      setImmediate(() => order.push('immediate'));
      await new Promise((resolve) => setImmediate(resolve));
      t.log([...returns], order);
      t.log(isCountUp(await echoes));
      await dismiss(t, child);
    }
  },

  'a callback that throws is an uncaught exception and the channel goes on': async (t) => {
    const { said, code } = await runParent(
      t,
      `const child = cp.fork(process.argv[2]);
       process.once('uncaughtException', (error) => say('caught', error.message));
       child.send('a', () => { throw new Error('from the callback'); });
       child.on('message', (m) => { say(m); if (m === 'b') child.disconnect(); });
       child.send('b');`,
      { args: [path.join(FIXTURES, 'ipc-echo.js')] },
    );
    t.log(said.sort(), code);
  },

  'send needs its receiver': async (t) => {
    const child = forkSource(
      t,
      `const { send } = process;
       try { send('bare'); } catch (error) { send.call(process, error.name); }`,
    );
    const { send } = child;
    try {
      send('bare');
    } catch (error) {
      t.log(error.name);
    }
    t.log(await allMessages(t, child));
  },

  'send accepts its arguments in every documented form': async (t) => {
    const child = await echoChild(t);
    const forms = {
      message: [],
      'message, callback': ['callback'],
      'message, undefined, callback': [undefined, 'callback'],
      'message, null, callback': [null, 'callback'],
      'message, undefined, options': [undefined, {}],
      'message, undefined, options, callback': [undefined, {}, 'callback'],
      'message, undefined, undefined, callback': [undefined, undefined, 'callback'],
      'message, undefined, keepOpen': [undefined, { keepOpen: true }, 'callback'],
      'falsy handle 0': [0, {}, 'callback'],
      'falsy handle false': [false],
      'falsy handle empty string': [''],
      'callback that is a number': [undefined, undefined, 5],
      'callback that is a string': [undefined, undefined, 'text'],
      'callback that is null': [undefined, undefined, null],
    };
    for (const [form, rest] of Object.entries(forms)) {
      const called = [];
      const args = rest.map((arg) => (arg === 'callback' ? (...a) => called.push(a) : arg));
      const back = message(child);
      t.attempt(form, () => child.send(form, ...args));
      t.log(await back, called);
    }
    await dismiss(t, child);
  },

  'send refuses wrong arguments by throwing': async (t) => {
    const child = await echoChild(t);
    const called = [];
    const callback = (error) => called.push(error);
    t.attempt('nothing', () => child.send());
    t.attempt('undefined', () => child.send(undefined));
    t.attempt('undefined with a callback', () => child.send(undefined, callback));
    for (const bad of [() => {}, function named() {}, Symbol('s'), 1n]) {
      t.attempt(`message ${typeof bad}`, () => child.send(bad));
      t.attempt(`message ${typeof bad} with a callback`, () => child.send(bad, callback));
    }
    for (const bad of [null, '', 0, 'text', 5, true, false, [], Symbol('s')]) {
      t.attempt(`options ${String(bad)}`, () => child.send('m', undefined, bad, callback));
    }
    for (const bad of [{}, [], 'text', 5, true, Symbol('s'), new Date(0), Buffer.alloc(1)]) {
      t.attempt(`handle ${typeof bad}`, () => child.send('m', bad));
      t.attempt(`handle ${typeof bad} with a callback`, () => child.send('m', bad, {}, callback));
    }
    t.log(await echo(child, 'still alive'));
    t.log(called);
    await dismiss(t, child);
  },

  'the child refuses the same arguments': async (t) => {
    const child = forkSource(
      t,
      `const errors = [];
       for (const args of [[], [undefined], [() => {}], [Symbol('s')], [1n], ['m', undefined, null],
         ['m', undefined, ''], ['m', undefined, 0], ['m', {}], ['m', 'text'], ['m', 5]]) {
         try { errors.push(process.send(...args)); }
         catch (error) { errors.push([error.name, error.code, error.message]); }
       }
       process.send(errors);`,
    );
    const { all, end } = await allMessages(t, child);
    t.log(all, end);
  },

  'a message that cannot be serialised throws and leaves the channel intact': async (t) => {
    const child = await echoChild(t);
    const circle = {};
    circle.self = circle;
    t.attempt('circular', () => child.send(circle));
    t.attempt('bigint inside', () => child.send({ n: 1n }));
    const throwing = {
      toJSON() {
        throw new RangeError('from toJSON');
      },
    };
    t.attempt('toJSON throws', () => child.send(throwing));
    t.attempt('getter throws', () =>
      child.send({
        get x() {
          throw new RangeError('from the getter');
        },
      }),
    );
    t.log(await echo(child, 'after'));
    await dismiss(t, child);
  },

  'a message whose toJSON gives undefined is a malformed line': async (t) => {
    const child = forkSource(
      t,
      `process.on('uncaughtException', (error) => { process.send(error.name); process.disconnect(); });
       process.on('message', () => {});`,
    );
    t.attempt('send', () => child.send({ toJSON() {} }));
    t.log(await message(child), await t.exited(child));
  },

  'primitive messages arrive as they are': async (t) => {
    const child = await echoChild(t);
    for (const value of [
      ...['', 'text', 'NODE_', '{"a":1}', 'null', '"', '\\', '\n', 'a\nb\r\nc', '\0', ' '],
      ...[0, 1, -1, 1.5, 1e21, 5e-324, 2 ** 53, Number.MAX_VALUE, -1.7976931348623157e308],
      ...[true, false, null],
    ]) {
      const back = await echo(child, value);
      t.log(value, back, Object.is(value, back));
    }
    await dismiss(t, child);
  },

  'values that JSON does not know arrive as JSON makes them': async (t) => {
    const child = await echoChild(t);
    class Point {
      constructor() {
        this.x = 1;
      }
      get y() {
        return 2;
      }
    }
    const sparse = [1];
    sparse[3] = 4;
    const values = {
      NaN: NaN,
      Infinity: -Infinity,
      '-0': -0,
      members: { a: undefined, b: NaN, c: Infinity, d: -0, e: () => {}, f: Symbol('s'), g: null },
      elements: [undefined, NaN, -0, () => {}, Symbol('s'), null],
      'sparse array': sparse,
      date: new Date(0),
      'invalid date': new Date(NaN),
      'date inside': { at: new Date(86_400_000) },
      toJSON: { toJSON: (key) => ({ key, replaced: true }) },
      'toJSON inside': { inner: { toJSON: (key) => `key ${key}` } },
      boxed: [new String('s'), new Number(1), new Boolean(false)],
      'boxed at top': new String('s'),
      'map and set': [new Map([[1, 2]]), new Set([1])],
      'regexp and error': [/x/g, new Error('e')],
      buffer: Buffer.from('hi'),
      'typed array': new Uint8Array([1, 2]),
      'array buffer': new ArrayBuffer(2),
      'class instance': new Point(),
      'null prototype': Object.assign(Object.create(null), { a: 1 }),
      'inherited keys': Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } }),
      'symbol keys': { [Symbol('k')]: 1, plain: 2 },
      'integer keys first': { b: 1, 2: 'two', a: 3, 1: 'one' },
      empty: [{}, [], [[]], { '': {} }],
    };
    for (const [name, value] of Object.entries(values)) t.log(name, await echo(child, value));
    await dismiss(t, child);
  },

  'a key named __proto__ is an own property at the other end': async (t) => {
    const child = forkSource(
      t,
      `process.on('message', (m) => {
         process.send([Object.hasOwn(m, '__proto__'), Object.getPrototypeOf(m) === Object.prototype, m.__proto__]);
         setImmediate(() => process.disconnect());
       });`,
    );
    child.send(JSON.parse('{"__proto__":{"polluted":true}}'));
    t.log(await message(child), {}.polluted, await t.exited(child));
  },

  'a message has plain objects and arrays of this realm': async (t) => {
    const child = await echoChild(t);
    const back = await echo(child, { list: [{}], n: 1 });
    t.log(Object.getPrototypeOf(back) === Object.prototype, Array.isArray(back.list));
    t.log(back.list[0] instanceof Object);
    await dismiss(t, child);
  },

  'a message listener gets two arguments and the child as this': async (t) => {
    const child = await echoChild(t);
    const seen = new Promise((resolve) => {
      child.once('message', function listen(...args) {
        resolve([args.length, args, this === child]);
      });
    });
    child.send('x');
    t.log(...(await seen));
    await dismiss(t, child);
  },

  'deep nesting survives': async (t) => {
    const child = await echoChild(t);
    let deep = 'bottom';
    for (let n = 0; n < 1000; n++) deep = n % 2 ? [deep] : { in: deep };
    t.log(JSON.stringify(await echo(child, deep)) === JSON.stringify(deep));
    await dismiss(t, child);
  },

  'every kind of text arrives unchanged': async (t) => {
    const child = await echoChild(t);
    const texts = {
      latin: Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join(''),
      'line separators': 'a\u2028b\u2029c\u0085d',
      emoji: '👩‍👩‍👧‍👦 and 🇦🇶',
      combining: 'e\u0301 \u1100\u1161',
      'byte order mark': '\ufeffx\ufeff',
      noncharacters: '\ufffe\uffff\u{10ffff}',
      'high surrogate alone': 'a\ud800b',
      'low surrogate alone': '\udc00',
      'surrogates reversed': '\udc00\ud800',
      'surrogate at the end': 'x\udbff',
      replacement: '\ufffd',
      'right to left': '\u202eabc\u202c',
    };
    for (const [name, text] of Object.entries(texts)) {
      const back = await echo(child, { [text]: [text] });
      t.log(name, Object.keys(back)[0] === text, Object.values(back)[0][0] === text);
    }
    await dismiss(t, child);
  },

  'messages around the sizes of buffers arrive whole': async (t) => {
    const child = await echoChild(t);
    for (const size of [1, 2, 255, 256, 4096, 65_535, 65_536, 131_072, 262_144]) {
      for (const length of [size - 3, size - 2, size - 1, size].filter((n) => n > 0)) {
        const text = String.fromCharCode(97 + (length % 26)).repeat(length);
        if ((await echo(child, text)) !== text) t.log('damaged', length);
      }
    }
    t.log('all compared');
    await dismiss(t, child);
  },

  'characters that are not ASCII arrive whole wherever in a text they stand': async (t) => {
    const child = await echoChild(t);
    for (const length of [1000, 1018, 1019, 1020, 1023, 1024, 1030, 5000, 70_000]) {
      for (const unit of ['é', '€', '𝄞']) {
        const places = [0, 1, length >> 1, length - 3, length - 2, length - unit.length];
        const texts = places.map((at) => 'x'.repeat(at) + unit + 'x'.repeat(length - at));
        for (const text of [...texts, 'x'.repeat(1024) + unit.repeat(length)]) {
          if ((await echo(child, text)) !== text) t.log('damaged', unit, text.length);
        }
      }
    }
    t.log('all compared');
    await dismiss(t, child);
  },

  'one and eight megabytes arrive whole in both directions': async (t) => {
    const child = fixture(t, 'ipc-digest.js');
    for (const [unit, bytes] of [
      ['ab\n', 3],
      ['é', 2],
      ['€', 3],
      ['𝄞', 4],
      ['\0', 1],
    ]) {
      const sizes = unit === 'ab\n' ? [1 << 20, 8 << 20] : [1 << 20];
      for (const size of sizes) {
        const text = unit.repeat(Math.floor(size / bytes));
        const answers = messages(child, 2);
        child.send(text);
        const [digest, back] = await answers;
        t.log(unit, size, digest[0] === text.length, digest[1] === sha1(text), back === text);
      }
    }
    await dismiss(t, child);
  },

  'a message is what it was when send was called': async (t) => {
    const child = await echoChild(t);
    const value = { n: 1, list: [1], inner: { a: 'before' } };
    const back = messages(child, 3);
    child.send(value);
    value.n = 2;
    value.list.push(2);
    value.inner.a = 'after';
    child.send(value);
    delete value.inner;
    value.n = 3;
    child.send(value);
    value.n = 4;
    t.log(await back);
    await dismiss(t, child);
  },

  'a message is what it was when send was called, in a burst': async (t) => {
    const child = await echoChild(t);
    const value = { n: 0 };
    const back = messages(child, 60);
    for (let n = 0; n < 60; n++) {
      value.n = n;
      child.send(value);
    }
    value.n = -1;
    t.log(isCountUp((await back).map(({ n }) => n)));
    await dismiss(t, child);
  },

  'toJSON and getters run during send, once each': async (t) => {
    const child = await echoChild(t);
    const calls = [];
    const back = message(child);
    child.send({
      get a() {
        calls.push('getter');
        return 1;
      },
      b: { toJSON: (key) => calls.push(key) },
    });
    t.log(calls.slice());
    t.log(await back, calls);
    await dismiss(t, child);
  },

  'five thousand messages to the child arrive in order': async (t) => {
    const child = forkSource(
      t,
      `let next = 0, wrong = 0;
       process.on('message', (m) => {
         if (m.end) { process.send([next, wrong]); setImmediate(() => process.disconnect()); return; }
         if (m.n !== next++) wrong++;
       });`,
    );
    let written = 0;
    for (let n = 0; n < 5000; n++) child.send({ n, pad: 'p'.repeat(n % 50) }, () => written++);
    child.send({ end: true });
    t.log(await message(child), written, await t.exited(child));
  },

  'five thousand messages from the child arrive in order': async (t) => {
    const child = forkSource(
      t,
      `for (let n = 0; n < 5000; n++) process.send(n, n === 4999 ? () => process.disconnect() : null);`,
    );
    const { all, end } = await allMessages(t, child);
    t.log(all.length, isCountUp(all), end);
  },

  'floods in both directions at once arrive in order': async (t) => {
    const child = forkSource(
      t,
      `let next = 0, wrong = 0;
       process.on('message', (n) => {
         if (n !== next++) wrong++;
         if (next === 5000) process.send({ next, wrong }, () => process.disconnect());
       });
       for (let n = 0; n < 5000; n++) process.send(n);`,
    );
    for (let n = 0; n < 5000; n++) child.send(n);
    const { all, end } = await allMessages(t, child);
    t.log(all.length, isCountUp(all.slice(0, -1)), all.at(-1), end);
  },

  'a flood of large messages arrives in order': async (t) => {
    const child = forkSource(
      t,
      `let next = 0, wrong = 0;
       process.on('message', ({ n, pad }) => {
         if (n !== next++ || pad.length !== 20000) wrong++;
         process.send({ n, pad });
       });
       process.on('disconnect', () => process.exit(wrong));`,
    );
    const back = messages(child, 200);
    for (let n = 0; n < 200; n++) child.send({ n, pad: 'x'.repeat(20_000) });
    const all = await back;
    t.log(
      isCountUp(all.map(({ n }) => n)),
      all.every(({ pad }) => pad.length === 20_000),
    );
    t.log(await dismiss(t, child));
  },

  'two hundred rounds of ping-pong keep step': async (t) => {
    const child = await echoChild(t);
    let wrong = 0;
    for (let n = 0; n < 200; n++) if ((await echo(child, n)) !== n) wrong++;
    t.log(wrong);
    await dismiss(t, child);
  },

  'messages sent before the child is up are waiting for its first listener': async (t) => {
    const child = forkSource(
      t,
      `setTimeout(() => {
         const got = [];
         process.on('message', (m) => {
           got.push(m);
           if (m === 'c') { process.send(got); setImmediate(() => process.disconnect()); }
         });
       }, 50);
       process.channel.ref();`,
    );
    for (const value of ['a', 'b', 'c']) child.send(value);
    t.log(await message(child));
    t.log(await t.exited(child));
  },

  'messages that came before the first listener are delivered after it is added': async (t) => {
    const child = forkSource(
      t,
      `for (const m of ['a', 'b', 'c', { cmd: 'NODE_MARK' }]) process.send(m);
       process.on('message', () => process.disconnect());`,
    );
    await emitted(child, 'internalMessage');
    const got = [];
    child.on('message', (value) => got.push(value));
    t.log('synchronously', got.slice());
    process.nextTick(() => t.log('tick', got.slice()));
    await new Promise((resolve) => setImmediate(resolve));
    t.log('immediate', got);
    child.send('done');
    t.log(await t.exited(child));
  },

  'once takes the first of the waiting messages and the others are lost': async (t) => {
    const child = forkSource(
      t,
      `for (const m of ['a', 'b', 'c', { cmd: 'NODE_MARK' }]) process.send(m);
       process.on('message', () => process.disconnect());`,
    );
    await emitted(child, 'internalMessage');
    for (let n = 0; n < 3; n++) {
      const got = [];
      child.once('message', (value) => got.push(value));
      await new Promise((resolve) => setImmediate(resolve));
      t.log(got);
      child.removeAllListeners('message');
    }
    child.send('done');
    t.log(await t.exited(child));
  },

  'messages that come while nobody listens wait for the next listener': async (t) => {
    const child = forkSource(
      t,
      `process.on('message', (m) => {
         if (m === 'end') return process.disconnect();
         process.send(m);
         process.send({ cmd: 'NODE_MARK' });
       });`,
    );
    const got = [];
    const listener = (value) => got.push(value);
    for (const value of ['heard', 'unheard 1', 'unheard 2', 'heard again']) {
      const listens = value.startsWith('heard');
      if (listens) child.on('message', listener);
      const marked = emitted(child, 'internalMessage');
      child.send(value);
      await marked;
      await new Promise((resolve) => setImmediate(resolve));
      t.log(value, got.slice(), child.listenerCount('message'));
      if (listens) child.removeListener('message', listener);
    }
    child.send('end');
    t.log(await t.exited(child));
  },

  'once in the child takes the first of the waiting messages and the others are lost': async (
    t,
  ) => {
    const child = forkSource(
      t,
      `process.channel.ref();
       let marks = 0;
       process.on('internalMessage', (m) => {
         if (m.cmd !== 'NODE_MARK' || ++marks < 2) return;
         const got = [];
         process.once('message', (m) => got.push(m));
         setImmediate(() => {
           process.on('message', (m) => got.push(m));
           setImmediate(() => { process.send(got); setImmediate(() => process.disconnect()); });
         });
       });`,
    );
    for (const m of ['a', { cmd: 'NODE_MARK' }, 'b', 'c', { cmd: 'NODE_MARK' }]) child.send(m);
    t.log(await message(child), await t.exited(child));
  },

  'a message whose cmd starts with NODE_ is an internalMessage': async (t) => {
    const values = [
      { cmd: 'NODE_X' },
      { cmd: 'NODE_' },
      { cmd: 'NODE' },
      { cmd: 'node_x' },
      { cmd: ' NODE_X' },
      { cmd: 'NODE_TEST_WITH_PAYLOAD', a: [1] },
      { cmd: ['NODE_X'] },
      { cmd: 5 },
      { cmd: null },
      { type: 'NODE_X' },
      { inner: { cmd: 'NODE_X' } },
      [{ cmd: 'NODE_X' }],
      'NODE_X',
      null,
    ];
    const child = forkSource(
      t,
      `const got = [];
       process.on('internalMessage', (m) => { got.push(['internal', m]); process.send(m); });
       process.on('message', (m) => {
         if (m === 'end') { process.send(got); return setImmediate(() => process.disconnect()); }
         got.push(['plain', m]);
         process.send(m);
       });`,
    );
    const seen = [];
    child.on('internalMessage', (...args) => seen.push(['internal', args.length, args[0]]));
    child.on('message', (...args) => seen.push(['plain', args.length, args[0]]));
    for (const value of values) child.send(value);
    child.send('end');
    await t.exited(child);
    await (child.connected ? emitted(child, 'disconnect') : null);
    const inChild = seen.pop();
    for (const event of seen) t.log(...event);
    t.log('in the child');
    for (const event of inChild[2]) t.log(...event);
  },

  'internal messages do not wait for a listener': async (t) => {
    const child = forkSource(
      t,
      `process.send({ cmd: 'NODE_EARLY' });
       process.on('message', (m) => { process.send(m); setImmediate(() => process.disconnect()); });`,
    );
    child.send('x');
    await message(child);
    const late = [];
    child.on('internalMessage', (value) => late.push(value));
    await t.exited(child);
    t.log(late);
  },

  'everything that arrives goes through emit': async (t) => {
    const child = forkSource(
      t,
      `process.send('a'); process.send({ cmd: 'NODE_B' }); process.send('c');`,
    );
    const names = [];
    const { emit } = child;
    child.emit = function patched(name, ...args) {
      if (/message/i.test(name)) names.push([name, args.length]);
      return emit.call(this, name, ...args);
    };
    child.on('message', () => {});
    await t.closed(child);
    t.log(names);
  },

  'messages of one read are each emitted on a tick of their own': async (t) => {
    const child = forkSource(t, `for (let n = 0; n < 3; n++) process.send(n);`);
    blockUntilDead(child.pid);
    const order = [];
    child.on('message', (n) => {
      order.push(`message ${n}`);
      process.nextTick(() => order.push(`tick ${n}`));
      Promise.resolve().then(() => order.push(`microtask ${n}`));
      setImmediate(() => order.push(`immediate ${n}`));
    });
    child.on('disconnect', () => order.push('disconnect'));
    await t.closed(child);
    await new Promise((resolve) => setImmediate(resolve));
    t.log(order.filter((event) => !/immediate|disconnect/.test(event)));
    t.log(order.indexOf('message 2') < order.indexOf('disconnect'));
  },

  'a listener removed by an earlier message gets no later one': async (t) => {
    const child = forkSource(t, `for (let n = 0; n < 3; n++) process.send(n);`);
    const got = [];
    const second = (n) => got.push(`second ${n}`);
    child.on('message', (n) => {
      got.push(`first ${n}`);
      if (n === 1) child.removeListener('message', second);
    });
    child.on('message', second);
    await t.closed(child);
    t.log(got);
  },

  'a listener that throws in the parent loses only its own message': async (t) => {
    const file = program(t, `for (let n = 0; n < 5; n++) process.send(n);`, 'five.js');
    const { said, code } = await runParent(
      t,
      `const child = cp.fork(process.argv[2]);
       process.on('uncaughtException', (error) => say('caught', error.message));
       child.on('message', (n) => { if (n % 2) throw new Error('no ' + n); say('first', n); });
       child.on('message', (n) => say('second', n));
       child.on('exit', (code) => say('exit', code));`,
      { args: [file] },
    );
    t.log(said.filter(([what]) => what !== 'exit'));
    t.log(
      said.filter(([what]) => what === 'exit'),
      code,
    );
  },

  'a listener that throws in the child loses only its own message': async (t) => {
    const child = forkSource(
      t,
      `const got = [];
       process.on('uncaughtException', (error) => got.push(error.message));
       process.on('message', (n) => {
         if (n % 2) throw new Error('no ' + n);
         got.push(n);
         if (n === 4) { process.send(got); setImmediate(() => process.disconnect()); }
       });`,
    );
    for (let n = 0; n < 5; n++) child.send(n);
    t.log(await message(child), await t.exited(child));
  },

  'an exception in a listener ends a parent that does not catch it': async (t) => {
    const { code, said } = await runParent(
      t,
      `const child = cp.fork(process.argv[2]);
       process.on('exit', (code) => say('exit', code));
       require('fs').closeSync(2);
       child.on('message', () => { throw new Error('fatal'); });
       child.send('x');`,
      { args: [path.join(FIXTURES, 'ipc-echo.js')] },
    );
    t.log(code, said);
  },

  'an async listener that rejects is an unhandled rejection': async (t) => {
    const { said, code } = await runParent(
      t,
      `const child = cp.fork(process.argv[2]);
       process.once('unhandledRejection', (error) => say('rejected', error.message));
       child.on('message', async (m) => {
         say(m);
         if (m === 'b') return child.disconnect();
         throw new Error('no');
       });
       child.send('a');
       setImmediate(() => child.send('b'));`,
      { args: [path.join(FIXTURES, 'ipc-echo.js')] },
    );
    t.log(
      said.filter(([what]) => what !== 'rejected'),
      said.length,
      code,
    );
  },

  'messages of a child that exits at once arrive': async (t) => {
    for (const count of COUNTS) {
      const child = forkSource(
        t,
        `for (let n = 0; n < ${count}; n++) process.send(n);
         process.exit(3);`,
      );
      const { all, end } = await allMessages(t, child);
      t.log(end);
      logDelivered(t, count, all);
    }
  },

  'messages of a child that kills itself at once arrive': async (t) => {
    for (const signal of ['SIGKILL', 'SIGTERM']) {
      for (const count of COUNTS) {
        const child = forkSource(
          t,
          `for (let n = 0; n < ${count}; n++) process.send(n);
           process.kill(process.pid, '${signal}');
           for (;;) {}`,
        );
        const { all, end } = await allMessages(t, child);
        t.log(end);
        logDelivered(t, count, all);
      }
    }
  },

  'messages of a child that then blocks arrive while it blocks': async (t) => {
    for (const block of [
      'for (const end = Date.now() + 20_000; Date.now() < end; ) {}',
      'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000);',
      `require('child_process').spawnSync('sleep', ['20']);`,
      `require('fs').readSync(0, Buffer.alloc(1));`,
    ]) {
      for (const count of block.startsWith('for') ? COUNTS : [1, 40]) {
        const child = forkSource(
          t,
          `for (let n = 0; n < ${count}; n++) process.send(n);\n${block}`,
          {
            stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
            detached: true,
          },
        );
        const all = await messages(child, Math.min(count, CERTAIN));
        logDelivered(t, count, all);
        // The whole group, since one of these children waits for a child of its own.
        process.kill(-child.pid, 'SIGKILL');
        t.log(await t.exited(child));
      }
    }
  },

  'messages of a child that throws at once arrive': async (t) => {
    const child = forkSource(
      t,
      `for (let n = 0; n < 40; n++) process.send(n);
       throw new Error('x');`,
      { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] },
    );
    const { all, end } = await allMessages(t, child);
    t.log(end);
    logDelivered(t, 40, all);
  },

  'messages of a child that aborts arrive': async (t) => {
    const child = forkSource(
      t,
      `for (let n = 0; n < 40; n++) process.send(n);
       process.abort();`,
      { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], cwd: t.tmp },
    );
    const { all, end } = await allMessages(t, child);
    t.log(end);
    logDelivered(t, 40, all);
  },

  'messages of a child that then disconnects arrive': async (t) => {
    for (const count of [1, 16, 17, 40]) {
      const child = forkSource(
        t,
        `for (let n = 0; n < ${count}; n++) process.send(n);
         process.disconnect();`,
      );
      const { all, end } = await allMessages(t, child);
      t.log(end);
      logDelivered(t, count, all);
    }
  },

  'messages sent while the child ends arrive': async (t) => {
    const child = forkSource(
      t,
      `process.on('beforeExit', () => process.send('beforeExit'));
       process.on('exit', (code) => {
         for (let n = 0; n < 40; n++) process.send(n);
         process.send('exit ' + code);
       });
       process.send('first');`,
    );
    const { all, end } = await allMessages(t, child);
    t.log(
      all.filter((value) => typeof value === 'string'),
      all.length,
      end,
    );
  },

  'messages sent from an uncaughtException handler arrive': async (t) => {
    const child = forkSource(
      t,
      `process.on('uncaughtException', (error) => { process.send(error.message); process.exit(8); });
       throw new Error('reported');`,
    );
    const { all, end } = await allMessages(t, child);
    t.log(all, end);
  },

  'a child that exits from the callback of a large send has sent it all': async (t) => {
    const child = forkSource(
      t,
      `process.send('x'.repeat(4 << 20), (error) => process.exit(error ? 1 : 0));`,
    );
    const { all, end } = await allMessages(t, child);
    t.log(
      all.map((text) => text.length),
      end,
    );
  },

  'a child that ends by itself has sent even what did not fit the socket': async (t) => {
    const child = forkSource(t, `process.send('x'.repeat(4 << 20)); process.send('last');`);
    const { all, end } = await allMessages(t, child);
    t.log(
      all.map((text) => text.length),
      end,
    );
  },

  'messages of a parent that exits or kills itself reach the child': async (t) => {
    const listener = program(
      t,
      `const got = [];
       process.on('message', (n) => got.push(n));
       process.on('disconnect', () => {
         require('fs').writeSync(1, JSON.stringify(['child', got.length, got.every((n, i) => n === i)]) + '\\n');
       });`,
      'listener.js',
    );
    for (const end of [
      'process.exit(4)',
      'process.kill(process.pid, "SIGKILL")',
      'process.exitCode = 5; child.disconnect()',
    ]) {
      for (const count of [1, 16, 17, 40]) {
        const { said, code, signal } = await runParent(
          t,
          `const child = cp.fork(process.argv[2]);
           for (let n = 0; n < ${count}; n++) child.send(n);
           ${end};`,
          { args: [listener] },
        );
        t.log(end, count, said, code, signal);
      }
    }
  },

  'messages of a parent that then blocks reach the child while it blocks': async (t) => {
    for (const count of [1, 16, 17, 40]) {
      const flag = path.join(t.tmp, `flag-${count}`);
      const listener = program(
        t,
        `let next = 0;
         process.on('message', (n) => {
           if (n === next) next++;
           if (next === ${count}) require('fs').writeFileSync(process.argv[2], 'all');
         });`,
        'listener.js',
      );
      const { said, code } = await runParent(
        t,
        `const { existsSync } = require('fs');
         const child = cp.fork(process.argv[2], [process.argv[3]]);
         for (let n = 0; n < ${count}; n++) child.send(n);
         const end = Date.now() + 10_000;
         while (!existsSync(process.argv[3]) && Date.now() < end) {}
         say('seen', existsSync(process.argv[3]));
         child.disconnect();`,
        { args: [listener, flag] },
      );
      t.log(count, said, code);
    }
  },

  'send returns false past the high-water mark of a stopped child, and true again later': async (
    t,
  ) => {
    const child = await echoChild(t);
    process.kill(child.pid, 'SIGSTOP');
    const pad = 'y'.repeat(1000);
    const called = [];
    let sent = 0;
    for (; sent < 10_000; sent++) {
      const n = sent;
      if (!child.send({ n, pad }, (error) => called.push([n, error]))) break;
    }
    t.log('false came', sent < 10_000, sent > 10, called.length);
    t.log(child.send({ n: sent + 1, pad }, (error) => called.push([sent + 1, error])));
    await t.sleep(50);
    t.log('not all are written', called.length < sent + 2);
    const all = messages(child, sent + 2);
    process.kill(child.pid, 'SIGCONT');
    const values = await all;
    t.log(
      'in order',
      isCountUp(values.map(({ n }) => n)),
      values.every((m) => m.pad === pad),
    );
    t.log('callbacks in order', isCountUp(called.map(([n]) => n)), called.length === sent + 2);
    t.log(
      'without error',
      called.every(([, error]) => error === null),
    );
    t.log('true again', await new Promise((resolve) => resolve(child.send('small'))));
    t.log(await message(child));
    await dismiss(t, child);
  },

  'send of one large message to a stopped child returns false and calls back when written': async (
    t,
  ) => {
    const child = await echoChild(t);
    process.kill(child.pid, 'SIGSTOP');
    const text = 'z'.repeat(2 << 20);
    const order = [];
    t.log(child.send(text, (error) => order.push(error)));
    t.log(child.send('after it', (error) => order.push(error)));
    await t.sleep(30);
    t.log(order);
    const back = messages(child, 2);
    process.kill(child.pid, 'SIGCONT');
    const [first, second] = await back;
    t.log(first === text, second, order);
    await dismiss(t, child);
  },

  'writes waiting for a stopped child call back with null when it is killed': async (t) => {
    const child = await echoChild(t);
    process.kill(child.pid, 'SIGSTOP');
    const errors = [];
    child.on('error', (error) => t.log('error event', error.code));
    for (let n = 0; n < 3; n++) child.send('w'.repeat(1 << 20), (error) => errors.push(error));
    child.kill('SIGKILL');
    await t.closed(child);
    await t.sleep(10);
    t.log(
      errors.length,
      errors.map((error) => error?.code ?? error),
    );
    t.log(
      child.connected,
      child.send('late', () => {}),
    );
  },

  'send to a dead child whose death is not yet known reports EPIPE to the callback': async (t) => {
    const child = await echoChild(t);
    child.on('error', (error) => t.log('error event', error));
    child.kill('SIGKILL');
    blockUntilDead(child.pid);
    t.log(child.connected);
    const error = await new Promise((resolve) => t.log(child.send('x', resolve)));
    t.log(error, error.errno);
    await t.closed(child);
  },

  'send to a dead child without a callback is an error event': async (t) => {
    const child = await echoChild(t);
    const failed = emitted(child, 'error');
    child.kill('SIGKILL');
    blockUntilDead(child.pid);
    const returned = child.send('x');
    const order = [];
    process.nextTick(() => order.push('tick'));
    child.once('error', () => order.push('error'));
    const [error] = await failed;
    t.log(returned, error);
    await t.closed(child);
    t.log(order);
  },

  'send to a dead child with swallowErrors is silent': async (t) => {
    const child = await echoChild(t);
    const errors = [];
    child.on('error', (error) => errors.push(error.code));
    child.kill('SIGKILL');
    blockUntilDead(child.pid);
    t.log(child.send('x', undefined, { swallowErrors: true }));
    await t.closed(child);
    t.log(child.send('y', undefined, { swallowErrors: true }));
    await new Promise((resolve) => setImmediate(resolve));
    t.log(errors);
  },

  'send after the exit reports a closed channel': async (t) => {
    const child = forkSource(t, '');
    await t.closed(child);
    const order = [];
    const returned = child.send('x', (error) => order.push(['callback', error]));
    process.nextTick(() => order.push('tick'));
    t.log(returned, order.slice());
    await new Promise((resolve) => setImmediate(resolve));
    t.log(order);
    const failed = emitted(child, 'error');
    t.log(child.send('x'));
    t.log(...(await failed));
  },

  'send after disconnect reports a closed channel': async (t) => {
    const child = await echoChild(t);
    child.disconnect();
    const errors = [];
    child.on('error', (error) => errors.push(['event', error.code, error.message]));
    t.log(child.send('with', (error) => errors.push(['callback', error.code, error.message])));
    t.log(child.send('without'));
    t.log(child.send('handle', undefined, {}, (error) => errors.push(['callback', error.code])));
    t.log(errors.slice());
    await new Promise((resolve) => setImmediate(resolve));
    t.log(errors);
    t.log(await t.exited(child));
  },

  'send on a closed channel reports that before a wrong message or handle': async (t) => {
    const child = forkSource(t, '');
    await t.closed(child);
    for (const args of [[], [() => {}], ['m', undefined, null], ['m', {}]]) {
      const failed = new Promise((resolve) => {
        child.once('error', (error) => resolve(error.code));
        setImmediate(() => setImmediate(resolve, 'no event'));
      });
      t.attempt(`${args.length} arguments`, () => child.send(...args));
      t.log(await failed);
      child.removeAllListeners('error');
    }
  },

  'an unhandled send error ends the parent': async (t) => {
    const { code, said } = await runParent(
      t,
      `const child = cp.fork(process.argv[2]);
       process.on('uncaughtException', (error) => { say(error.code, error.message); process.exit(7); });
       child.on('exit', () => child.on('close', () => say(child.send('x'))));`,
      { args: [program(t, '', 'empty.js')] },
    );
    t.log(code, said);
  },

  'send in the child after disconnect reports a closed channel': async (t) => {
    const child = forkSource(
      t,
      `const lines = [];
       process.on('error', (error) => lines.push(['event', error.code]));
       process.disconnect();
       lines.push(process.send('x'));
       lines.push(process.send('y', (error) => lines.push(['callback', error.code, error.message])));
       lines.push([process.connected, process.channel === null, typeof process.send]);
       setImmediate(() => console.log(JSON.stringify(lines)));`,
      { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
    );
    const [text, end] = await Promise.all([t.text(child.stdout), t.closed(child)]);
    t.log(JSON.parse(text), end);
  },

  'send in the child to a parent that is gone is an error of process': async (t) => {
    const orphan = program(
      t,
      `process.on('disconnect', () => {
         const say = (...values) => require('fs').writeSync(1, JSON.stringify(values) + '\\n');
         process.on('error', (error) => say('error', error.code, error.message));
         say(process.connected, process.send('x'));
         process.send('y', (error) => say('callback', error.code));
       });
       process.send('up');`,
      'orphan.js',
    );
    const { said, signal } = await runParent(
      t,
      `const child = cp.fork(process.argv[2]);
       child.on('message', () => process.kill(process.pid, 'SIGKILL'));`,
      { args: [orphan] },
    );
    t.log(said, signal);
  },

  'messages, callbacks and events keep the async context of the caller': async (t) => {
    const storage = new AsyncLocalStorage();
    const seen = {};
    const note = (name) => {
      seen[name] = storage.getStore() ?? 'none';
    };
    const child = storage.run('fork', () => fixture(t, 'ipc-echo.js'));
    storage.run('listener', () => {
      for (const name of ['message', 'exit', 'disconnect', 'spawn'])
        child.on(name, () => note(name));
    });
    const exited = t.exited(child);
    const answered = message(child);
    await new Promise((resolve) =>
      storage.run('send', () =>
        child.send('x', () => {
          note('callback');
          resolve();
        }),
      ),
    );
    await answered;
    storage.run('disconnect', () => child.disconnect());
    await exited;
    t.log(Object.entries(seen).sort());
  },

  'sends that have to wait call back in their own context, at both ends': async (t) => {
    const sends = `
      const { AsyncLocalStorage } = require('node:async_hooks');
      const storage = new AsyncLocalStorage();
      module.exports = async (end) => {
        const seen = [];
        const sent = (name, message) => new Promise((resolve) => {
          storage.run(name, () => end.send(message, () => {
            seen.push([name, storage.getStore()]);
            resolve();
          }));
        });
        const all = [sent('big', 'x'.repeat(2 << 20))];
        for (let n = 0; n < 20; n++) all.push(sent('small ' + n, n));
        await Promise.all(all);
        return seen;
      };`;
    const file = program(t, sends, 'sends.js');
    const child = forkSource(
      t,
      `process.once('message', () => {
         const until = Date.now() + 200;
         while (Date.now() < until);
         require(${JSON.stringify(file)})(process).then((seen) => process.send({ seen }));
       });`,
    );
    const answer = new Promise((resolve) => {
      child.on('message', (value) => value.seen && resolve(value.seen));
    });
    t.log('parent', await require(file)(child));
    t.log('child', await answer);
    child.disconnect();
    await t.exited(child);
  },

  'many listeners each get every message': async (t) => {
    const child = forkSource(t, `process.send('a'); process.send('b');`);
    const got = [];
    for (let n = 0; n < 5; n++) child.on('message', (value) => got.push(n + value));
    await t.closed(child);
    t.log(got);
  },

  'message listeners of the child hear the parent through events.once and on': async (t) => {
    const child = forkSource(
      t,
      `const { once, on } = require('events');
       (async () => {
         const [first] = await once(process, 'message');
         const rest = [];
         for await (const [m] of on(process, 'message')) { rest.push(m); if (m === 'c') break; }
         process.send([first, rest]);
       })();`,
    );
    for (const value of ['a', 'b', 'c']) child.send(value);
    t.log(await message(child), await t.exited(child));
  },
};
