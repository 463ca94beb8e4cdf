'use strict';
// Where the input of a run comes from, and where its output goes: all forms of either, how much is kept,
// and lines one by one.

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Readable } = require('node:stream');
const { pathToFileURL } = require('node:url');
const { after, before, describe, it: test } = require('node:test');
const { pipeline, run, runSync, RunError } = require('..');
const { countFds, until, waitGone } = require('./helpers/processes.js');

const PATIENCE_MS = 30_000;
const MEGABYTE = 1_000_000;

// What waits for an end that never comes must fail its test, not hang the run.
const it = (title, body) => test(title, { timeout: 60_000 }, body);

const sh = (script, options) => run('sh', ['-c', script], options);

let tmp;
before(() => {
  tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-run-io-'));
});
after(() => fs.rmSync(tmp, { recursive: true, force: true }));

const place = (name) => path.join(tmp, name);
function write(name, text) {
  fs.writeFileSync(place(name), text);
  return place(name);
}

describe('input', () => {
  const FORMS = {
    'a string': () => 'héllo',
    'a Buffer': () => Buffer.from('héllo'),
    'a view': () => new DataView(new Uint8Array(Buffer.from('héllo')).buffer),
    'an ArrayBuffer': () => new Uint8Array(Buffer.from('héllo')).buffer,
    'an array': () => ['hé', Buffer.from('llo')],
    'a generator': () =>
      (function* () {
        yield 'hé';
        yield 'llo';
      })(),
    'a file': () => ({ file: write('input', 'héllo') }),
    'a file by URL': () => pathToFileURL(write('input', 'héllo')),
  };
  const LATER = {
    'an async generator': () =>
      (async function* () {
        yield 'hé';
        yield Buffer.from('llo');
      })(),
    'a stream': () => Readable.from(['hé', 'llo']),
    'a stream of the Web': () => new Blob(['héllo']).stream(),
    'a Blob': () => new Blob(['héllo']),
    'a stream of a file': () => fs.createReadStream(write('input', 'héllo')),
  };
  for (const [name, make] of Object.entries({ ...FORMS, ...LATER })) {
    it(`may be ${name}`, async () => {
      assert.strictEqual((await run('cat', { input: make() })).stdout, 'héllo');
      if (name in FORMS) assert.strictEqual(runSync('cat', { input: make() }).stdout, 'héllo');
    });
  }

  it('is nothing by default', async () => {
    assert.strictEqual((await run('cat')).stdout, '');
    assert.strictEqual(runSync('cat').stdout, '');
    assert.strictEqual((await run('cat', { input: '' })).stdout, '');
  });

  it('of any size goes in while the output comes out', async () => {
    const input = Buffer.alloc(20 * MEGABYTE, 'abcdefg\n');
    const { stdout } = await run('cat', { input, encoding: 'buffer', stripFinalNewline: false });
    assert.ok(stdout.equals(input));
  });

  it('can be opened by name', async () => {
    assert.strictEqual((await run('cat', ['/dev/stdin'], { input: 'x' })).stdout, 'x');
  });

  it('that is not read is no error: bytes', async () => {
    const input = Buffer.alloc(100 * MEGABYTE);
    for (const script of ['exec <&-; echo done', 'head -c 5 >/dev/null; echo done', 'echo done']) {
      assert.strictEqual((await sh(script, { input })).stdout, 'done');
      const sync = runSync('sh', ['-c', script], { input });
      assert.deepStrictEqual([sync.stdout, sync.failed], ['done', false]);
    }
  });

  it('that is not read is no error: the source is let go of', async () => {
    let isReturned = false;
    async function* endless() {
      try {
        for (;;) yield Buffer.alloc(65536);
      } finally {
        isReturned = true;
      }
    }
    assert.strictEqual(
      (await sh('head -c 100 | wc -c', { input: endless() })).stdout.trim(),
      '100',
    );
    assert.ok(await until(() => isReturned, PATIENCE_MS));
    const stream = new Readable({ read() {} });
    assert.strictEqual((await sh('echo done', { input: stream })).stdout, 'done');
    assert.strictEqual(stream.destroyed, true);
    // One of the Web that has nothing to say yet, too.
    let isCancelled = false;
    const web = new ReadableStream({
      cancel() {
        isCancelled = true;
      },
    });
    assert.strictEqual((await sh('echo done', { input: web })).stdout, 'done');
    assert.ok(await until(() => isCancelled, PATIENCE_MS));
  });

  it('of what is not started is let go of', async () => {
    const before = countFds();
    const long = 'x'.repeat(3 * MEGABYTE);
    for (const start of [
      (input) => run('/nonexistent/program', { input, reject: false }),
      (input) => run('cat', { input, reject: false, signal: AbortSignal.abort() }),
      (input) => run('cat', [long], { input, reject: false }),
      (input) => pipeline([['/nonexistent/program'], ['cat']], { input, reject: false }),
      (input) => pipeline([['cat', long], ['cat']], { input, reject: false }),
    ]) {
      const file = fs.createReadStream('/dev/zero');
      await once(file, 'open');
      assert.strictEqual((await start(file)).failed, true);
      assert.strictEqual(file.destroyed, true);
      let isReturned = false;
      const iterable = {
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise(() => {}),
          return: async () => {
            isReturned = true;
          },
        }),
      };
      await start(iterable);
      assert.strictEqual(isReturned, true);
      const web = new Blob(['x']).stream();
      web.getReader();
      for (const input of [web, 'x', ['x'], { file: '/dev/null' }]) await start(input);
    }
    assert.ok(await until(() => countFds() <= before, PATIENCE_MS));
  });

  it('that fails ends the program, and is the cause', async () => {
    async function* failing() {
      yield 'x';
      throw new Error('the source is dry');
    }
    for (const input of [failing(), [{}], Readable.from(failing())]) {
      const error = await run('sleep', ['60'], { input }).catch((error) => error);
      assert.ok(error instanceof RunError, String(error));
      assert.match(String(error.cause), /the source is dry|must be of type string/);
      assert.ok(await waitGone(error.pid, PATIENCE_MS));
    }
  });

  it('of runSync() that fails is a failure of the run, and nothing is started', () => {
    function* failing() {
      yield 'x';
      throw new Error('the source is dry');
    }
    for (const make of [failing, () => [{}]]) {
      const touch = ['touch', [place('never')]];
      assert.throws(
        () => runSync(...touch, { input: make() }),
        (error) =>
          error instanceof RunError &&
          /the source is dry|must be of type string/.test(String(error.cause)),
      );
      const result = runSync(...touch, { input: make(), reject: false });
      assert.deepStrictEqual([result.failed, result.pid, result.stdout], [true, undefined, '']);
    }
    assert.ok(!fs.existsSync(place('never')));
    assert.throws(() => runSync('cat', { input: Readable.from(['x']), reject: false }), {
      code: 'ERR_INVALID_ARG_TYPE',
    });
  });

  it('from a file that is not there is a failure to start', async () => {
    const error = await run('cat', { input: { file: place('missing') } }).catch((error) => error);
    assert.ok(error instanceof RunError);
    assert.deepStrictEqual([error.code, error.step, error.pid], ['ENOENT', 'fd', undefined]);
    assert.strictEqual(error.cause.path, place('missing'));
  });
});

describe('output', () => {
  for (const [name, start] of [
    ['run()', sh],
    ['runSync()', async (script, options) => runSync('sh', ['-c', script], options)],
  ]) {
    it(`of ${name}: the final newline`, async () => {
      assert.strictEqual((await start("printf 'a\\n\\n'")).stdout, 'a\n');
      assert.strictEqual((await start("printf 'a\\r\\n'")).stdout, 'a');
      assert.strictEqual((await start('echo a', { stripFinalNewline: false })).stdout, 'a\n');
      const { stdout } = await start('echo a', { encoding: 'buffer' });
      assert.deepStrictEqual(stdout, Buffer.from('a'));
    });

    it(`of ${name}: encodings`, async () => {
      const script = "printf 'h\\303\\251'";
      assert.strictEqual((await start(script)).stdout, 'hé');
      assert.strictEqual((await start(script, { encoding: 'latin1' })).stdout, 'hÃ©');
      assert.strictEqual((await start(script, { encoding: 'hex' })).stdout, '68c3a9');
      assert.strictEqual((await start("printf '\\377'")).stdout, '\ufffd');
    });

    it(`of ${name}: lines`, async () => {
      const lines = async (script, options) =>
        (await start(script, { lines: true, ...options })).stdout;
      assert.deepStrictEqual(await lines("printf 'a\\r\\n\\nb\\n'"), ['a', '', 'b']);
      assert.deepStrictEqual(await lines("printf 'a\\nb'"), ['a', 'b']);
      assert.deepStrictEqual(await lines('echo a', { stripFinalNewline: false }), ['a']);
      assert.deepStrictEqual(await lines('true'), []);
    });

    it(`of ${name}: both in one, in order`, async () => {
      const script = 'for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done';
      const { all, stdout, stderr } = await start(script, { all: true, lines: true });
      const expected = [1, 2, 3, 4, 5].flatMap((i) => [`o${i}`, `e${i}`]);
      assert.deepStrictEqual([all, stdout, stderr], [expected, undefined, undefined]);
    });

    it(`of ${name}: into files`, async () => {
      const file = place(`output-${name}`);
      const { stdout } = await start('echo one', { stdout: { file } });
      assert.strictEqual(stdout, undefined);
      await start('echo two', { stdout: { file: pathToFileURL(file), append: true } });
      assert.strictEqual(fs.readFileSync(file, 'utf8'), 'one\ntwo\n');
      // One position for both.
      await start('echo out; echo err >&2; echo out', { stdout: { file }, stderr: { file } });
      assert.strictEqual(fs.readFileSync(file, 'utf8'), 'out\nerr\nout\n');
      // By whatever names, and the first says whether it is emptied.
      const link = place(`link-${name}`);
      fs.symlinkSync(file, link);
      const script = 'echo out; echo err >&2; echo out';
      await start(script, { stdout: { file: link }, stderr: { file: path.relative('.', file) } });
      assert.strictEqual(fs.readFileSync(file, 'utf8'), 'out\nerr\nout\n');
      await start(script, { stdout: { file }, stderr: { file: link, append: true } });
      assert.strictEqual(fs.readFileSync(file, 'utf8'), 'out\nerr\nout\n');
      await start('echo 1; echo 2 >&2', { stdout: { file, append: true }, stderr: { file: link } });
      assert.strictEqual(fs.readFileSync(file, 'utf8'), 'out\nerr\nout\n1\n2\n');
      const fd = fs.openSync(file, 'w');
      await start('echo fd', { stdout: fd, stderr: 'ignore' });
      fs.closeSync(fd);
      assert.strictEqual(fs.readFileSync(file, 'utf8'), 'fd\n');
    });

    it(`of ${name}: into a file that cannot be had`, async () => {
      const before = countFds();
      const options = { stdout: { file: place('out') }, stderr: { file: '/nonexistent/err' } };
      const error = await start('echo x', options).catch((error) => error);
      assert.ok(error instanceof RunError);
      assert.deepStrictEqual([error.code, error.step], ['ENOENT', 'fd']);
      assert.strictEqual(countFds(), before);
    });

    it(`of ${name}: more than maxBuffer ends the program`, async () => {
      const options = { maxBuffer: 100_000, reject: false };
      const result = await start('yes', options);
      assert.deepStrictEqual(
        [result.maxBufferExceeded, result.failed, result.signal, result.cause.code],
        [true, true, 'SIGTERM', 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'],
      );
      assert.ok(result.stdout.length >= 99_999 && result.stdout.length < 200_000);
      const exact = await start('head -c 1000 /dev/zero', { maxBuffer: 1000 });
      assert.deepStrictEqual([exact.stdout.length, exact.maxBufferExceeded], [1000, false]);
    });

    it(`of ${name}: no more than maxBuffer is kept`, async () => {
      const kept = async (script, options) => {
        const result = await start(script, { reject: false, ...options });
        assert.strictEqual(result.maxBufferExceeded, true);
        return result.stdout;
      };
      assert.strictEqual(await kept('printf 123456', { maxBuffer: 5 }), '12345');
      assert.strictEqual(await kept('printf 123456', { maxBuffer: 5, all: true }), undefined);
      assert.strictEqual(await kept('printf 123456', { maxBuffer: 0 }), '');
      assert.strictEqual(await kept('printf 123456', { maxBuffer: 0.5 }), '');
      const bytes = await kept('seq 100000', { maxBuffer: 70_000, encoding: 'buffer' });
      assert.strictEqual(bytes.length, 70_000);
      // Bytes, not characters.
      assert.strictEqual(await kept("printf 'ééééééé'", { maxBuffer: 5 }), 'éé');
      assert.strictEqual(
        await kept('printf 123456', { maxBuffer: 5, encoding: 'hex' }),
        '3132333435',
      );
      const latin1 = { maxBuffer: 5, encoding: 'latin1' };
      assert.strictEqual((await kept("printf 'ééééééé'", latin1)).length, 5);
    });

    it(`of ${name}: the ends of it`, async () => {
      const maxBuffer = { head: 4, tail: 6 };
      const ends = await start('printf begin; head -c 3000000 /dev/zero; printf the-end', {
        maxBuffer,
      });
      assert.strictEqual(ends.stdout, 'begi\n[... 3000002 bytes dropped ...]\nhe-end');
      assert.deepStrictEqual(ends.dropped, { stdout: 3_000_002, stderr: 0, all: 0 });
      assert.deepStrictEqual([ends.maxBufferExceeded, ends.failed], [true, false]);
      const few = await start('printf 0123456789; printf x >&2', { maxBuffer });
      assert.deepStrictEqual([few.stdout, few.stderr], ['0123456789', 'x']);
      assert.deepStrictEqual([few.dropped.stdout, few.maxBufferExceeded], [0, false]);
      const bytes = await start('printf 0123456789ab', { maxBuffer, encoding: 'buffer' });
      assert.strictEqual(String(bytes.stdout), '0123\n[... 2 bytes dropped ...]\n6789ab');
      const none = await start('printf 0123', { maxBuffer: { head: 0, tail: 0 } });
      assert.deepStrictEqual(
        [none.stdout, none.dropped.stdout],
        ['\n[... 4 bytes dropped ...]', 4],
      );
      const head = await start('seq 1000', { maxBuffer: { head: 4 }, all: true });
      assert.strictEqual(head.all, '1\n2\n\n[... 3889 bytes dropped ...]');
    });

    it(`of ${name}: the ends of it break no character`, async () => {
      const { stdout, dropped } = await start("printf 'aéxxxxéb'", {
        maxBuffer: { head: 2, tail: 2 },
      });
      assert.strictEqual(stdout, 'a\n[... 8 bytes dropped ...]\nb');
      assert.strictEqual(dropped.stdout, 8);
      const file = write('characters', Buffer.from('ab😀xxxx😀cd', 'utf16le'));
      for (const [encoding, head, tail, text, missing] of [
        ['utf16le', 5, 7, 'ab\n[... 16 bytes dropped ...]\ncd', 16],
        ['ucs2', 7, 6, 'ab\n[... 16 bytes dropped ...]\ncd', 16],
        ['UTF-16LE', 8, 8, 'ab😀\n[... 8 bytes dropped ...]\n😀cd', 8],
        ['utf16le', 1, 1, '\n[... 24 bytes dropped ...]', 24],
      ]) {
        const cut = await start(`cat ${file}`, { encoding, maxBuffer: { head, tail } });
        assert.strictEqual(cut.stdout, text);
        assert.strictEqual(cut.dropped.stdout, missing);
      }
      const loud = await start("printf 'aéxxxxéb'", {
        maxBuffer: { head: 2, tail: 2 },
        encoding: 'UTF-8',
      });
      assert.strictEqual(loud.stdout, stdout);
    });
  }

  it('of runSync() is bounded as a whole', () => {
    const shSync = (script, options) =>
      runSync('sh', ['-c', script], { reject: false, ...options });
    const { stdout, stderr } = shSync('printf ab >&2; sleep 0.3; printf 1234567', { maxBuffer: 6 });
    assert.deepStrictEqual([stdout, stderr], ['1234', 'ab']);
    assert.strictEqual(shSync("printf 'éé'", { maxBuffer: 3 }).stdout, 'é');
  });

  it('of some size does not pass through the loop', async () => {
    const { stdout } = await run('head', ['-c', '50000000', '/dev/zero'], { encoding: 'buffer' });
    assert.strictEqual(stdout.length, 50 * MEGABYTE);
    const ends = await run('head', ['-c', '200000000', '/dev/zero'], {
      encoding: 'buffer',
      maxBuffer: { head: 10, tail: 10 },
    });
    assert.strictEqual(ends.dropped.stdout, 200 * MEGABYTE - 20);
  });

  it('may be listened to as well, from any moment', async () => {
    const promise = sh('echo a; sleep 0.1; echo b', { maxBuffer: { head: 100, tail: 100 } });
    let heard = '';
    promise.child.stdout.on('data', (chunk) => {
      heard += chunk;
    });
    const other = sh('head -c 1000000 /dev/zero; echo; echo late');
    await once(other.child, 'spawn');
    other.child.stdout.on('data', () => {});
    assert.strictEqual((await promise).stdout, 'a\nb');
    assert.strictEqual(heard, 'a\nb\n');
    assert.strictEqual((await other).stdout.length, MEGABYTE + 5);
  });

  it('is collected though who listens does not read, or not soon', async () => {
    const script = 'echo a; sleep 0.05; echo b; head -c 70000 /dev/zero; echo c >&2';
    for (const options of [
      {},
      { encoding: 'latin1' },
      { encoding: 'buffer' },
      { maxBuffer: { head: MEGABYTE, tail: 0 } },
      { stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'ipc'] },
    ]) {
      const promise = sh(script, options);
      const { child } = promise;
      child.stdout.on('readable', () => {});
      child.stderr.on('readable', () => {});
      // As much as the stream and the pipe hold.
      const result = await promise;
      assert.strictEqual(result.stdout.length, 70_004);
      assert.strictEqual(String(result.stdout.slice(0, 4)), 'a\nb\n');
      assert.strictEqual(String(result.stderr), 'c');
      // And it is still there.
      let length = 0;
      for await (const chunk of child.stdout) length += chunk.length;
      assert.strictEqual(length, 70_004);
      child.stderr.read();
      await once(child, 'close');
    }
  });

  it('is collected once where somebody reads slowly', async () => {
    const promise = sh(
      'for i in 1 2 3 4 5; do echo $i; sleep 0.02; done; head -c 200000 /dev/zero',
    );
    let text = '';
    const reading = (async () => {
      for await (const chunk of promise.child.stdout) {
        text += chunk;
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    })();
    const { stdout } = await promise;
    assert.strictEqual(stdout, `1\n2\n3\n4\n5\n${'\0'.repeat(200_000)}`);
    await reading;
    assert.strictEqual(text, stdout);
  });

  it('is not collected where it is inherited or ignored', async () => {
    const { stdout, stderr } = await sh('echo a; echo b >&2', {
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    assert.deepStrictEqual([stdout, stderr], [undefined, undefined]);
  });

  it('over a channel comes whole, and a grandchild that holds it is not waited for', async () => {
    const stdio = ['ignore', 'pipe', 'pipe', 'ipc'];
    const start = Date.now();
    const { stdout } = await sh('sleep 60 & echo $!', { stdio });
    process.kill(Number(stdout), 'SIGKILL');
    assert.ok(Date.now() - start < PATIENCE_MS);
    // What was sent by the end of the program is in the channel, and somebody has it open.
    const lines =
      'for (let i = 0; i < 1000; i++) console.log(JSON.stringify({ i, pad: "x".repeat(50) }))';
    const script = `sleep 60 3>&3 & echo $!; exec "${process.execPath}" -e '${lines}' >&3`;
    const promise = sh(script, { stdio });
    const seen = [];
    promise.child.on('message', ({ i }) => seen.push(i));
    const isOver = once(promise.child, 'disconnect');
    process.kill(Number((await promise).stdout), 'SIGKILL');
    await isOver;
    assert.deepStrictEqual([seen.length, seen.at(-1)], [1000, 999]);
    assert.strictEqual(promise.child.connected, false);
  });

  it('beyond the third descriptor is the caller’s', async () => {
    const promise = sh('echo x >&3', { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
    let text = '';
    promise.child.stdio[3].setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    await promise;
    assert.strictEqual(text, 'x\n');
  });
});

describe('a loop over the lines', () => {
  async function lines(promise) {
    const all = [];
    for await (const line of promise) all.push(line);
    return all;
  }

  it('gets each, without its end', async () => {
    assert.deepStrictEqual(await lines(sh("printf 'a\\r\\n\\nb\\nc'")), ['a', '', 'b', 'c']);
    assert.deepStrictEqual(await lines(run('true')), []);
  });

  it('gets characters and lines whole, however they come', async () => {
    const script = "printf 'a\\303'; sleep 0.05; printf '\\251b'; sleep 0.05; printf 'c\\nd\\n'";
    assert.deepStrictEqual(await lines(sh(script)), ['aébc', 'd']);
  });

  it('gets lines also where the ends would be kept', async () => {
    const maxBuffer = { head: 2, tail: 2 };
    const script =
      "printf 'a\\303'; sleep 0.05; printf '\\251b\\nc\\nd'; sleep 0.05; printf 'e\\303'";
    assert.deepStrictEqual(await lines(sh(script, { maxBuffer })), ['aéb', 'c', 'de\ufffd']);
    const bytes = await lines(sh('seq 3', { maxBuffer, encoding: 'buffer' }));
    assert.strictEqual(String(Buffer.concat(bytes)), '1\n2\n3\n');
    const row = [];
    for await (const line of pipeline([['seq', '5'], ['cat']], { maxBuffer })) row.push(line);
    assert.deepStrictEqual(row, ['1', '2', '3', '4', '5']);
    // What came before the loop began was cut.
    const late = sh("printf 'abc\\nd\\303'; read x; printf '\\251\\ne'", {
      stdin: 'pipe',
      maxBuffer,
    });
    await once(late.child.stdout, 'data');
    const iterator = late[Symbol.asyncIterator]();
    late.child.stdin.end('go\n');
    assert.deepStrictEqual(await lines(iterator), ['ab', '[... 2 bytes dropped ...]', 'dé', 'e']);
  });

  it('gets both outputs in order, with all', async () => {
    assert.deepStrictEqual(await lines(sh('echo a; echo b >&2; echo c', { all: true })), [
      'a',
      'b',
      'c',
    ]);
  });

  it('gets bytes as they come, if it wants them', async () => {
    const chunks = await lines(sh('echo a; echo b', { encoding: 'buffer' }));
    assert.strictEqual(String(Buffer.concat(chunks)), 'a\nb\n');
  });

  it('throws at its end what the run has failed with, and nothing is unhandled', async () => {
    const seen = [];
    await assert.rejects(
      async () => {
        for await (const line of sh('echo a; echo b >&2; exit 5')) seen.push(line);
      },
      (error) => error instanceof RunError && error.code === 5 && error.stderr === 'b',
    );
    assert.deepStrictEqual(seen, ['a']);
    assert.deepStrictEqual(await lines(sh('echo a; exit 5', { reject: false })), ['a']);
  });

  it('makes the program wait, and keeps nothing', async () => {
    const promise = run('seq', ['200000']);
    let count = 0;
    for await (const _ of promise) {
      if (count++ === 10) {
        // It fills what is between us, and then waits.
        await new Promise((resolve) => setTimeout(resolve, 50));
        assert.strictEqual(promise.child.exitCode, null);
      }
    }
    assert.strictEqual(count, 200_000);
    assert.strictEqual((await promise).stdout, undefined);
  });

  it('that is left early leaves nothing behind', async () => {
    const before = countFds();
    const promise = run('yes');
    for await (const line of promise) {
      assert.strictEqual(line, 'y');
      break;
    }
    assert.ok(await waitGone(promise.child.pid, PATIENCE_MS));
    assert.ok(await until(() => countFds() <= before, PATIENCE_MS));
  });

  it('that is left at its last line ends the program as well', async () => {
    const script = 'printf last; exec >&- 2>&-; sleep 60';
    for (const promise of [sh(script), pipeline([['sh', '-c', script], ['cat']])]) {
      promise.catch(() => {});
      for await (const line of promise) {
        assert.strictEqual(line, 'last');
        break;
      }
      const { pid } = promise.child ?? promise.children[0];
      assert.ok(!fs.existsSync(`/proc/${pid}`));
    }
  });

  it('is left also while a line is waited for, or the end', async () => {
    for (const script of ['sleep 60', 'exec >&- 2>&-; sleep 60']) {
      const promise = sh(script);
      const iterator = promise[Symbol.asyncIterator]();
      const line = iterator.next();
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.deepStrictEqual(await iterator.return('why'), { value: 'why', done: true });
      assert.deepStrictEqual(await line, { value: undefined, done: true });
      assert.ok(!fs.existsSync(`/proc/${promise.child.pid}`));
    }
    const promise = run('sleep', ['60']);
    const stream = Readable.from(promise).resume();
    await once(promise.child, 'spawn');
    stream.destroy();
    await assert.rejects(promise, { signal: 'SIGTERM' });
  });

  it('is over when it was left, or has failed', async () => {
    const over = { value: undefined, done: true };
    const left = run('yes')[Symbol.asyncIterator]();
    assert.deepStrictEqual(await left.next(), { value: 'y', done: false });
    assert.deepStrictEqual(await left.return('why'), { value: 'why', done: true });
    assert.deepStrictEqual([await left.next(), await left.next()], [over, over]);
    const failed = sh('echo a; exit 5')[Symbol.asyncIterator]();
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => failed.next()));
    assert.deepStrictEqual(
      results.map(({ value, reason }) => value ?? reason.code),
      [{ value: 'a', done: false }, 5, over, over],
    );
    const promise = sh('echo a; sleep 60');
    const broken = promise[Symbol.asyncIterator]();
    await broken.next();
    promise.child.stdout.destroy(new Error('mine'));
    await assert.rejects(broken.next(), /mine/);
    assert.deepStrictEqual(await broken.next(), over);
    promise.child.kill();
    await assert.rejects(promise, RunError);
  });

  it('begins with what there was before', async () => {
    const promise = sh('echo early; sleep 0.2; echo late');
    await once(promise.child.stdout, 'data');
    assert.deepStrictEqual(await lines(promise), ['early', 'late']);
  });

  it('may begin when the program has long exited', async () => {
    const promise = sh('seq 1000');
    const iterator = promise[Symbol.asyncIterator]();
    await once(promise.child, 'exit');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.strictEqual((await lines(iterator)).length, 1000);
  });

  it('bounds the length of a line', async () => {
    const promise = run('cat', ['/dev/zero'], { maxBuffer: 300_000 });
    const error = await lines(promise).catch((error) => error);
    assert.ok(error instanceof RunError);
    assert.deepStrictEqual([error.maxBufferExceeded, error.signal], [true, 'SIGTERM']);
    // However it comes, and whatever comes before it.
    const long = 'é'.repeat(6);
    for (const script of [
      `printf 'a\\nb\\n${long}\\nc\\n'`,
      `printf 'a\\nb\\n${long}'; sleep 0.05; echo`,
      `printf 'a\\nb\\néé'; sleep 0.05; printf 'éééé\\n'`,
    ]) {
      const seen = [];
      const tooLong = await (async () => {
        for await (const line of sh(script, { maxBuffer: 11 })) seen.push(line);
      })().catch((error) => error);
      assert.ok(tooLong instanceof RunError, script);
      assert.strictEqual(tooLong.cause.code, 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER');
      assert.deepStrictEqual(seen, ['a', 'b']);
    }
    assert.deepStrictEqual(await lines(sh(`printf '${long}\\n${long}'`, { maxBuffer: 12 })), [
      long,
      long,
    ]);
  });

  it('needs a pipe', async () => {
    const promise = run('true', { stdout: 'ignore' });
    assert.throws(() => promise[Symbol.asyncIterator](), { code: 'ERR_INVALID_STATE' });
    await promise;
    // That is all there is to tell: the loop had the only promise.
    await assert.rejects(lines(run('false', { stdout: 'ignore' })), { code: 'ERR_INVALID_STATE' });
  });

  it('can be had once', async () => {
    const promise = sh('echo a');
    assert.deepStrictEqual(await lines(promise), ['a']);
    const again = { name: 'TypeError', code: 'ERR_INVALID_STATE', message: /iterated over before/ };
    await assert.rejects(lines(promise), again);
    const failing = sh('sleep 0.1; exit 5');
    const first = failing[Symbol.asyncIterator]();
    await assert.rejects(lines(failing), again);
    await assert.rejects(first.next(), RunError);
  });

  it('throws at its end that nothing was started', async () => {
    const long = 'x'.repeat(3 * MEGABYTE);
    for (const [start, code] of [
      [(options) => run('echo', { ...options, signal: AbortSignal.abort() }), 'ABORT_ERR'],
      [(options) => run('echo', [long], options), 'E2BIG'],
      [(options) => run('/nonexistent/program', options), 'ENOENT'],
    ]) {
      const error = await lines(start()).catch((error) => error);
      assert.ok(error instanceof RunError, String(error));
      assert.strictEqual(error.code, code);
      assert.deepStrictEqual(await lines(start({ reject: false })), []);
      for await (const line of start({ reject: false })) assert.fail(line);
    }
  });
});
