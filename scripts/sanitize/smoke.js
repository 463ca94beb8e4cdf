'use strict';
// Uses the addon in all ways, once and quickly, for a sanitizer to look on. Children are started without
// what was preloaded for the sanitizer's sake.

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { Worker, isMainThread } = require('node:worker_threads');

delete process.env.LD_PRELOAD;
const sprog = require('../..');

const ECHO = path.join(__dirname, '..', '..', '__test__', 'fixtures', 'ipc-echo.js');
let done = 0;

const closed = (child) => new Promise((resolve) => child.on('close', resolve).on('error', resolve));

async function spawns() {
  for (const stdio of [
    undefined,
    ['fifo', 'fifo', 'pipe'],
    ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  ]) {
    const child = sprog.spawn('cat', /** @type {any} */ ({ stdio }));
    let length = 0;
    /** @type {any} */ (child.stdout).on('data', (data) => {
      length += data.length;
    });
    /** @type {any} */ (child.stdin).end(Buffer.alloc(300_000, 1));
    await closed(child);
    assert.strictEqual(length, 300_000);
    done++;
  }
  for (const [file, options] of [
    ['/nonexistent'],
    ['true', { cwd: '/nonexistent' }],
    ['sleep 9'],
  ]) {
    await closed(sprog.spawn(file, /** @type {any} */ (options)));
    done++;
  }
  const sleeper = sprog.spawn('sleep', ['60']);
  sleeper.kill();
  await closed(sleeper);
  done++;
}

/** Streams that are read ahead, to their end and not. */
async function fastStreams() {
  for (const end of ['', 'pause', 'destroy', 'kill']) {
    const child = sprog.spawn('head', ['-c', '30000000', '/dev/zero']);
    let length = 0;
    child.stdout.on('data', (data) => {
      const before = length;
      length += data.length;
      if (end === '' || before > 15_000_000 || length <= 15_000_000) return;
      if (end === 'kill') {
        child.kill('SIGKILL');
      } else if (end === 'destroy') {
        child.stdout.destroy();
      } else {
        child.stdout.pause();
        setImmediate(() => child.stdout.resume());
      }
    });
    await closed(child);
    assert.ok(length === 30_000_000 || end === 'destroy' || end === 'kill');
    done++;
  }
}

async function captures() {
  for (const encoding of ['utf8', 'latin1', 'buffer', 'hex']) {
    await new Promise((resolve, reject) => {
      const options = /** @type {any} */ ({ encoding, maxBuffer: 2 ** 24 });
      sprog.execFile('head', ['-c', '3000000', '/dev/zero'], options, (error, out) => {
        assert.strictEqual(out.length, encoding === 'hex' ? 6_000_000 : 3_000_000);
        done++;
        if (error) reject(error);
        else resolve(undefined);
      });
    });
  }
  assert.strictEqual(sprog.spawnSync('cat', { input: 'x'.repeat(100_000) }).stdout.length, 100_000);
  assert.strictEqual(sprog.execSync('printf ä', { encoding: 'utf8' }), 'ä');
  done += 2;
}

async function messages() {
  for (const serialization of /** @type {const} */ (['json', 'advanced'])) {
    const child = sprog.fork(ECHO, { serialization });
    const values = [1, 'x'.repeat(200_000), { a: [null, { b: 'ä' }] }, ['y'.repeat(2_000_000)]];
    let came = 0;
    const all = new Promise((resolve) => {
      child.on('message', (message) => {
        assert.deepStrictEqual(message, values[came++ % values.length]);
        if (came === 100) resolve(undefined);
      });
    });
    for (let n = 0; n < 100; n++) child.send(values[n % values.length]);
    await all;
    child.disconnect();
    await once(child, 'exit');
    done += came;
  }
}

async function threads() {
  for (let n = 0; n < 3; n++) {
    const worker = new Worker(__filename);
    await once(worker, 'message');
    await worker.terminate();
    done++;
  }
}

function thread() {
  const { parentPort } = require('node:worker_threads');
  const again = () => sprog.spawn('true').on('close', again);
  again();
  sprog.spawn('cat', { stdio: ['pipe', 'pipe', 'pipe', 'ipc'] }).send('text');
  parentPort?.postMessage('busy');
}

async function main() {
  assert.ok(sprog.native, String(sprog.nativeError));
  // Not another one than what was asked for, which the loader would take if that did not load.
  const wanted = process.env.NAPI_RS_NATIVE_LIBRARY_PATH ?? '.node';
  assert.ok(fs.readFileSync('/proc/self/maps', 'utf8').includes(wanted), wanted);
  await spawns();
  await fastStreams();
  await captures();
  await messages();
  await threads();
  console.log(`${done} things done`);
}

if (isMainThread) main();
else thread();
