'use strict';
// The wire of the channel against peers that are no Node, and against peers that mean no good.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { after, afterEach, before, describe, it: test } = require('node:test');
const v8 = require('node:v8');
const sprog = require('..');
const {
  emitted,
  message,
  messages,
  runParent,
  spawnWire,
  wireCommand,
} = require('./helpers/ipc.js');
const { makeContext } = require('./parity/context.js');

const FIXTURES = path.join(__dirname, 'fixtures');
const ECHO = path.join(FIXTURES, 'ipc-echo.js');

// A CI machine without Python has to say so instead of passing by default.
const hasPython = process.env.CI || spawnSync('python3', ['-c', '']).status === 0;
const needsPython = { skip: hasPython ? false : 'python3 is not installed' };

const stdio = ['pipe', 'pipe', 'inherit', 'ipc'];

// A peer that waits for what never comes must fail its test, not hang the run.
const it = (title, ...rest) => {
  const [options, run] = rest.length === 2 ? rest : [{}, rest[0]];
  return test(title, { timeout: 30_000, ...options }, run);
};

const started = [];
const keep = (child) => {
  started.push(child);
  return child;
};
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

const spawn = (...args) => keep(sprog.spawn(...args));

const spawnPython = (fixture, ...args) =>
  spawn('python3', [path.join(FIXTURES, fixture), ...args], { stdio });

const PEERS = {
  'a plain Node script': {
    start: (steps, options) => keep(spawnWire(sprog, steps, options)),
    options: {},
  },
  'a Python script': {
    start: (steps, options) =>
      spawn('python3', [path.join(FIXTURES, 'wire-steps.py'), JSON.stringify(steps)], {
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
        ...options,
      }),
    options: needsPython,
  },
};

let t;
let dispose;
before(() => {
  ({ t, dispose } = makeContext('sprog'));
});
after(() => dispose());

/** All messages of a child, and how it ended. */
async function collect(child) {
  const got = [];
  child.on('message', (value) => got.push(value));
  child.stdout.resume();
  const end = await t.closed(child);
  return { got, end };
}

const frame = (value) => {
  const body = v8.serialize(value);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]).toString('latin1');
};

/** A child that writes `unit` for ever or up to `total` bytes. */
function startFlood(unit, total = Number.MAX_SAFE_INTEGER) {
  const [file, args] = wireCommand([]);
  const command = [...args.slice(0, -2), path.join(FIXTURES, 'wire-flood.js'), unit, String(total)];
  return spawn(file, command, { stdio });
}

async function pingPong(child, rounds) {
  for (let n = 0; n < rounds; n++) {
    const back = message(child);
    child.send({ n });
    assert.deepStrictEqual(await back, { n });
  }
}

/** A well-behaved child that is asked while another misbehaves. */
async function withGoodChild(run) {
  const good = keep(sprog.fork(ECHO, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
  try {
    await pingPong(good, 1);
    await run(good);
  } finally {
    good.disconnect();
    await t.exited(good);
  }
}

describe('what a child finds of its channel', () => {
  for (const [index, serialization] of [
    [3, 'json'],
    [4, 'advanced'],
    [1, undefined],
  ]) {
    it(`two variables, with the channel at ${index} and serialization ${serialization}`, async () => {
      const child = spawn('/bin/sh', ['-c', 'env -0 >&2'], {
        stdio: ['ignore', 'ignore', 'pipe', 'ignore', 'ignore'].with(index, 'ipc'),
        env: { PATH: process.env.PATH },
        serialization,
      });
      const text = t.text(child.stderr);
      await t.closed(child);
      const channel = (await text)
        .split('\0')
        .filter((entry) => !/^(PATH|PWD|SHLVL|_|OLDPWD)=/.test(entry));
      assert.deepStrictEqual(channel.sort(), [
        '',
        `NODE_CHANNEL_FD=${index}`,
        `NODE_CHANNEL_SERIALIZATION_MODE=${serialization ?? 'json'}`,
      ]);
    });
  }

  it('a blocking, inheritable stream socket', needsPython, async () => {
    const child = spawnPython('wire-socket.py');
    const text = t.text(child.stdout);
    await t.closed(child);
    assert.strictEqual((await text).trim(), '3 AF_UNIX SOCK_STREAM True True');
  });

  it('no variable without a channel', async () => {
    const child = spawn('env', ['-0'], { env: { PATH: process.env.PATH } });
    const text = t.text(child.stdout);
    await t.closed(child);
    assert.ok(!(await text).includes('NODE_CHANNEL'));
  });
});

describe('a Python child that speaks JSON', needsPython, () => {
  it('answers every kind of message', async () => {
    const child = spawnPython('wire-echo.py');
    for (const [value, type] of [
      [1, 'int'],
      [0.5, 'float'],
      ['text é€𝄞\u2028', 'str'],
      [null, 'NoneType'],
      [true, 'bool'],
      [[1, [2]], 'list'],
      [{ a: { b: null } }, 'dict'],
    ]) {
      const answer = message(child);
      child.send(value);
      assert.deepStrictEqual(await answer, { echo: value, type });
    }
    child.disconnect();
    assert.deepStrictEqual(await t.exited(child), [0, null]);
  });

  it('keeps up with a burst', async () => {
    const child = spawnPython('wire-echo.py');
    const answers = messages(child, 1000);
    for (let n = 0; n < 1000; n++) child.send(n);
    assert.deepStrictEqual(
      (await answers).map(({ echo }) => echo),
      Array.from({ length: 1000 }, (_, n) => n),
    );
    child.disconnect();
    assert.deepStrictEqual(await t.exited(child), [0, null]);
  });

  it('exchanges a megabyte', async () => {
    const child = spawnPython('wire-echo.py');
    const text = 'pattern '.repeat(131_072);
    const answer = message(child);
    child.send(text);
    assert.strictEqual((await answer).echo, text);
    child.disconnect();
    assert.deepStrictEqual(await t.exited(child), [0, null]);
  });
});

for (const [peer, { start, options }] of Object.entries(PEERS)) {
  describe(`the raw wire with ${peer}`, options, () => {
    it('is silent until the first send', async () => {
      const child = start([['write', '"hello"\n'], ['read'], ['report']]);
      const text = t.text(child.stdout);
      assert.strictEqual(await message(child), 'hello');
      child.send({ first: true });
      assert.deepStrictEqual(await t.closed(child), [0, null]);
      assert.strictEqual(await text, '{"first":true}\n');
    });

    it('carries several messages in one write and one in several', async () => {
      const child = start([
        ['write', '1\n[2]\n{"three":3}\n"fo'],
        ['write', 'ur'],
        ['write', '"\n'],
        ...[...'"fünf"\n'].map((letter) => ['write', Buffer.from(letter).toString('latin1')]),
      ]);
      const { got, end } = await collect(child);
      assert.deepStrictEqual(got, [1, [2], { three: 3 }, 'four', 'fünf']);
      assert.deepStrictEqual(end, [0, null]);
    });

    it('carries a character whose bytes come one by one', async () => {
      const bytes = Buffer.from('"€𝄞"\n').toString('latin1');
      const child = start([...bytes].map((byte) => ['write', byte]));
      assert.deepStrictEqual((await collect(child)).got, ['€𝄞']);
    });

    it('replaces what is not UTF-8 and goes on', async () => {
      const child = start([['write', '"a\xffb"\n"\xe2\x82"\n"after"\n']]);
      assert.deepStrictEqual((await collect(child)).got, ['a\ufffdb', '\ufffd', 'after']);
    });

    it('drops a message that the end of the channel cuts off', async () => {
      for (const last of [['close'], ['exit', 4]]) {
        const child = start([['write', '"whole"\n{"cut":"'], last]);
        const disconnected = emitted(child, 'disconnect');
        const { got } = await collect(child);
        await disconnected;
        assert.deepStrictEqual(got, ['whole']);
        assert.strictEqual(child.connected, false);
        assert.strictEqual(child.exitCode, last[1] ?? 0);
      }
    });

    it('reports a closed channel to who sends after the peer has closed it', async () => {
      const child = start([['write', '"bye"\n'], ['close']]);
      child.stdout.resume();
      await Promise.all([emitted(child, 'disconnect'), t.closed(child)]);
      const error = await new Promise((resolve) =>
        assert.strictEqual(child.send('x', resolve), false),
      );
      assert.strictEqual(error.code, 'ERR_IPC_CHANNEL_CLOSED');
    });

    it('carries advanced frames whose length comes byte by byte', async () => {
      const bytes = frame({ map: new Map([[1, 'é']]) });
      const child = start(
        [...[...bytes].map((byte) => ['write', byte]), ['write', frame(1) + frame([2n])]],
        { serialization: 'advanced' },
      );
      const { got } = await collect(child);
      assert.deepStrictEqual(got, [{ map: new Map([[1, 'é']]) }, 1, [2n]]);
    });

    it('answers a handle message that brings no descriptor with a refusal', async () => {
      const child = start([
        ['write', '{"cmd":"NODE_HANDLE","type":"net.Socket","msg":"x"}\n'],
        ['read'],
        ['report'],
      ]);
      const text = t.text(child.stdout);
      await t.closed(child);
      assert.deepStrictEqual(JSON.parse(await text), { cmd: 'NODE_HANDLE_NACK' });
    });
  });
}

describe('hostile lines', () => {
  /** What a parent saw of a child that writes `steps`: each message, each uncaught error's name. */
  function parentOf(steps, { serialization } = {}) {
    const [file, args] = wireCommand(steps);
    return runParent(
      t,
      `const child = cp.spawn(process.argv[2], JSON.parse(process.argv[3]), {
         stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: ${JSON.stringify(serialization)} });
       const go = () => { if (child.connected) child.send('go', () => {}); };
       process.on('uncaughtException', (error) => { say('uncaught', error.name); go(); });
       child.on('message', (m) => { say('message', m); go(); });
       child.on('disconnect', () => say('disconnect'));`,
      { args: [file, JSON.stringify(args)] },
    );
  }

  it('a malformed line between good ones is one uncaught SyntaxError', async () => {
    const { said, code } = await parentOf([
      ['write', '1\n'],
      ['read'],
      ['write', '{oops}\n'],
      ['read'],
      ['write', '2\n'],
    ]);
    assert.deepStrictEqual(said, [
      ['message', 1],
      ['uncaught', 'SyntaxError'],
      ['message', 2],
      ['disconnect'],
    ]);
    assert.strictEqual(code, 0);
  });

  it('good lines before a malformed one in the same write arrive', async () => {
    const { said } = await parentOf([['write', '1\n2\njunk\n3\n4\n']]);
    const got = said.filter(([what]) => what === 'message').map(([, value]) => value);
    // Node loses what follows in the same read; the native channel delivers it.
    assert.deepStrictEqual(got, sprog.native ? [1, 2, 3, 4] : [1, 2]);
    assert.strictEqual(said.filter(([what]) => what === 'uncaught').length, 1);
  });

  it('two values in one line are no two messages', async () => {
    for (const line of ['1,2', '1 2', '[1],[2]', '1],[2']) {
      const { said } = await parentOf([['write', `${line}\n`], ['read'], ['write', '"end"\n']]);
      assert.deepStrictEqual(said, [
        ['uncaught', 'SyntaxError'],
        ['message', 'end'],
        ['disconnect'],
      ]);
    }
  });

  it('NUL bytes are malformed JSON outside and inside of text', async () => {
    for (const line of ['\0', '"a\0b"', '1\0', '\0'.repeat(5000)]) {
      const { said } = await parentOf([['write', `${line}\n`], ['read'], ['write', '"end"\n']]);
      assert.deepStrictEqual(said, [
        ['uncaught', 'SyntaxError'],
        ['message', 'end'],
        ['disconnect'],
      ]);
    }
  });

  it('nesting beyond all measure is an error or a message, and not the end of the process', async () => {
    const depth = 20_000;
    const { said, ended } = await parentOf([
      ['write', `${'['.repeat(depth)}${']'.repeat(depth - 1)}\n`],
      ['read'],
      ['write', '"end"\n'],
    ]);
    assert.ok(ended);
    assert.deepStrictEqual(said.slice(-2), [['message', 'end'], ['disconnect']]);
    assert.strictEqual(said[0][0], 'uncaught');
  });

  it('control messages that nobody asked for do not end a parent that catches', async () => {
    const lines = [
      '{"cmd":"NODE_HANDLE_ACK"}',
      '{"cmd":"NODE_HANDLE_NACK"}',
      '{"cmd":"NODE_HANDLE"}',
      '{"cmd":"NODE_HANDLE","type":"constructor"}',
      '{"cmd":"NODE_SOCKET_GET_COUNT","key":"nobody"}',
      '{"cmd":"NODE_SOCKET_NOTIFY_CLOSE"}',
      '{"cmd":"NODE_SOCKET_COUNT","key":null}',
      '{"cmd":"NODE_CLUSTER","act":"listening"}',
    ];
    for (const line of lines) {
      const { said, ended, signal } = await parentOf([
        ['write', `${line}\n`],
        ['write', '"end"\n'],
      ]);
      assert.ok(ended, line);
      assert.strictEqual(signal, null, line);
      assert.deepStrictEqual(said.at(-1), ['disconnect'], line);
    }
  });

  it('an advanced frame of garbage is an uncaught error', async () => {
    for (const body of ['\xff\x0f\x01\x02', 'junk', '\xff\x0fo"\x01', '\xff\x0f\\\x07']) {
      const head = Buffer.alloc(4);
      head.writeUInt32BE(body.length);
      const { said, ended, signal } = await parentOf(
        [
          ['write', frame('good')],
          ['read'],
          ['write', head.toString('latin1') + body],
          ['read'],
          ['write', frame('end')],
        ],
        { serialization: 'advanced' },
      );
      assert.ok(ended);
      assert.strictEqual(signal, null);
      assert.deepStrictEqual(said[0], ['message', 'good']);
      assert.strictEqual(said[1][0], 'uncaught');
      assert.deepStrictEqual(said.at(-1), ['disconnect']);
    }
  });

  it('an advanced frame that claims gigabytes takes no memory before they come', async () => {
    const claim = (length) =>
      parentOf(
        [
          ['write', `${frame('good')}${length}\xff\x0f`],
          ['exit', 0],
        ],
        {
          serialization: 'advanced',
        },
      );
    const { said, code } = await claim('\x7f\xff\xff\xff');
    assert.deepStrictEqual(said, [['message', 'good'], ['disconnect']]);
    assert.strictEqual(code, 0);
    // Node reads a length past 2 GiB as a negative one and throws; to wait for it is as good.
    const { said: last, ended } = await claim('\xff\xff\xff\xff');
    assert.ok(ended);
    assert.deepStrictEqual(last.at(-1), ['disconnect']);
  });
});

describe('a child that floods', () => {
  it('with an endless line does not stop its siblings', async () => {
    await withGoodChild(async (good) => {
      const bad = startFlood('x', 32 << 20);
      bad.on('message', () => assert.fail('no line was ever complete'));
      const written = emitted(bad.stdout, 'data');
      await pingPong(good, 50);
      await written;
      await pingPong(good, 10);
      const disconnected = emitted(bad, 'disconnect');
      bad.kill('SIGKILL');
      await Promise.all([disconnected, t.exited(bad)]);
    });
  });

  it('with messages without end starves nobody', async () => {
    await withGoodChild(async (good) => {
      const bad = startFlood('[0]\n');
      let count = 0;
      bad.on('message', () => count++);
      await message(bad);
      let ticks = 0;
      const timer = setInterval(() => ticks++, 1);
      await pingPong(good, 30);
      await t.sleep(20);
      clearInterval(timer);
      bad.kill('SIGKILL');
      await t.exited(bad);
      assert.ok(count > 1);
      assert.ok(ticks > 0);
    });
  });

  it('with messages that nobody reads does not stop its siblings', async () => {
    await withGoodChild(async (good) => {
      const bad = startFlood('[0]\n', 1 << 20);
      await emitted(bad.stdout, 'data');
      await pingPong(good, 20);
      bad.kill('SIGKILL');
      await t.exited(bad);
    });
  });

  it('is not waited for: one that reads nothing leaves send() without effect on others', async () => {
    await withGoodChild(async (good) => {
      const deaf = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      let roomy = true;
      for (let n = 0; n < 100 && roomy; n++) roomy = deaf.send('y'.repeat(100_000), () => {});
      assert.strictEqual(roomy, false);
      await pingPong(good, 20);
      deaf.kill('SIGKILL');
      await t.exited(deaf);
    });
  });
});
