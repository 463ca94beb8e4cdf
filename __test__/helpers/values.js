'use strict';
// Values for messages, made up from a seed, from plain to nasty; and what can be seen of a value, as a
// text, for two to be compared.

/** Numbers from 0 up to 1, the same for the same seed. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const KEYS = [
  'a',
  'b',
  'id',
  'text',
  '__proto__',
  'constructor',
  '0',
  '10',
  '2',
  '-1',
  'é',
  '',
  'cmd',
];

const PLAIN = [
  (r) => Math.floor(r() * 2000) - 1000,
  (r) => r() * 1e9,
  (r) => r() * 1e-300,
  (r) => 2 ** Math.floor(r() * 1023) + 1,
  () => 4294967295,
  () => 0,
  () => true,
  () => false,
  () => null,
  () => '',
  () => 'text "quoted" \\ \n\u2028\0',
  () => 'é€𝄞',
  () => 'lone \ud800 and \udc00\ud800',
  (r) => 'x'.repeat(Math.floor(r() * 40)),
];

class Point {
  constructor(x) {
    this.x = x;
  }
}
class List extends Array {}

/** Each gets a random source, `inner` to make a value to hold, and `note` for what it runs. */
const NASTY = [
  () => undefined,
  () => -0,
  () => Number.NaN,
  () => Number.NEGATIVE_INFINITY,
  (r) => 'long'.repeat(200 + Math.floor(r() * 600)),
  () => 12n,
  () => new Date(5),
  () => /x/g,
  (_, inner) => new Map([[inner(), inner()]]),
  (_, inner) => new Set([inner()]),
  () => new RangeError('e'),
  () => Buffer.from('bytes'),
  () => new Float64Array([0.5, -0]),
  () => new ArrayBuffer(3),
  () => Object('boxed'),
  () => Object(false),
  () => Symbol('s'),
  () => () => {},
  () => new WeakMap(),
  () => Promise.resolve(),
  () => Math,
  (_, inner) => new Point(inner()),
  (_, inner) => List.of(inner()),
  (_, inner) => Object.assign(Object.create(null), { own: inner() }),
  (_, inner) => Object.create({ inherited: 1 }, { own: { value: inner(), enumerable: true } }),
  (_, inner) => Object.defineProperty({ seen: inner() }, 'hidden', { value: 2 }),
  (_, inner) => ({ [Symbol('key')]: inner(), shown: 1 }),
  (_, inner) => Object.freeze([Object.freeze({ a: inner() })]),
  (_, inner) => Object.assign([inner()], { extra: inner() }),
  // biome-ignore lint/suspicious/noSparseArray: holes are the values under test
  (_, inner) => [inner(), , inner()],
  () => new Array(3),
  () => Object.setPrototypeOf([1, 2], null),
  () => Object.setPrototypeOf(new Map([[1, 2]]), Object.prototype),
  () => Object.setPrototypeOf(new Date(7), Object.prototype),
  () => Object.setPrototypeOf(new Uint8Array(2), Object.prototype),
  () => Object.setPrototypeOf(new Error('e'), Object.prototype),
  () => Object.prototype,
  () => ({ toString: 1, valueOf: null, hasOwnProperty: 2 }),
  () => ({ [Symbol.toStringTag]: 'Object', a: 1 }),
  (_, inner) => ({ toJSON: inner() }),
  () => Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 'not used' }),
  (_, inner) =>
    (function args() {
      // biome-ignore lint/complexity/noArguments: the arguments object is the value under test
      return arguments;
    })(inner()),
  (_, inner, note) => ({
    before: 1,
    get computed() {
      note('getter');
      return inner();
    },
    after: 2,
  }),
  (_, inner, note) =>
    Object.defineProperty([1, 2, 3], 1, {
      get: () => {
        note('getter of an element');
        return inner();
      },
      enumerable: true,
    }),
  (_, _inner, note) => ({
    get [Symbol.toStringTag]() {
      note('tag');
      return 'Object';
    },
  }),
  (_, inner, note) => new Proxy({ a: inner() }, traps(note)),
  (_, _inner, note) => new Proxy([1, 2], traps(note)),
  (_, inner, note) => Object.assign(Object.create(new Proxy({}, traps(note))), { a: inner() }),
  (_, inner, note) => Object.setPrototypeOf([inner()], new Proxy([], traps(note))),
  () => deep(30),
  () => deep(20_000),
];

function traps(note) {
  const names = ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor'];
  return Object.fromEntries(
    names.map((name) => [
      name,
      (...args) => {
        note(`trap ${name}`);
        return Reflect[name](...args);
      },
    ]),
  );
}

function deep(levels) {
  let value = {};
  for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { value };
  return value;
}

/**
 * The value of a seed. About half of them are plain throughout.
 * @param {number} seed
 * @param {(what: string) => void} note is told what runs when the value is read
 */
function makeValue(seed, note) {
  const r = randomFrom(seed);
  const nastiness = [0, 0, 0.02, 0.15][seed % 4];
  const sharing = [0, 0.03][(seed >> 2) % 2];
  const made = [];
  const pick = (list) => list[Math.floor(r() * list.length)];
  const make = (depth) => {
    if (r() < nastiness) return pick(NASTY)(r, () => make(depth + 1), note);
    if (made.length > 0 && r() < sharing) return pick(made);
    if (depth > 4 || r() < 0.55) return pick(PLAIN)(r);
    const size = Math.floor(r() * 6);
    const container = r() < 0.4 ? [] : {};
    // Known before it is filled: what it holds may refer to it.
    made.push(container);
    for (let i = 0; i < size; i++) {
      const key = Array.isArray(container) ? i : pick(KEYS);
      const value = make(depth + 1);
      const property = { value, writable: true, enumerable: true, configurable: true };
      Object.defineProperty(container, key, property);
    }
    return container;
  };
  return make(0);
}

/** Everything that a program can see of a value that arrived; two mentions of an object are one. */
function describeValue(value, seen = new Map()) {
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || typeof value !== 'object') return String(value);
  if (seen.has(value)) return `#${seen.get(value)}`;
  seen.set(value, seen.size);
  const inner = (part) => describeValue(part, seen);
  const prototype = Object.getPrototypeOf(value);
  const parts = [prototype?.constructor?.name ?? 'null', Object.prototype.toString.call(value)];
  if (ArrayBuffer.isView(value)) return `${parts} ${Buffer.from(value).toString('hex')}`;
  if (value instanceof Map || value instanceof Set) parts.push(...[...value].flat().map(inner));
  if (Object.prototype.toString.call(value) === '[object Date]') parts.push(String(+value));
  for (const key of Reflect.ownKeys(value)) {
    if (key === 'stack') continue;
    const { value: held, ...rest } = Object.getOwnPropertyDescriptor(value, key);
    parts.push(`${String(key)}:${Object.values(rest).map(Number).join('')}=${inner(held)}`);
  }
  return `{${parts.join(' ')}}`;
}

module.exports = { makeValue, describeValue };
