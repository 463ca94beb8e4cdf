'use strict';
// Real pipes as stdio, 'fifo': what a program can open again under /dev, which Node's sockets refuse.

const assert = require('node:assert');
const nodeChildProcess = require('node:child_process');
const { createHash } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { afterEach, describe, it: test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const sprog = require('..');
const { countFds, until } = require('./helpers/processes.js');

const O_NONBLOCK = 0o4000;
const MORE_THAN_FITS = 1_000_000;
/** Long enough for a child to do what it must not do. */
const WHILE_MS = 100;

// What waits for an end that never comes must fail its test, not hang the run.
const it = (title, run) => test(title, { timeout: 20_000 }, run);

const started = [];
function spawn(...args) {
  const child = sprog.spawn(...args);
  started.push(child);
  return child;
}
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

const sh = (script, options) => spawn('sh', ['-c', script], { stdio: 'fifo', ...options });

async function text(stream) {
  let all = '';
  for await (const chunk of stream.setEncoding('utf8')) all += chunk;
  return all;
}

/** Reads all output to the end. */
async function finished(child) {
  const closed = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr, end: await closed };
}

describe('a child opens its standard streams by name', () => {
  it('/dev/stdin', async () => {
    const child = spawn('cat', ['/dev/stdin'], { stdio: 'fifo' });
    child.stdin.end('text');
    assert.deepStrictEqual(await finished(child), { stdout: 'text', stderr: '', end: [0, null] });
  });

  it('/dev/stdout and /dev/stderr', async () => {
    const child = sh('echo out > /dev/stdout; echo err > /dev/stderr; echo both | tee /dev/stderr');
    assert.deepStrictEqual(await finished(child), {
      stdout: 'out\nboth\n',
      stderr: 'err\nboth\n',
      end: [0, null],
    });
  });

  it('/dev/fd/3, an extra pipe', async () => {
    const child = sh('echo three > /dev/fd/3; ls -l /proc/self/fd/3', {
      stdio: ['ignore', 'pipe', 'pipe', 'fifo'],
    });
    const three = text(child.stdio[3]);
    const { stdout, end } = await finished(child);
    assert.deepStrictEqual([await three, end], ['three\n', [0, null]]);
    assert.match(stdout, / -> pipe:\[\d+\]\n$/);
  });

  it('which it cannot where they are sockets', async () => {
    const child = sh('cat /dev/stdin; echo out > /dev/stdout', { stdio: 'pipe' });
    child.stdin.end();
    const { stdout, stderr } = await finished(child);
    assert.strictEqual(stdout, '');
    assert.match(stderr, /No such device or address/);
  });

  it('of a forked Node', async () => {
    const file = path.join(__dirname, 'fixtures', 'read-stdin-and-answer.js');
    const child = sprog.fork(file, ['to stdout'], { stdio: ['fifo', 'fifo', 'fifo', 'ipc'] });
    const answer = once(child, 'message');
    child.stdin.end('text');
    child.send('text');
    const { stdout, stderr, end } = await finished(child);
    assert.deepStrictEqual([stdout, stderr, end], ['to stdout', '', [0, null]]);
    assert.deepStrictEqual((await answer)[0], { heard: 'text' });
  });
});

describe('the descriptors of a child', () => {
  it('are pipes, and blocking', async () => {
    const child = sh('ls -l /proc/$$/fd; grep -h flags /proc/$$/fdinfo/*', {
      stdio: ['fifo', 'fifo', 'fifo'],
    });
    const { stdout } = await finished(child);
    assert.strictEqual(stdout.match(/ [012] -> pipe:/g)?.length, 3);
    const flags = [...stdout.matchAll(/flags:\t(\d+)/g)].slice(0, 3);
    for (const [, octal] of flags) assert.strictEqual(Number.parseInt(octal, 8) & O_NONBLOCK, 0);
  });

  it('are sockets beside them where asked for', async () => {
    const child = sh('ls -l /proc/$$/fd', { stdio: ['fifo', 'pipe', 'fifo'] });
    const { stdout } = await finished(child);
    const kinds = [...stdout.matchAll(/ [012] -> (\w+):/g)].map(([, kind]) => kind);
    assert.deepStrictEqual(kinds, ['pipe', 'socket', 'pipe']);
  });
});

describe('the parent has sockets, as with any pipe', () => {
  it('that say which way they go', async () => {
    const child = spawn('cat', { stdio: 'fifo' });
    for (const stream of child.stdio) assert.ok(stream instanceof net.Socket);
    assert.deepStrictEqual([child.stdin.readable, child.stdin.writable], [false, true]);
    assert.ok(child.stdout.readable && child.stderr.readable);
    assert.ok(child.stdio.every(({ fd }) => fs.fstatSync(fd).isFIFO()));
    child.stdin.end();
    await finished(child);
  });

  it('whose end the child sees, and which see the end of the child', async () => {
    const child = sh('cat; echo end of stdin');
    child.stdin.write('te');
    await sleep(20);
    child.stdin.end('xt ');
    assert.strictEqual((await finished(child)).stdout, 'text end of stdin\n');
    assert.ok(child.stdin.destroyed && child.stdout.readableEnded);
  });

  it('whose end waits for the last process that holds the pipe', async () => {
    const child = sh('(sleep 0.2; echo late) & echo early');
    const exit = once(child, 'exit').then(() => child.stdout.readableEnded);
    assert.strictEqual((await finished(child)).stdout, 'early\nlate\n');
    assert.strictEqual(await exit, false);
  });

  it('that take 300 KB in pieces, and each write is called back', async () => {
    const child = spawn('cat', { stdio: 'fifo' });
    let written = 0;
    for (let n = 0; n < 300; n++) child.stdin.write(Buffer.alloc(1000, n), () => written++);
    child.stdin.end();
    let bytes = 0;
    child.stdout.on('data', (chunk) => {
      bytes += chunk.length;
    });
    await once(child, 'close');
    assert.deepStrictEqual([written, bytes], [300, 300_000]);
    assert.deepStrictEqual([child.stdin.bytesWritten, child.stdout.bytesRead], [300_000, 300_000]);
  });

  it('that can be destroyed: the child is told by SIGPIPE', async () => {
    const child = spawn('yes', { stdio: 'fifo' });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    assert.deepStrictEqual(await once(child, 'close'), [null, 'SIGPIPE']);
  });

  it('that fail with EPIPE where nobody reads', async () => {
    const child = sh('exec 0<&-; echo closed; sleep 5');
    await once(child.stdout, 'data');
    child.stdin.write('text');
    const [error] = await once(child.stdin, 'error');
    assert.deepStrictEqual([error.code, error.syscall], ['EPIPE', 'write']);
    child.kill();
    await once(child, 'close');
  });

  it('that leave no descriptor', async () => {
    const before = countFds();
    for (let n = 0; n < 5; n++) {
      const child = spawn('cat', { stdio: ['fifo', 'fifo', 'fifo', 'fifo', 'fifo'] });
      child.stdin.end('text');
      await Promise.all([finished(child), text(child.stdio[3]), text(child.stdio[4])]);
    }
    await until(() => countFds() <= before);
    assert.strictEqual(countFds(), before);
  });
});

describe('back-pressure', () => {
  it('of a child that does not read', async () => {
    const child = sh('exec sleep 5');
    const goesOn = child.stdin.write(Buffer.alloc(MORE_THAN_FITS));
    assert.strictEqual(goesOn, false);
    let drained = false;
    child.stdin.on('drain', () => {
      drained = true;
    });
    await sleep(WHILE_MS);
    assert.ok(child.stdin.writableLength > 0);
    assert.ok(!drained);
    child.stdin.on('error', () => {});
    child.kill();
    await once(child, 'close');
  });

  it('is over when the child reads', async () => {
    const child = sh('sleep 0.1; exec wc -c');
    child.stdin.write(Buffer.alloc(MORE_THAN_FITS));
    await once(child.stdin, 'drain');
    child.stdin.end();
    assert.strictEqual(Number((await finished(child)).stdout), MORE_THAN_FITS);
  });

  it('of a parent that has paused: the child stops writing', async () => {
    const child = sh(`head -c ${MORE_THAN_FITS} /dev/zero; echo done >&2`);
    child.stdout.pause();
    let isDone = false;
    child.stderr.on('data', () => {
      isDone = true;
    });
    await sleep(WHILE_MS);
    assert.ok(!isDone);
    let bytes = 0;
    child.stdout.on('data', (chunk) => {
      bytes += chunk.length;
    });
    child.stdout.resume();
    await once(child, 'close');
    assert.deepStrictEqual([isDone, bytes], [true, MORE_THAN_FITS]);
  });
});

describe('a pipe that is lent to another child', () => {
  const bytes = Buffer.alloc(5_000_000, 'the same and not the same ');

  it('as its stdin: it reads what the first wrote', async () => {
    const first = spawn('gzip', ['-c'], { stdio: ['fifo', 'fifo', 'inherit'] });
    const second = spawn('gzip', ['-dc'], { stdio: [first.stdout, 'fifo', 'inherit'] });
    first.stdin.end(bytes);
    const hash = createHash('sha256');
    for await (const chunk of second.stdout) hash.update(chunk);
    assert.strictEqual(hash.digest('hex'), createHash('sha256').update(bytes).digest('hex'));
    first.stdout.destroy();
  });

  it('as its stdout: it writes where the parent could', async () => {
    const reader = spawn('cat', { stdio: 'fifo' });
    const writer = spawn('echo', ['of the second'], {
      stdio: ['ignore', reader.stdin, 'ignore'],
    });
    const closed = once(writer, 'close');
    const all = finished(reader);
    await closed;
    reader.stdin.end('of the parent\n');
    assert.strictEqual((await all).stdout, 'of the second\nof the parent\n');
  });

  it('as its stdout: it stays blocking there while the parent writes too', async () => {
    const reader = spawn('cat', { stdio: 'fifo' });
    const writer = spawn(
      'sh',
      ['-c', 'read go; grep flags /proc/self/fdinfo/1; exec head -c 300000 /dev/zero'],
      {
        stdio: ['pipe', reader.stdin, 'inherit'],
      },
    );
    await new Promise((resolve) => reader.stdin.write('of the parent\n', resolve));
    const closed = once(writer, 'close');
    const all = finished(reader);
    writer.stdin.end('go\n');
    assert.deepStrictEqual(await closed, [0, null]);
    reader.stdin.end();
    const { stdout } = await all;
    const [, octal] = /^of the parent\nflags:\t(\d+)\n\0{300000}$/.exec(stdout) ?? [];
    assert.strictEqual(Number.parseInt(octal, 8) & O_NONBLOCK, 0);
  });

  for (const [whose, cp] of [
    ['ours', sprog],
    ["Node's own module's", nodeChildProcess],
  ]) {
    it(`is blocking there, and the parent reads on when that child, ${whose}, is done`, async () => {
      const first = sh('echo one; read go; echo two; read go; echo three');
      // Node's module sees a number only: that there is a stream to be stopped it does not know.
      if (cp === nodeChildProcess) first.stdout._handle.readStop();
      const second = cp.spawn(
        'sh',
        ['-c', 'read line; echo got $line; grep flags /proc/self/fdinfo/0'],
        {
          stdio: [first.stdout, 'pipe', 'inherit'],
        },
      );
      const told = await text(second.stdout);
      assert.match(told, /^got one\n/);
      const [, octal] = /flags:\t(\d+)/.exec(told) ?? [];
      assert.strictEqual(Number.parseInt(octal, 8) & O_NONBLOCK, 0);
      const next = once(first.stdout, 'data');
      if (cp === nodeChildProcess) first.stdout._handle.readStart();
      first.stdout.resume();
      first.stdin.write('go\n');
      assert.strictEqual(String(await next), 'two\n');
      // A read that blocks would stop this timer.
      await sleep(20);
      first.stdin.end('go\n');
      assert.strictEqual(await text(first.stdout), 'three\n');
    });
  }
});
