'use strict';
// Big 'advanced' messages: whole, in their place, themselves at the moment of send(), and gone from memory
// when they are done.

const assert = require('node:assert');
const { once } = require('node:events');
const path = require('node:path');
const { afterEach, describe, it: test } = require('node:test');
const sprog = require('..');
const { codecs, Malformed } = require('../lib/ipc/codec.js');
const { message, messages, spawnWire } = require('./helpers/ipc.js');
const { countFds, until } = require('./helpers/processes.js');
const { runScript } = require('./helpers/script.js');

const FIXTURES = path.join(__dirname, 'fixtures');
const QUIET = ['ignore', 'ignore', 'inherit', 'ipc'];
const MB = 1024 * 1024;

const it = (title, run) => test(title, { timeout: 60_000 }, run);

const children = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const keep = (child) => {
  children.push(child);
  return child;
};

const fork = (fixture) =>
  keep(
    sprog.fork(path.join(FIXTURES, fixture), [], {
      stdio: QUIET,
      serialization: 'advanced',
      execArgv: [],
    }),
  );

/** An echoing child whose greeting has been heard. */
async function forkEcho() {
  const child = fork('ipc-echo.js');
  child.send('up?');
  await message(child);
  return child;
}

function echo(child, value) {
  const back = message(child);
  child.send(value);
  return back;
}

const VIEWS = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

/** A buffer of `length` bytes that differ. */
function pattern(length) {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8)) & 0xff;
  return bytes;
}

describe('a big message', () => {
  it('arrives whole at every size around those of buffers, in order with small ones', async () => {
    const child = await forkEcho();
    const sizes = [16, 64, 128, 1024, 8192, 9000].flatMap((kib) =>
      [-1, 0, 1].map((more) => kib * 1024 + more),
    );
    const sent = sizes.flatMap((size, n) => [
      n,
      { n, bytes: pattern(size) },
      new Map([[n, 'x'.repeat(size)]]),
      [pattern(size), { n }, pattern(7)],
    ]);
    const back = messages(child, sent.length);
    for (const value of sent) child.send(value);
    assert.deepStrictEqual(await back, sent);
  });

  it('keeps the kind of every view, whatever stands before it', async () => {
    const child = await forkEcho();
    for (const shift of [0, 1, 5]) {
      const { buffer } = pattern(2 * MB);
      const views = VIEWS.map((View) => new View(buffer.slice(0, 128 * 1024)));
      const value = {
        before: 'x'.repeat(shift),
        views,
        buffer: Buffer.from(buffer, 3, 100_001),
        data: new DataView(buffer, 8, 80_000),
        plain: buffer,
        small: new Float32Array([0.5]),
      };
      const back = await echo(child, value);
      assert.deepStrictEqual(back, value);
      for (const [n, view] of back.views.entries()) {
        assert.strictEqual(Object.getPrototypeOf(view), VIEWS[n].prototype);
      }
      assert.ok(Buffer.isBuffer(back.buffer));
    }
  });

  it('keeps what is one object one object, and its views apart', async () => {
    const child = await forkEcho();
    const bytes = pattern(200_000);
    const other = bytes.subarray(0, 100_000);
    const { a, b, c } = await echo(child, { a: bytes, b: bytes, c: other });
    assert.strictEqual(a, b);
    a[0] = c[0] + 1;
    assert.deepStrictEqual(c, other);
  });

  it('is what it was when send() was called', async () => {
    const child = await forkEcho();
    const bytes = new Uint8Array(3 * MB);
    const back = messages(child, 8);
    for (let n = 0; n < 8; n++) {
      bytes.fill(n);
      child.send({ n, bytes });
    }
    bytes.fill(99);
    for (const { n, bytes: got } of await back) {
      assert.ok(
        got.every((byte) => byte === n),
        `message ${n}`,
      );
    }
  });

  it('is reported as written when it is, and send() says that it waits', async () => {
    const child = await forkEcho();
    child.kill('SIGSTOP');
    const written = [];
    assert.strictEqual(
      child.send({ bytes: pattern(8 * MB) }, (error) => written.push(error)),
      false,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepStrictEqual(written, []);
    const back = message(child);
    child.kill('SIGCONT');
    assert.strictEqual((await back).bytes.length, 8 * MB);
    assert.deepStrictEqual(written, [null]);
  });

  it('is written before its sender leaves by disconnect', async () => {
    const file = path.join(FIXTURES, 'ipc-large-and-leave.js');
    const child = keep(sprog.fork(file, [], { stdio: QUIET, serialization: 'advanced' }));
    const got = [];
    child.on('message', (value) => got.push(value));
    await once(child, 'exit');
    assert.deepStrictEqual(
      got.map(({ bytes }) => bytes.length),
      [3 * MB, 3 * MB],
    );
  });

  it('that its sender does not finish is dropped, and nothing of it stays', async () => {
    const half = Buffer.alloc(4 + 60_000, 'x');
    half.writeUInt32BE(MB);
    const run = async () => {
      const child = keep(
        spawnWire(sprog, [['write', half.toString('latin1')]], { serialization: 'advanced' }),
      );
      child.stdout.resume();
      child.on('message', () => assert.fail('it was not whole'));
      await once(child, 'close');
      assert.strictEqual(child.connected, false);
    };
    // What lives as long as this thread is opened by the first spawn; other children are ending.
    await run();
    assert.ok(
      await until(() =>
        children.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null),
      ),
    );
    const before = countFds();
    await run();
    assert.ok(await until(() => countFds() === before));
  });

  it('in parts that do not fit is an error, not a crash', () => {
    const parts = [];
    const outlet = { parts: (list) => parts.push(Buffer.concat(list)) && 0 };
    codecs.dialect.send(outlet, { view: new Float64Array(10_000), tail: 1n }, false, -1);
    const [whole] = parts;
    assert.ok(!(codecs.dialect.parseLarge(whole) instanceof Malformed));
    // Short of it, and every single byte of the head and of V8's part another one.
    for (const length of [1, 4, 7, 8, 20, whole.length - 1]) {
      assert.ok(codecs.dialect.parseLarge(whole.subarray(0, length)) instanceof Malformed);
    }
    for (let at = 0; at < 60; at++) {
      for (const byte of [0, 1, 2, 7, 0x7f, 0xff]) {
        const broken = Buffer.from(whole);
        broken[at] = byte;
        codecs.dialect.parseLarge(broken);
      }
    }
    // Before a greeting it is nothing at all.
    assert.ok(codecs.advanced.parseLarge(whole) instanceof Malformed);
  });
});

describe('memory', () => {
  it('is what two hundred big messages both ways leave it', async () => {
    const { said, code, stderr } = await runScript(
      async (self) => {
        const child = self.cp.fork(`${self.fixtures}/ipc-echo.js`, [], {
          serialization: 'advanced',
        });
        const { once } = require('node:events');
        const rss = (pid) =>
          Number(
            /VmRSS:\s+(\d+)/.exec(
              require('node:fs').readFileSync(`/proc/${pid}/status`, 'utf8'),
            )[1],
          ) * 1024;
        const bytes = Buffer.alloc(1 << 20, 'x');
        const trip = async (count) => {
          for (let n = 0; n < count; n++) {
            child.send({ n, bytes });
            const [back] = await once(child, 'message');
            if (back.n !== n || !bytes.equals(back.bytes)) throw new Error('it changed');
          }
        };
        await trip(100);
        const before = [rss(process.pid), rss(child.pid), self.processes.countFds()];
        await trip(200);
        const after = [rss(process.pid), rss(child.pid), self.processes.countFds()];
        self.say(after.map((value, n) => value - before[n]));
        child.disconnect();
      },
      { limit: 50_000 },
    );
    assert.deepStrictEqual([code, stderr], [0, '']);
    const [ours, theirs, fds] = said[0][0];
    assert.ok(ours < 100 * MB && theirs < 100 * MB, `grew by ${ours} and ${theirs}`);
    assert.strictEqual(fds, 0);
  });

  it('holds a message of 64 MB at most twice at each end', async () => {
    const { said, code, stderr } = await runScript(
      async (self) => {
        const { once } = require('node:events');
        const child = self.cp.fork(`${self.fixtures}/ipc-peak.js`, [], {
          serialization: 'advanced',
        });
        const [theirsBefore] = (await once(child, 'message'))[0];
        const bytes = Buffer.alloc(64 << 20, 'x');
        const before = process.memoryUsage.rss();
        child.send({ bytes });
        const [theirs] = (await once(child, 'message'))[0];
        self.say(self.processes.peakMemory() - before, theirs - theirsBefore);
        child.disconnect();
      },
      { limit: 50_000 },
    );
    assert.deepStrictEqual([code, stderr], [0, '']);
    for (const grown of said[0]) assert.ok(grown < 2.2 * 64 * MB, `grew by ${said[0]}`);
  });
});
