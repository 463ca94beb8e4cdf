'use strict';
// Much at once: messages whose sender blocks, leaves or dies right after, a reader that is slow, and
// more bytes than fit anywhere. All must arrive, in order, and none may pile up unseen.

const assert = require('node:assert');
const { createHash } = require('node:crypto');
const { once } = require('node:events');
const path = require('node:path');
const { Readable } = require('node:stream');
const { describe, it: test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const sprog = require('..');
const { runWell, startScript } = require('./helpers/script.js');

const FIXTURES = path.join(__dirname, 'fixtures');
// Below, at and above what is written at once in a tick.
const COUNTS = [1, 16, 17, 500];
const WAYS = ['exit', 'reallyExit', 'abort', 'kill', 'throw', 'disconnect'];
const QUIET = ['ignore', 'pipe', 'ignore', 'ipc'];
/** What a collected message may wait for, and then some. */
const BLOCKED_MS = 50;

// What waits for a message that never comes must fail its test, not hang the run.
const it = (title, run) => test(title, { timeout: 60_000 }, run);

const range = (count) => Array.from({ length: count }, (_, n) => n);

describe('messages of a child arrive, complete and in order', { concurrency: 2 }, () => {
  function start(serialization, ...args) {
    const child = sprog.fork(path.join(FIXTURES, 'ipc-send-and-leave.js'), args, {
      stdio: QUIET,
      serialization,
      execArgv: [],
    });
    const got = [];
    child.on('message', ({ n }) => got.push(n));
    return { child, got, closed: once(child, 'close') };
  }

  for (const serialization of ['json', 'advanced']) {
    for (const way of WAYS) {
      it(`before it ends by ${way}, ${serialization}`, async () => {
        for (const count of COUNTS) {
          const { got, closed } = start(serialization, count, way);
          await closed;
          assert.deepStrictEqual(got, range(count));
        }
      });

      it(`from a listener of 'exit', which ends by ${way}, ${serialization}`, async () => {
        const { got, closed } = start(serialization, 500, way, 'late');
        await closed;
        assert.deepStrictEqual(got, range(500));
      });
    }

    it(`while it blocks, and when it is killed then, ${serialization}`, async () => {
      for (const count of COUNTS) {
        const { child, got, closed } = start(serialization, count, 'block');
        await once(child.stdout, 'data');
        await sleep(BLOCKED_MS);
        child.kill('SIGKILL');
        await closed;
        assert.deepStrictEqual(got, range(count));
      }
    });
  }
});

describe('messages of a parent arrive, complete and in order', { concurrency: 2 }, () => {
  function start(count, way, serialization) {
    return startScript(
      (self) => {
        const [count, way, serialization] = self.args;
        const child = self.cp.fork(`${self.fixtures}/ipc-count.js`, [], {
          serialization,
          stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        });
        // A fixture of the child's side, on the parent's: it sends to whatever is called process.
        child.once('spawn', () => {
          process.send = (message) => child.send(message);
          process.disconnect = () => child.disconnect();
          process.argv[2] = count;
          process.argv[3] = way;
          require(`${self.fixtures}/ipc-send-and-leave.js`);
        });
      },
      { args: [String(count), way, serialization] },
    );
  }

  for (const serialization of ['json', 'advanced']) {
    for (const way of WAYS) {
      it(`before it ends by ${way}, ${serialization}`, async () => {
        for (const count of COUNTS) {
          const { said } = await start(count, way, serialization).outcome;
          assert.deepStrictEqual(said, [[count, true]]);
        }
      });
    }

    it(`while it blocks, and when it is killed then, ${serialization}`, async () => {
      for (const count of COUNTS) {
        const script = start(count, 'block', serialization);
        await once(script.child.stdout, 'data');
        await sleep(BLOCKED_MS);
        script.child.kill('SIGKILL');
        const { stdout } = await script.outcome;
        assert.strictEqual(stdout, `blocked${JSON.stringify([count, true])}\n`);
      }
    });
  }
});

describe('a reader that is slow', () => {
  const MB = 1024 * 1024;
  /** Of 10,000 bytes each: 100 MB go through. */
  const MESSAGES = 10_000;
  const LITTLE = 60 * MB;

  it('makes send() of a parent answer false, until all that waits is written', async () => {
    const said = await runWell(async (self) => {
      const { once } = require('node:events');
      const child = self.cp.fork(`${self.fixtures}/ipc-echo.js`);
      child.send('up?');
      await once(child, 'message');
      child.kill('SIGSTOP');
      await self.processes.until(() => self.processes.processStat(child.pid).state === 'T');
      let sent = 0;
      let written = 0;
      const text = 'x'.repeat(10_000);
      const send = () => {
        sent++;
        return child.send({ n: sent, text }, () => written++);
      };
      while (send());
      self.say('accepted', sent * text.length);
      const answers = Array.from({ length: 100 }, send);
      self.say('and then', [...new Set(answers)]);
      await new Promise((resolve) => setTimeout(resolve, 50));
      self.say('some wait', written < sent);
      child.kill('SIGCONT');
      let next = 1;
      let inOrder = true;
      child.on('message', ({ n }) => {
        inOrder &&= n === next++;
        if (n < sent) return;
        self.say('all', inOrder, next - 1 === sent, written === sent, child.send('ok'));
        child.disconnect();
      });
    });
    const [accepted] = said.accepted;
    // What send() allows, and what the kernel holds.
    assert.ok(accepted >= 128 * 1024 && accepted < MB, `${accepted} bytes`);
    delete said.accepted;
    assert.deepStrictEqual(said, {
      'and then': [[false]],
      'some wait': [true],
      all: [true, true, true, true],
    });
  });

  for (const serialization of ['json', 'advanced']) {
    it(`costs a parent that heeds send() no memory, ${serialization}`, async () => {
      const said = await runWell(
        async (self) => {
          const { once } = require('node:events');
          const [serialization, count] = self.args;
          const child = self.cp.fork(`${self.fixtures}/ipc-read-slowly.js`, { serialization });
          await once(child, 'message');
          const text = 'x'.repeat(10_000);
          const before = process.memoryUsage().rss;
          let most = 0;
          let outstanding = 0;
          for (let n = 0; n < Number(count); n++) {
            outstanding += text.length;
            const written = new Promise((resolve) => {
              const goesOn = child.send(text, () => {
                outstanding -= text.length;
                resolve();
              });
              most = Math.max(most, outstanding);
              if (goesOn) resolve();
            });
            await written;
            // Callbacks are called by ticks, and nothing here lets one come.
            if (n % 64 === 0) await new Promise(setImmediate);
          }
          child.send(null);
          self.say('arrived', await once(child, 'message'));
          self.say('outstanding', most);
          self.say('rss', process.memoryUsage().rss - before);
          child.disconnect();
        },
        { args: [serialization, MESSAGES] },
      );
      assert.deepStrictEqual(said.arrived, [[MESSAGES, null]]);
      assert.ok(said.outstanding[0] < 2 * MB, `${said.outstanding} bytes are not written`);
      assert.ok(said.rss[0] < LITTLE, `${said.rss} bytes more`);
    });

    it(`costs a child that heeds send() no memory, nor its parent, ${serialization}`, async () => {
      const said = await runWell(
        async (self) => {
          const [serialization, count] = self.args;
          const child = self.cp.fork(`${self.fixtures}/ipc-send-much.js`, [count, '10000'], {
            serialization,
          });
          let got = 0;
          const before = process.memoryUsage().rss;
          let most = 0;
          child.on('message', (message) => {
            if (typeof message !== 'string') {
              self.say('child', message);
              self.say('arrived', got);
              self.say('rss', most - before);
              return;
            }
            // Blocked for half of the time.
            if (++got % 50 === 0) {
              most = Math.max(most, process.memoryUsage().rss);
              Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
            }
          });
        },
        { args: [serialization, MESSAGES] },
      );
      const [{ growth }] = said.child;
      assert.deepStrictEqual(said.arrived, [MESSAGES]);
      assert.ok(growth < LITTLE, `${growth} bytes more in the child`);
      assert.ok(said.rss[0] < LITTLE, `${said.rss} bytes more in the parent`);
    });
  }
});

describe('bytes through a child come back as they were', () => {
  const CHUNK = 64 * 1024;

  /** Pseudo-random, and different for each seed and chunk. */
  function* chunks(total, seed) {
    const base = Buffer.alloc(CHUNK);
    for (let i = 0; i < CHUNK; i += 4) base.writeUInt32LE(Math.imul(i + seed, 2654435761) >>> 0, i);
    for (let left = total, n = 0; left > 0; left -= CHUNK, n++) {
      const chunk = Buffer.from(base.subarray(0, Math.min(left, CHUNK)));
      chunk.writeUInt32LE(n);
      yield chunk;
    }
  }

  async function digest(stream) {
    const hash = createHash('sha256');
    for await (const chunk of stream) hash.update(chunk);
    return hash.digest('hex');
  }

  async function throughCat(total, seed, stdio) {
    const child = sprog.spawn('cat', { stdio });
    const closed = once(child, 'close');
    const sent = createHash('sha256');
    const source = Readable.from(chunks(total, seed));
    source.on('data', (chunk) => sent.update(chunk));
    source.pipe(child.stdin);
    const received = await digest(child.stdout);
    assert.deepStrictEqual(await closed, [0, null]);
    assert.strictEqual(received, sent.digest('hex'));
  }

  it('200 MB through one', () => throughCat(200_000_000, 1, 'pipe'));

  it('200 MB through a real pipe', () => throughCat(200_000_000, 2, 'fifo'));

  it('5 MB through each of 64 at once', async () => {
    await Promise.all(Array.from({ length: 64 }, (_, n) => throughCat(5_000_000, n, 'pipe')));
  });
});

describe('a child that answers without a pause', () => {
  it('does not keep the others waiting', async () => {
    const echo = path.join(FIXTURES, 'ipc-echo.js');
    const busy = sprog.fork(echo, [], { execArgv: [] });
    let rounds = 0;
    busy.on('message', () => {
      rounds++;
      busy.send(rounds);
    });
    busy.send(0);
    await once(busy, 'message');
    const other = sprog.fork(echo, [], { execArgv: [] });
    for (let n = 0; n < 50; n++) {
      other.send(n);
      const [answer] = await once(other, 'message');
      assert.deepStrictEqual(answer, n);
      await once(sprog.spawn('true'), 'exit');
    }
    // What it said last may be answered when it is gone already; once() would reject then.
    busy.on('error', ({ code }) => assert.strictEqual(code, 'EPIPE'));
    const ends = [new Promise((resolve) => busy.on('close', resolve)), once(other, 'close')];
    busy.kill('SIGKILL');
    other.kill('SIGKILL');
    await Promise.all(ends);
    assert.ok(rounds > 50);
  });
});
