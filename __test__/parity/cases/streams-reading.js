'use strict';
// Reading what a child writes: decoding, pausing, bounds on what is read ahead, half-closed and
// destroyed streams, and the ways of Node's stream library.

const crypto = require('node:crypto');
const { once } = require('node:events');
const stream = require('node:stream');
const { finished, pipeline } = require('node:stream/promises');
const { until } = require('../../helpers/processes.js');

const MIB = 1024 * 1024;
const shell = (t, script, options) => t.cp.spawn('sh', ['-c', script], options);

/**
 * Whether a child came to its end by writing into a closed stream. With output of its own still
 * unread there, the kernel says ECONNRESET once, which is no SIGPIPE.
 */
function broken([code, signal]) {
  return code === 1 || signal === 'SIGPIPE';
}

/** A cat whose stdin the case feeds byte by byte, so that it decides where the chunks break. */
async function feed(t, bytes, encoding) {
  const child = t.cp.spawn('cat');
  child.stdout.setEncoding(encoding);
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  for (const [index, byte] of bytes.entries()) {
    child.stdin.write(Buffer.of(byte));
    await until(() => child.stdout.bytesRead === index + 1);
  }
  child.stdin.end();
  await t.closed(child);
  return chunks;
}

module.exports = {
  'characters that are split over chunks are put together': async (t) => {
    t.log('utf8', await feed(t, Buffer.from('aß€😀z'), 'utf8'));
    t.log('utf16le', await feed(t, Buffer.from('aß€😀z', 'utf16le'), 'utf16le'));
    t.log('base64', await feed(t, Buffer.from('seven b'), 'base64'));
    t.log('hex', await feed(t, Buffer.from([0, 255, 16]), 'hex'));
    t.log('latin1', await feed(t, Buffer.from([0xe4, 0xff]), 'latin1'));
    t.log('ascii', await feed(t, Buffer.from([0xe4, 0x41]), 'ascii'));
  },

  'an incomplete character at the end becomes a replacement character': async (t) => {
    t.log('utf8', await feed(t, Buffer.from('a€').subarray(0, 3), 'utf8'));
    t.log('utf16le', await feed(t, Buffer.from('ab', 'utf16le').subarray(0, 3), 'utf16le'));
    t.log('invalid', await feed(t, [0x61, 0xff, 0x62], 'utf8'));
  },

  'setEncoding returns the stream and refuses unknown encodings': async (t) => {
    const child = t.cp.spawn('true');
    t.log(child.stdout.setEncoding('utf8') === child.stdout, child.stdout.readableEncoding);
    t.attempt('unknown', () => child.stdout.setEncoding('utf-99'));
    await t.closed(child);
  },

  'without an encoding the chunks are Buffers': async (t) => {
    const child = t.cp.spawn('echo', ['bytes']);
    child.stdout.on('data', (chunk) => t.log(Buffer.isBuffer(chunk), chunk));
    await t.closed(child);
  },

  'chunks are memory of their own': async (t) => {
    const child = t.cp.spawn('cat');
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    for (const word of ['first', 'other', 'third']) {
      const count = chunks.length;
      child.stdin.write(word);
      await until(() => chunks.length > count);
    }
    child.stdin.end();
    await t.closed(child);
    t.log(chunks.map(String));
    // A worker can be given the memory only if it is V8's own.
    const copy = structuredClone(chunks[0].buffer, { transfer: [chunks[0].buffer] });
    t.log(copy.byteLength > 0, chunks[0].length, chunks[1].length);
  },

  'a paused stream gives no data until it is resumed': async (t) => {
    const child = t.cp.spawn('cat');
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.stdin.write('one ');
    await until(() => text === 'one ');
    t.log(child.stdout.pause() === child.stdout, child.stdout.isPaused());
    child.stdin.write('two');
    await until(() => child.stdout.readableLength === 3);
    t.log(text, child.stdout.readableFlowing, child.stdout.readableLength);
    child.stdout.resume();
    await until(() => text === 'one two');
    t.log(text, child.stdout.isPaused());
    child.stdin.end();
    t.log(await t.closed(child));
  },

  'pause within a data listener holds the next chunk back': async (t) => {
    const child = t.cp.spawn('cat');
    const seen = [];
    child.stdout.on('data', (chunk) => {
      seen.push(String(chunk));
      child.stdout.pause();
      setTimeout(() => child.stdout.resume(), 5);
    });
    for (const word of ['a', 'b', 'c']) {
      child.stdin.write(word);
      await until(() => seen.join('').includes(word));
    }
    child.stdin.end();
    t.log(await t.closed(child), seen);
  },

  'the output that a paused parent takes in is bounded': async (t) => {
    const child = shell(t, 'head -c 20000000 /dev/zero');
    let total = 0;
    child.stdout.once('data', (chunk) => {
      total += chunk.length;
      child.stdout.pause();
      child.stdout.on('data', (more) => {
        total += more.length;
      });
    });
    await until(() => child.stdout.isPaused() && !child.stdout._handle.reading);
    await t.sleep(30);
    const { readableLength, readableHighWaterMark } = child.stdout;
    t.log(readableLength >= readableHighWaterMark, readableLength <= readableHighWaterMark + 65536);
    t.log('still there', child.exitCode, total < 1_000_000);
    child.stdout.resume();
    t.log(await t.closed(child), total);
  },

  'a child whose output nobody reads is held up': async (t) => {
    const child = shell(t, 'head -c 20000000 /dev/zero');
    await until(() => child.stdout.readableLength > 0 && !child.stdout._handle.reading);
    await t.sleep(30);
    const { readableLength, readableHighWaterMark } = child.stdout;
    t.log(readableLength <= readableHighWaterMark + 65536, child.exitCode);
    let total = 0;
    child.stdout.on('data', (chunk) => {
      total += chunk.length;
    });
    t.log(await t.closed(child), total);
  },

  'readable and read give what was asked for': async (t) => {
    const child = t.cp.spawn('cat');
    const closed = t.closed(child);
    child.stdin.write('abcdefghij');
    await until(() => child.stdout.readableLength === 10);
    t.log(child.stdout.read(3), child.stdout.readableLength);
    child.stdout.unshift(Buffer.from('ABC'));
    t.log(child.stdout.read(4), child.stdout.read(100), child.stdout.readableLength);
    t.log(child.stdout.read(), child.stdout.read());
    child.stdin.end();
    t.log(await closed, child.stdout.readableEnded);
  },

  'async iteration gives all and ends': async (t) => {
    const child = shell(t, 'echo one; echo two; exit 3');
    const closed = t.closed(child);
    let text = '';
    for await (const chunk of child.stdout) text += chunk;
    t.log(text, child.stdout.destroyed, await closed);
  },

  'leaving an iteration destroys the stream': async (t) => {
    const child = t.cp.spawn('yes');
    const closed = t.closed(child);
    for await (const chunk of child.stdout) {
      t.log(String(chunk.subarray(0, 2)));
      break;
    }
    t.log(child.stdout.destroyed, broken(await closed));
  },

  'an iteration over a stream that is destroyed with an error throws it': async (t) => {
    const child = t.cp.spawn('yes');
    const closed = t.closed(child);
    try {
      for await (const _chunk of child.stdout) child.stdout.destroy(new Error('enough'));
    } catch (error) {
      t.log(error);
    }
    t.log(broken(await closed));
  },

  'an iteration over a stream that is destroyed without one throws too': async (t) => {
    const child = t.cp.spawn('yes');
    const closed = t.closed(child);
    try {
      for await (const _chunk of child.stdout) child.stdout.destroy();
      t.log('ended');
    } catch (error) {
      t.log(error.name, error.code);
    }
    t.log(broken(await closed));
  },

  'the iterator helpers work': async (t) => {
    const child = shell(t, 'echo b; echo a');
    const chunks = await child.stdout.map(String).toArray();
    t.log(chunks.join(''));
  },

  'a web stream can be made of stdout': async (t) => {
    const child = t.cp.spawn('echo', ['for the web']);
    let text = '';
    for await (const chunk of stream.Readable.toWeb(child.stdout)) text += Buffer.from(chunk);
    t.log(text);
  },

  'a chain of pipes carries all bytes unchanged': async (t) => {
    const bytes = crypto.randomBytes(3 * MIB);
    const first = t.cp.spawn('cat');
    const second = t.cp.spawn('cat');
    const closed = Promise.all([t.closed(first), t.closed(second)]);
    stream.Readable.from([bytes.subarray(0, MIB), bytes.subarray(MIB)]).pipe(first.stdin);
    first.stdout.pipe(second.stdin);
    const received = crypto.createHash('sha256');
    for await (const chunk of second.stdout) received.update(chunk);
    t.log(received.digest('hex') === crypto.createHash('sha256').update(bytes).digest('hex'));
    t.log(await closed);
  },

  'pipe and unpipe are told to the destination': async (t) => {
    const child = t.cp.spawn('cat');
    const sink = new stream.PassThrough();
    sink.on('pipe', (source) => t.log('pipe', source === child.stdout));
    sink.on('unpipe', (source) => t.log('unpipe', source === child.stdout));
    child.stdout.pipe(sink);
    child.stdin.write('through');
    t.log(String((await once(sink, 'data'))[0]));
    child.stdout.unpipe(sink);
    t.log('flowing', child.stdout.readableFlowing);
    child.stdin.end();
    t.log(await t.closed(child), sink.writableEnded);
  },

  'pipeline resolves when all is through': async (t) => {
    const child = t.cp.spawn('tr', ['a-z', 'A-Z']);
    const closed = t.closed(child);
    const sink = new stream.PassThrough();
    const text = t.text(sink);
    await Promise.all([
      pipeline(stream.Readable.from(['some ', 'words']), child.stdin),
      pipeline(child.stdout, sink),
    ]);
    t.log(await text, await closed);
  },

  'pipeline through a generator ends the next process': async (t) => {
    const first = t.cp.spawn('printf', ['1\\n2\\n3\\n']);
    const second = t.cp.spawn('cat');
    const text = t.text(second.stdout);
    await pipeline(
      first.stdout,
      async function* double(source) {
        for await (const chunk of source) yield `${chunk}${chunk}`;
      },
      second.stdin,
    );
    t.log(await text);
  },

  'pipeline rejects when the child closes its stdin': async (t) => {
    const child = shell(t, 'exec 0<&-; echo closed; read x <&3', {
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
    });
    await once(child.stdout, 'data');
    try {
      await pipeline(stream.Readable.from([Buffer.alloc(MIB)]), child.stdin);
    } catch (error) {
      t.log(error.code, error.syscall, error.message);
    }
    child.stdio[3].end('\n');
    t.log(await t.closed(child), child.stdin.destroyed);
  },

  'pipeline can be aborted': async (t) => {
    const child = t.cp.spawn('yes');
    const closed = t.closed(child);
    const controller = new AbortController();
    const sink = new stream.Writable({ write: (_chunk, _encoding, done) => setImmediate(done) });
    child.stdout.once('data', () => controller.abort());
    try {
      await pipeline(child.stdout, sink, { signal: controller.signal });
    } catch (error) {
      t.log(error.name, error.code);
    }
    t.log(child.stdout.destroyed, broken(await closed));
  },

  'finished tells of the end of each side': async (t) => {
    const child = t.cp.spawn('cat');
    child.stdout.resume();
    child.stderr.resume();
    const ends = Promise.all([
      finished(child.stdin),
      finished(child.stdout),
      finished(child.stderr),
      finished(child.stdout, { writable: false }),
    ]);
    child.stdin.end('text');
    t.log((await ends).length, await until(() => child.exitCode !== null));
  },

  'finished rejects with the error that destroyed the stream': async (t) => {
    const child = t.cp.spawn('cat');
    const closed = t.closed(child);
    const end = finished(child.stdout);
    child.stdout.destroy(new Error('gone'));
    t.log(await end.catch((error) => error));
    const early = finished(child.stderr);
    child.stderr.destroy();
    t.log(await early.catch((error) => error.code));
    child.stdin.end();
    t.log(await closed);
  },

  'destroying stdout while it flows ends the writer': async (t) => {
    const child = t.cp.spawn('yes');
    const closed = t.closed(child);
    child.stdout.on('close', (...args) => t.log('stdout close', ...args));
    child.stdout.on('end', () => t.log('stdout end'));
    child.stdout.on('error', (error) => t.log('stdout error', error));
    await once(child.stdout, 'data');
    t.log(child.stdout.destroy() === child.stdout, child.stdout.destroyed);
    t.log(broken(await closed));
  },

  'a child that writes into a destroyed stdout gets SIGPIPE': async (t) => {
    const child = shell(t, 'echo ready; read x; echo more; echo not reached');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await until(() => child.stdout.closed);
    child.stdin.end('\n');
    t.log(await t.closed(child));
  },

  'a node child gets EPIPE when its stdout is destroyed': async (t) => {
    const source = `process.stdout.on('error', (error) => {
      console.error(error.code, error.syscall);
      process.exit(3);
    });
    setInterval(() => process.stdout.write('x'), 1);`;
    const child = t.cp.spawn(t.node, ['-e', source]);
    const closed = t.closed(child);
    const text = t.text(child.stderr);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    t.log(await text, await closed);
  },

  'destroying stdout with an error emits it, then close': async (t) => {
    const child = t.cp.spawn('cat');
    child.stdout.on('error', (error) => t.log('error', error));
    child.stdout.on('close', (...args) => t.log('close', ...args));
    child.stdout.on('end', () => t.log('end'));
    child.stdout.destroy(new Error('on purpose'));
    await until(() => child.stdout.closed);
    t.log(child.stdout.errored, child.stdout.readableAborted);
    child.stdin.end();
    t.log(await t.closed(child));
  },

  'a destroyed stdin is an end of file for the child': async (t) => {
    const child = t.cp.spawn('cat');
    child.stdin.on('close', (...args) => t.log('stdin close', ...args));
    child.stdin.on('finish', () => t.log('stdin finish'));
    child.stdin.destroy();
    t.log(await t.closed(child));
  },

  'output goes on after stdin has ended': async (t) => {
    const child = shell(t, 'cat >/dev/null; echo after the end; echo and more >&2');
    const closed = t.closed(child);
    child.stdin.end('input');
    t.log(await Promise.all([t.text(child.stdout), t.text(child.stderr)]), await closed);
  },

  'an extra pipe can be half closed': async (t) => {
    const child = shell(t, 'cat <&3 >/dev/null; echo answer >&3', {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    const closed = t.closed(child);
    const pipe = child.stdio[3];
    pipe.on('finish', () => t.log('finish'));
    pipe.end('question');
    t.log(await t.text(pipe), await closed);
  },

  'the end of the child on an extra pipe ends our side too': async (t) => {
    const child = shell(t, 'echo bye >&3; exec 3>&-; read x', {
      stdio: ['pipe', 'ignore', 'inherit', 'pipe'],
    });
    const seen = [];
    for (const event of ['end', 'finish', 'close'])
      child.stdio[3].on(event, () => seen.push(event));
    child.stdio[3].resume();
    await until(() => seen.length === 3);
    t.log(seen, child.stdio[3].writable, child.exitCode);
    child.stdin.end();
    await t.closed(child);
  },

  'what the child left unread of an extra pipe resets it': async (t) => {
    const child = shell(t, 'read x', { stdio: ['pipe', 'ignore', 'inherit', 'pipe'] });
    child.stdio[3].on('error', (error) => t.log('error', error));
    child.stdio[3].on('close', (...args) => t.log('close', ...args));
    child.stdio[3].write('never read');
    child.stdin.end('\n');
    t.log(await t.closed(child));
    await until(() => child.stdio[3].closed);
  },

  'stdout can be written to, and the child can read it there': async (t) => {
    const child = shell(t, 'head -c 3 <&1 >&2; echo done');
    const closed = t.closed(child);
    t.log(child.stdout.writable, child.stdout.write('abc'));
    t.log(await Promise.all([t.text(child.stdout), t.text(child.stderr)]), await closed);
  },

  'ending stdout closes its writable side only': async (t) => {
    const child = shell(t, 'read x; echo "got $x"');
    const closed = t.closed(child);
    child.stdout.on('finish', () => t.log('finish'));
    child.stdout.end();
    await until(() => child.stdout.writableFinished);
    t.log(child.stdout.readable, child.stdout.writable, child.stdout.readyState);
    child.stdin.end('line\n');
    t.log(await t.text(child.stdout), await closed);
  },

  'what the child left unread of its stdout resets it': async (t) => {
    const child = shell(t, 'read x');
    child.stdout.on('error', (error) => t.log('error', error));
    child.stdout.on('close', (...args) => t.log('close', ...args));
    child.stdout.write('never read');
    child.stdin.end('\n');
    t.log(await t.closed(child));
    await until(() => child.stdout.closed);
  },
};
