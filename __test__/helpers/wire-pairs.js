'use strict';
// Two ends of one channel, each Node's or ours or another program's: how such a pair is started, and
// what they have to say to each other.

const assert = require('node:assert');
const path = require('node:path');
const { inspect } = require('node:util');
const { message, messages } = require('./ipc.js');

const FIXTURES = path.join(__dirname, '..', 'fixtures');
const CHILD = path.join(FIXTURES, 'wire-pair-child.js');
const PRELOAD = path.join(__dirname, '..', '..', 'lib', 'ipc', 'preload.js');
const STDIO = ['ignore', 'inherit', 'inherit', 'ipc'];
const COUNT = 1000;

// The channel under our names, as our own fork would give it.
const ANNOUNCE =
  'export SPROG_CHANNEL_FD=$NODE_CHANNEL_FD SPROG_CHANNEL_MODE=$NODE_CHANNEL_SERIALIZATION_MODE; ' +
  'unset NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE; exec "$0" "$@"';

/**
 * Starters of children, by what stands at their end. `cp` is the parent's module, `node` the Node that
 * the child is.
 * @type {Record<string, (cp: any, node: string, serialization: string) => any>}
 */
const CHILDREN = {
  Node: (cp, execPath, serialization) =>
    cp.fork(CHILD, [], { execPath, execArgv: ['--no-addons'], serialization, stdio: STDIO }),

  /** By a fork of ours. */
  ours: (cp, execPath, serialization) =>
    cp.fork(CHILD, [], { execPath, execArgv: [], serialization, stdio: STDIO }),

  /** By a parent that knows nothing of us. */
  'ours by preload': (cp, node, serialization) =>
    cp.spawn('/bin/sh', ['-c', ANNOUNCE, node, '--require', PRELOAD, CHILD], {
      serialization,
      stdio: STDIO,
    }),

  /** A program that uses the package for children of its own. */
  'Node, with children of ours': (cp, execPath, serialization) =>
    cp.fork(CHILD, ['relays', serialization], {
      execPath,
      execArgv: [],
      serialization,
      stdio: STDIO,
    }),

  Python: (cp) => cp.spawn('python3', [path.join(FIXTURES, 'wire-echo.py')], { stdio: STDIO }),
};

const circular = { name: 'circular' };
circular.self = circular;

const EVERYWHERE = [
  ...[0, 1, -1, 0.1, 1e21, -1.5e-7, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE],
  ...['', 'text', 'é € 𝄞 \u2028\u2029', '\ud800 alone', 'a\0b', 'two\nlines\r\n', '"\\"', '\ufeff'],
  ...[true, false, null],
  ...[[], [1, [2, [3, []]]], {}, { a: { b: { c: [null] } } }, { '': 1, é: 2, 'a b': 3, 0: 4 }],
  JSON.parse('{"__proto__":{"x":1}}'),
  { cmd: 'mine', type: 'net.Socket', NODE_HANDLE: 1 },
  'pattern é '.repeat(100_000),
  Array.from({ length: 1000 }, (_, n) => ({ n, text: `number ${n}` })),
];

/** What each serialization carries. */
const VALUES = {
  json: EVERYWHERE,
  advanced: [
    ...EVERYWHERE,
    ...[-0, Number.NaN, Number.POSITIVE_INFINITY, [2n ** 70n], { a: undefined }, [undefined]],
    ...[new Date(86_400_000), /a+/giu, new Map([[{ k: 1 }, new Set([1, 'x'])]])],
    ...[Buffer.from('bytes'), new Uint16Array([1, 2]), new DataView(new ArrayBuffer(3))],
    ...[new ArrayBuffer(8), new Error('an error'), Object('boxed'), circular],
    Object.assign([1, 2], { length: 5 }),
    Buffer.alloc(1_000_000, 'é'),
  ],
};

/** Sends every value, each after the answer to the one before; how each came back. */
async function exchange(child, mode, unwrap) {
  const verdicts = [];
  for (const value of VALUES[mode]) {
    const answer = message(child);
    child.send(value);
    const back = unwrap(await answer);
    try {
      assert.deepStrictEqual(back, value);
      verdicts.push('as sent');
    } catch {
      verdicts.push(`${inspect(value).slice(0, 60)} came back as ${inspect(back).slice(0, 100)}`);
    }
  }
  return verdicts;
}

/** Sends many at once; whether all came back in order. */
async function burst(child, unwrap) {
  const answers = messages(child, COUNT);
  for (let n = 0; n < COUNT; n++) child.send({ n });
  return (await answers).every((back, n) => unwrap(back).n === n);
}

/**
 * Starts a child and talks to it.
 * @returns {Promise<any[]>} whose end it says that it has, the verdicts, whether a burst came back in
 *   order, and how it ended
 */
async function converse(cp, kind, node, mode) {
  const isPython = kind === 'Python';
  const unwrap = (back) => (isPython ? back.echo : back);
  const child = CHILDREN[kind](cp, node, mode);
  const ended = new Promise((resolve) => child.once('exit', (...end) => resolve(end)));
  const first = isPython ? null : await message(child);
  const verdicts = await exchange(child, mode, unwrap);
  const inOrder = await burst(child, unwrap);
  child.disconnect();
  return [first, verdicts, inOrder, await ended];
}

module.exports = { VALUES, converse };
