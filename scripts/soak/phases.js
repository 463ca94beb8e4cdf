'use strict';
// What is done over and over: children of all kinds, forks that are talked to, and messages. Each checks
// what comes back.

const assert = require('node:assert');
const { once } = require('node:events');
const path = require('node:path');
const sprog = require('../..');

const ECHO = path.join(__dirname, '..', '..', '__test__', 'fixtures', 'ipc-echo.js');
const MEGABYTE = 1_000_000;
/** Messages of a megabyte in all, from tiny to large. */
const SIZES = [64, 1_000, 20_000, 250_000, MEGABYTE];

/** Does something `amount` times, so many at a time. */
async function times(amount, atATime, action) {
  let left = amount;
  const lane = async () => {
    while (left-- > 0) await action();
  };
  await Promise.all(Array.from({ length: atATime }, lane));
}

const closed = (child) =>
  new Promise((resolve) => child.on('close', (...end) => resolve(end)).on('error', () => {}));

/** Ways to start a program, each with what must come of it. */
const SPAWNS = {
  async ignored() {
    assert.deepStrictEqual(await closed(sprog.spawn('true', { stdio: 'ignore' })), [0, null]);
  },
  async piped() {
    const child = sprog.spawn('cat');
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.stdin.end('there and back');
    await closed(child);
    assert.strictEqual(output, 'there and back');
  },
  async fifo() {
    const child = sprog.spawn('echo', ['x'], { stdio: ['ignore', 'fifo', 'ignore'] });
    child.stdout.resume();
    assert.deepStrictEqual(await closed(child), [0, null]);
  },
  async killed() {
    const child = sprog.spawn('sleep', ['60']);
    child.kill('SIGKILL');
    assert.deepStrictEqual(await closed(child), [null, 'SIGKILL']);
  },
  async destroyed() {
    const child = sprog.spawn('cat');
    for (const stream of child.stdio) stream.destroy();
    await closed(child);
  },
  async missing() {
    const child = sprog.spawn('/nonexistent/program');
    const [error] = await once(child, 'error');
    assert.strictEqual(error.code, 'ENOENT');
  },
  exec: () =>
    new Promise((resolve, reject) => {
      sprog.exec('echo hi', (error, stdout) => {
        if (error || stdout !== 'hi\n') reject(error ?? new Error(`exec: ${stdout}`));
        else resolve(undefined);
      });
    }),
  captured: () =>
    new Promise((resolve, reject) => {
      const options = { encoding: /** @type {'buffer'} */ ('buffer') };
      sprog.execFile('head', ['-c', '600000', '/dev/zero'], options, (error, { length }) => {
        if (error || length !== 600_000) reject(error ?? new Error(`execFile: ${length}`));
        else resolve(undefined);
      });
    }),
  aborted: () =>
    new Promise((resolve) => {
      const controller = new AbortController();
      sprog.execFile('sleep', ['60'], { signal: controller.signal }, resolve);
      controller.abort();
    }),
  sync() {
    assert.strictEqual(String(sprog.spawnSync('cat', { input: 'x' }).stdout), 'x');
  },
};

const PHASES = {
  spawns: {
    unit: 'spawns',
    run: (amount, atATime, random) =>
      times(amount, atATime, () => random.pick(Object.values(SPAWNS))()),
  },
  forks: {
    unit: 'forks',
    run: (amount, atATime, random) =>
      times(amount, atATime, async () => {
        const serialization = random.pick(['json', 'advanced']);
        const child = sprog.fork(ECHO, { serialization, silent: random.chance(0.5) });
        const end = closed(child);
        child.send({ n: 1 });
        await once(child, 'message');
        if (random.chance(0.2)) child.kill('SIGKILL');
        else child.disconnect();
        await end;
      }),
  },
  messages: {
    unit: 'MB of messages, there and back',
    async run(megabytes, atATime, random) {
      const kinds = ['json', 'advanced'];
      const children = kinds.map((serialization) => sprog.fork(ECHO, { serialization }));
      await Promise.all(
        children.map((child, index) => {
          const make = index === 0 ? (size) => 'x'.repeat(size) : (size) => Buffer.alloc(size, 7);
          return echo(child, (megabytes / children.length) * MEGABYTE, atATime, random, make);
        }),
      );
    },
  },
};

/** Sends until `bytes` have come back, and ends the child. Each is numbered, and comes in its turn. */
async function echo(child, bytes, atATime, random, make) {
  let came = 0;
  let sent = 0;
  let next = 0;
  let number = 0;
  const lengths = [];
  const send = () => {
    const size = Math.min(random.pick(SIZES), Math.max(1, bytes - sent));
    sent += size;
    lengths.push(size);
    child.send({ number: number++, body: make(size) });
  };
  const end = closed(child);
  await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the echo ended with ${code}`)));
    child.on('message', (message) => {
      if (message.number !== next++ || message.body.length !== lengths.shift()) {
        reject(new Error(`message ${message.number} came where ${next - 1} was due`));
        return;
      }
      came += message.body.length;
      if (came >= bytes) resolve(undefined);
      else if (sent < bytes) send();
    });
    for (let n = 0; n < atATime && sent < bytes; n++) send();
  });
  child.disconnect();
  await end;
}

module.exports = { PHASES };
