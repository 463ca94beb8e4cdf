'use strict';
// serialization: 'advanced': what arrives of each kind of value, in both directions.

const path = require('node:path');
const { inspect, isDeepStrictEqual } = require('node:util');
const v8 = require('node:v8');
const {
  QUIET,
  blockUntilDead,
  emitted,
  forkSource,
  message,
  messages,
  spawnWire,
} = require('../../helpers/ipc.js');

const FIXTURES = path.join(__dirname, '..', '..', 'fixtures');
const ADVANCED = { serialization: 'advanced' };

const fixture = (t, name) =>
  t.cp.fork(path.join(FIXTURES, name), [], { stdio: QUIET, ...ADVANCED });

const look = (value) => inspect(value, { depth: 8 });

async function echo(child, value) {
  const back = message(child);
  child.send(value);
  return back;
}

async function dismiss(t, child) {
  const exited = t.exited(child);
  child.disconnect();
  return exited;
}

/** Sends each value to a child and logs how it looked there and how it came back. */
async function logRoundTrips(t, values) {
  const child = fixture(t, 'ipc-inspect.js');
  for (const [name, value] of Object.entries(values)) {
    const answers = messages(child, 2);
    child.send(value);
    const [there, back] = await answers;
    t.log(name, there, look(back) === there, isDeepStrictEqual(back, value));
  }
  await dismiss(t, child);
}

/** One message as it stands on the wire: the length, big-endian, and V8's bytes. */
function frame(value) {
  const body = v8.serialize(value);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]).toString('latin1');
}

module.exports = {
  'primitive messages keep their type': async (t) => {
    await logRoundTrips(t, {
      'empty string': '',
      string: 'text',
      'two-byte string': 'é€𝄞',
      'lone surrogates': 'a\ud800b\udc00',
      'line separators and NUL': '\u2028\u2029\0\n',
      zero: 0,
      'minus zero': -0,
      NaN: NaN,
      infinities: -Infinity,
      integers: 2 ** 31,
      negative: -(2 ** 31) - 1,
      small: -1,
      fraction: 0.1,
      largest: Number.MAX_VALUE,
      true: true,
      false: false,
      null: null,
    });
  },

  'values that JSON does not know keep their type': async (t) => {
    await logRoundTrips(t, {
      'undefined inside': { a: undefined, b: [undefined, null] },
      'numbers inside': [NaN, -0, Infinity, 1n, -(2n ** 80n), 0n],
      dates: [new Date(0), new Date(NaN), new Date(8.64e15)],
      'regular expressions': [/x/, /a\/b[\s\S]/gimsuy, /(?:)/],
      map: new Map([
        ['a', 1],
        [{ key: true }, new Map([[null, undefined]])],
        [NaN, -0],
      ]),
      set: new Set([1, 'two', [3], new Set()]),
      boxed: [new String('s'), new Number(-0), new Boolean(false), Object(5n)],
      'sparse array': Object.assign([], { 0: 1, 2: 3, length: 5 }),
      'array with properties': Object.assign([1], { named: 2 }),
      nested: { a: [{ b: new Map([['c', new Set([new Date(1)])]]) }] },
      'integer keys first': { b: 1, 2: 'two', a: 3, 1: 'one' },
      empty: [{}, [], new Map(), new Set(), ''],
    });
  },

  'binary values keep their type': async (t) => {
    const bytes = Uint8Array.from({ length: 16 }, (_, n) => n + 1);
    const { buffer } = bytes;
    const floats = globalThis.Float16Array ? { 'half floats': new Float16Array([1.5, -2]) } : {};
    await logRoundTrips(t, {
      buffer: Buffer.from('bytes'),
      'empty buffer': Buffer.alloc(0),
      'buffer inside': { a: Buffer.from([0, 255]), b: [Buffer.from('x')] },
      'array buffer': buffer,
      'empty array buffer': new ArrayBuffer(0),
      Int8Array: new Int8Array([-1, 1]),
      Uint8Array: bytes,
      Uint8ClampedArray: new Uint8ClampedArray([300, -5]),
      Int16Array: new Int16Array([-2, 2]),
      Uint16Array: new Uint16Array([65_535]),
      Int32Array: new Int32Array([-3]),
      Uint32Array: new Uint32Array([2 ** 32 - 1]),
      Float32Array: new Float32Array([0.5, NaN]),
      Float64Array: new Float64Array([0.1, -0]),
      BigInt64Array: new BigInt64Array([-5n]),
      BigUint64Array: new BigUint64Array([2n ** 64n - 1n]),
      'a view into a larger buffer': new Uint8Array(buffer, 3, 5),
      'unaligned after text': {
        text: 'abc',
        wide: new Float64Array([1, 2]),
        more: 'x',
        i: new Int32Array([7]),
      },
      'two views of one buffer': [new Uint8Array(buffer, 0, 4), new Uint8Array(buffer, 4, 4)],
      ...floats,
    });
  },

  'a view into a larger buffer brings only its own bytes': async (t) => {
    const child = fixture(t, 'ipc-echo.js');
    const large = new Uint8Array(1000);
    const back = await echo(child, { view: large.subarray(10, 14), buffer: Buffer.from('abc') });
    t.log(back.view.length, back.view.constructor.name, back.view.buffer.byteLength < 1000);
    t.log(Buffer.isBuffer(back.buffer), back.buffer.toString());
    await dismiss(t, child);
  },

  'a view that says something else of itself': async (t) => {
    const child = fixture(t, 'ipc-echo.js');
    class Tagged extends Uint8Array {
      get [Symbol.toStringTag]() {
        return 'Tagged';
      }
    }
    const gone = (view) => {
      structuredClone(view.buffer, { transfer: [view.buffer] });
      return view;
    };
    // A small one, and one that would travel beside V8's format.
    for (const size of [16, 100_000]) {
      const own = (name, value) =>
        Object.defineProperty(new Uint8Array(size).fill(7), name, { value });
      const views = {
        'a tag of its class': new Tagged(size),
        'a tag of another kind': own(Symbol.toStringTag, 'Int8Array'),
        'a DataView with a tag': Object.defineProperty(
          new DataView(new ArrayBuffer(size)),
          Symbol.toStringTag,
          { value: 'x' },
        ),
        'another length': own('byteLength', 3),
        'another memory': own('buffer', new ArrayBuffer(size)),
        'no prototype': Object.setPrototypeOf(new Uint8Array(size), null),
        'the constructor of a Buffer': own('constructor', Buffer),
        'memory that is gone': gone(new Uint8Array(size)),
        'memory that is gone, of a DataView': gone(new DataView(new ArrayBuffer(size))),
      };
      for (const [name, view] of Object.entries(views)) {
        try {
          const back = await echo(child, view);
          t.log(size, name, Object.prototype.toString.call(back), back.constructor.name);
          t.log(back.byteLength, back[0]);
        } catch ({ name: kind, message: text }) {
          t.log(size, name, kind, text.split('\n')[0]);
        }
      }
    }
    await dismiss(t, child);
  },

  'a DataView arrives with the bytes that it shows': async (t) => {
    const child = fixture(t, 'ipc-echo.js');
    const sent = new DataView(Uint8Array.of(1, 2, 3, 4, 5, 6).buffer, 2, 3);
    const back = await echo(child, { view: sent });
    t.log(back.view instanceof DataView, back.view.byteLength);
    t.log([0, 1, 2].map((at) => back.view.getUint8(at)));
    await dismiss(t, child);
  },

  'errors keep their kind, message and stack': async (t) => {
    class Custom extends Error {
      name = 'Custom';
    }
    const errors = {
      Error: new Error('plain'),
      TypeError: new TypeError('type'),
      RangeError: new RangeError('range'),
      SyntaxError: new SyntaxError('syntax'),
      ReferenceError: new ReferenceError('reference'),
      EvalError: new EvalError('eval'),
      URIError: new URIError('uri'),
      'own properties': Object.assign(new Error('with code'), { code: 'E_CODE', extra: [1] }),
      'custom class': new Custom('custom'),
      cause: new Error('outer', { cause: new TypeError('inner') }),
      'cause that is no error': new Error('outer', { cause: { a: 1 } }),
      aggregate: new AggregateError([new Error('one')], 'many'),
      'empty message': new Error(),
      'no stack': Object.defineProperty(new Error('bare'), 'stack', { value: undefined }),
    };
    const child = fixture(t, 'ipc-echo.js');
    for (const [name, error] of Object.entries(errors)) {
      const back = await echo(child, error);
      t.log(name, Object.prototype.toString.call(back), back instanceof Error, back.name);
      t.log(back.message, back.constructor.name, Object.keys(back), back.stack === error.stack);
      t.log('cause' in back, back.cause instanceof Error ? back.cause.message : back.cause);
    }
    await dismiss(t, child);
  },

  'circular and shared references are kept': async (t) => {
    const child = forkSource(
      t,
      `process.on('message', (m) => {
         process.send([m.self === m, m.list[0] === m, m.a === m.b, m.map.get('me') === m.map, m.set.has(m)]);
         process.send(m);
       });`,
      ADVANCED,
    );
    const shared = { n: 1 };
    const value = { a: shared, b: shared, map: new Map() };
    value.self = value;
    value.list = [value];
    value.map.set('me', value.map);
    value.set = new Set([value]);
    const answers = messages(child, 2);
    child.send(value);
    const [there, back] = await answers;
    t.log(there, back.self === back, back.a === back.b, back.map.get('me') === back.map);
    await dismiss(t, child);
  },

  'class instances arrive as plain objects': async (t) => {
    class Point {
      #hidden = 1;
      constructor() {
        this.x = 1;
      }
      get y() {
        return this.#hidden;
      }
      toJSON() {
        return 'not used';
      }
    }
    class List extends Array {}
    class Named extends Map {}
    await logRoundTrips(t, {
      instance: new Point(),
      'array subclass': List.from([1, 2]),
      'map subclass': new Named([[1, 2]]),
      'null prototype': Object.assign(Object.create(null), { a: 1 }),
      'inherited keys': Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } }),
      getter: {
        get computed() {
          return 5;
        },
      },
      'symbol keys': { [Symbol('k')]: 1, plain: 2 },
      'hidden keys': Object.defineProperty({ seen: 1 }, 'hidden', { value: 2 }),
      frozen: Object.freeze({ a: 1 }),
    });
  },

  'host objects arrive as plain copies of their own properties': async (t) => {
    const child = fixture(t, 'ipc-echo.js');
    const values = {
      URL: () => new URL('http://localhost/'),
      AbortSignal: () => AbortSignal.abort('x'),
      EventEmitter: () => new (require('node:events'))(),
      Blob: () => new Blob(['x']),
      TextEncoder: () => new TextEncoder(),
      global: () => ({ g: Math }),
    };
    for (const [name, make] of Object.entries(values)) {
      try {
        const back = await echo(child, { inner: make() });
        t.log(name, typeof back.inner, Object.getPrototypeOf(back.inner) === Object.prototype);
      } catch (error) {
        t.log(name, error.name);
      }
    }
    await dismiss(t, child);
  },

  'values that cannot be cloned are refused by a throw': async (t) => {
    const child = fixture(t, 'ipc-echo.js');
    const values = {
      function: { f() {} },
      symbol: { s: Symbol('s') },
      'weak map': { w: new WeakMap() },
      'weak set': [new WeakSet()],
      promise: { p: Promise.resolve() },
      arguments: (function args() {
        // biome-ignore lint/complexity/noArguments: the arguments object is the value under test
        return arguments;
      })(1),
      proxy: new Proxy({ a: 1 }, {}),
      generator: { g: (function* g() {})() },
      'getter that throws': {
        get bad() {
          throw new RangeError('from the getter');
        },
      },
    };
    for (const [name, value] of Object.entries(values)) {
      const called = [];
      t.attempt(name, () => child.send(value, (error) => called.push(error)));
      t.log(called);
    }
    t.log(await echo(child, 'still alive'));
    await dismiss(t, child);
  },

  'arguments are checked as with json': async (t) => {
    const child = fixture(t, 'ipc-echo.js');
    for (const [name, args] of Object.entries({
      nothing: [],
      undefined: [undefined],
      function: [() => {}],
      symbol: [Symbol('s')],
      bigint: [1n],
      'null options': ['m', undefined, null],
      'bad handle': ['m', {}],
    })) {
      t.attempt(name, () => child.send(...args));
    }
    t.log(await echo(child, null));
    await dismiss(t, child);
  },

  'the child can send all of it first': async (t) => {
    const child = forkSource(
      t,
      `const circle = { name: 'circle' }; circle.self = circle;
       for (const m of [new Map([[1, new Set([2])]]), new Date(5), /r/g, [1n, undefined, NaN, -0],
         Buffer.from('b'), new Float64Array([0.5]), new RangeError('e').message, circle, null, 'text']) {
         process.send(m);
       }
       try { process.send({ f() {} }); } catch (error) { process.send([error.name, error.message]); }
       process.send('end', () => process.disconnect());`,
      ADVANCED,
    );
    const got = [];
    child.on('message', (value) => got.push(value));
    t.log(await t.closed(child));
    for (const value of got) t.log(look(value));
  },

  'a message is what it was when send was called': async (t) => {
    const child = fixture(t, 'ipc-echo.js');
    const value = { n: 0, map: new Map(), bytes: new Uint8Array(2) };
    const back = messages(child, 40);
    for (let n = 0; n < 40; n++) {
      value.n = n;
      value.map.set('n', n);
      value.bytes[0] = n;
      child.send(value);
    }
    value.n = -1;
    value.map.clear();
    const right = (m, n) => m.n === n && m.map.get('n') === n && m.bytes[0] === n;
    t.log((await back).map(right).filter(Boolean).length);
    await dismiss(t, child);
  },

  'objects of different messages are different objects': async (t) => {
    const child = forkSource(
      t,
      `const seen = [];
       process.on('message', (m) => {
         seen.push(m);
         if (seen.length === 3) process.send([seen[0] === seen[1], seen[0].shared === seen[1].shared, seen]);
       });`,
      ADVANCED,
    );
    const shared = { a: 1 };
    const value = { shared, again: shared };
    for (let n = 0; n < 3; n++) child.send(value);
    t.log(await message(child));
    await dismiss(t, child);
  },

  'internal messages are told apart': async (t) => {
    const child = fixture(t, 'ipc-echo.js');
    const got = [];
    child.on('message', (value) => got.push(['message', value]));
    child.on('internalMessage', (value) => got.push(['internalMessage', value]));
    const marked = messages(child, 3);
    for (const value of [{ cmd: 'NODE_' }, { cmd: 'NODE_X' }, { cmd: 5 }, 'NODE_X'])
      child.send(value);
    await marked;
    t.log(got);
    await dismiss(t, child);
  },

  'an internal message of the child is told apart': async (t) => {
    const child = forkSource(
      t,
      `process.send({ cmd: 'NODE_X', map: new Map([[1, 2]]) }); process.send(new Map([['cmd', 'NODE_X']]));`,
      ADVANCED,
    );
    const got = [];
    child.on('message', (value) => got.push(['message', look(value)]));
    child.on('internalMessage', (value) => got.push(['internalMessage', look(value)]));
    await t.closed(child);
    t.log(got);
  },

  'messages before the first listener wait': async (t) => {
    const child = forkSource(
      t,
      `for (const m of [new Map([[1, 2]]), new Date(0), { cmd: 'NODE_MARK' }]) process.send(m);
       process.on('message', () => process.disconnect());`,
      ADVANCED,
    );
    await emitted(child, 'internalMessage');
    const got = [];
    child.on('message', (value) => got.push(look(value)));
    await new Promise((resolve) => setImmediate(resolve));
    t.log(got);
    child.send('end');
    await t.exited(child);
  },

  'a flood arrives in order': async (t) => {
    const child = forkSource(
      t,
      `let next = 0, wrong = 0;
       process.on('message', (m) => {
         if (m.get('n') !== next++) wrong++;
         process.send(m);
         if (next === 2000) process.send({ wrong });
       });`,
      ADVANCED,
    );
    const back = messages(child, 2001);
    for (let n = 0; n < 2000; n++) child.send(new Map([['n', n]]));
    const all = await back;
    t.log(
      all.pop(),
      all.every((m, n) => m.get('n') === n),
    );
    await dismiss(t, child);
  },

  'one and eight megabytes arrive whole': async (t) => {
    const child = fixture(t, 'ipc-echo.js');
    for (const size of [1 << 20, 8 << 20]) {
      const buffer = Buffer.alloc(size, 'pattern');
      const text = 'é€'.repeat(size / 4);
      const back = await echo(child, { buffer, text, list: [1, 2] });
      t.log(size, buffer.equals(back.buffer), back.text === text, back.list);
    }
    await dismiss(t, child);
  },

  'messages around the sizes of buffers arrive whole': async (t) => {
    const child = fixture(t, 'ipc-echo.js');
    let wrong = 0;
    for (const size of [0, 1, 127, 128, 16_383, 16_384, 65_526, 65_536, 131_072, 262_144]) {
      for (const length of [size, size + 1, size + 5]) {
        const sent = Buffer.alloc(length, length % 251);
        if (!sent.equals(await echo(child, sent))) wrong++;
      }
    }
    t.log(wrong);
    await dismiss(t, child);
  },

  'messages of a child that dies at once arrive': async (t) => {
    for (const end of ['process.exit(3)', 'process.kill(process.pid, "SIGKILL"); for (;;) {}']) {
      for (const count of [1, 16, 17, 40]) {
        const child = forkSource(
          t,
          `for (let n = 0; n < ${count}; n++) process.send({ n, at: new Date(n) });\n${end}`,
          ADVANCED,
        );
        const got = [];
        child.on('message', (value) => got.push(value));
        t.log(
          await t.closed(child),
          got.length,
          got.every((m, n) => m.n === n && +m.at === n),
        );
      }
    }
  },

  'messages of one read are each emitted on a tick of their own': async (t) => {
    const child = forkSource(t, 'for (let n = 0; n < 3; n++) process.send({ n });', ADVANCED);
    blockUntilDead(child.pid);
    const order = [];
    child.on('message', ({ n }) => {
      order.push(`message ${n}`);
      process.nextTick(() => order.push(`tick ${n}`));
    });
    await t.closed(child);
    t.log(order);
  },

  'send reports as with json': async (t) => {
    const child = fixture(t, 'ipc-echo.js');
    await echo(child, 'up');
    const order = [];
    order.push(['returned', child.send(new Map(), (...args) => order.push(['callback', args]))]);
    process.nextTick(() => order.push('tick'));
    await message(child);
    t.log(order);
    process.kill(child.pid, 'SIGSTOP');
    t.log(child.send(Buffer.alloc(2 << 20)));
    const back = message(child);
    process.kill(child.pid, 'SIGCONT');
    t.log((await back).length);
    child.disconnect();
    t.log(child.send('late', (error) => t.log(error)));
    await t.exited(child);
  },

  'frames split over writes and several in one write arrive one by one': async (t) => {
    const one = frame({ n: 1 });
    const child = spawnWire(
      t.cp,
      [
        ['write', frame(1) + frame('two') + one.slice(0, 2)],
        ['read'],
        ['write', one.slice(2)],
        ...[...frame(new Map([['k', [1n]]]))].map((byte) => ['write', byte]),
        ['write', `${frame([0]).repeat(200)}${frame('last').slice(0, 5)}`],
        ['read'],
        ['write', frame('last').slice(5)],
      ],
      ADVANCED,
    );
    const got = [];
    child.on('message', (value) => {
      got.push(value);
      if (value === 'two' || got.length === 204) child.send('go');
    });
    child.stdout.resume();
    t.log(await t.closed(child));
    t.log(got.slice(0, 4).map(look), got.length, got.at(-2), got.at(-1));
  },

  'every split of a frame arrives whole': async (t) => {
    const whole = frame({ text: 'é€' });
    const cuts = Array.from({ length: whole.length - 1 }, (_, n) => n + 1);
    const child = spawnWire(
      t.cp,
      cuts.flatMap((at) => [
        ['write', frame(0) + whole.slice(0, at)],
        ['read'],
        ['write', whole.slice(at)],
      ]),
      ADVANCED,
    );
    let wrong = 0;
    let count = 0;
    child.on('message', (value) => {
      if (value === 0) return child.send('go');
      count++;
      if (value.text !== 'é€') wrong++;
    });
    child.stdout.resume();
    t.log(await t.closed(child), count === cuts.length, wrong);
  },

  'a channel that ends in the middle of a frame drops that frame': async (t) => {
    for (const length of [2, 4, 6]) {
      const child = spawnWire(
        t.cp,
        [['write', frame('whole') + frame('half of it').slice(0, length)]],
        ADVANCED,
      );
      const got = [];
      child.on('message', (value) => got.push(value));
      child.stdout.resume();
      t.log(await t.closed(child), got, child.connected);
    }
  },

  'the bytes on the wire are a length and what V8 writes': async (t) => {
    const values = [
      ...['text', 'é€', 5, -1, 0.5, null, true, [], {}, { a: [1, 'b', null, undefined] }],
      ...[new Map([[1, 2]]), new Set(['x']), new Date(0), /x/g, { n: 1n }, Buffer.from('bytes')],
      ...[new Uint16Array([1, 2]), new ArrayBuffer(3), new DataView(new ArrayBuffer(2))],
    ];
    // The child asks for each, so that one read of it is one frame.
    const steps = values.flatMap(() => [['write', frame('next')], ['read']]);
    const child = spawnWire(t.cp, [...steps, ['report']], ADVANCED);
    const text = t.text(child.stdout);
    let sent = 0;
    child.on('message', () => child.send(values[sent++]));
    t.log(await t.closed(child), sent);
    let bytes = Buffer.from(await text, 'latin1');
    for (const value of values) {
      const end = 4 + bytes.readUInt32BE();
      t.log(value instanceof DataView ? 'DataView' : look(value), bytes.toString('hex', 0, end));
      bytes = bytes.subarray(end);
    }
    t.log(bytes.length);
  },
};
