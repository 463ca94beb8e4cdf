'use strict';
// Streams that bring tens of megabytes as fast as they are read. Which chunks they come in is nobody's
// business; the bytes, their order, the events around them, and how far a paused stream is read are.

const { createHash } = require('node:crypto');
const { once } = require('node:events');
const stream = require('node:stream');
const { until } = require('../../helpers/processes.js');

const MIB = 1024 * 1024;
const BYTES = 48 * MIB;

/** Bytes that tell where they stand: numbers, each on a line of its own. */
const numbers = `seq 1 9999999 | head -c ${BYTES}`;
const shell = (t, script, options) => t.cp.spawn('sh', ['-c', script], options);

/** Counts and digests what a stream brings. */
function meter(readable) {
  const hash = createHash('sha1');
  const meter = { bytes: 0, digest: () => hash.copy().digest('hex') };
  meter.take = (chunk) => {
    meter.bytes += chunk.length;
    hash.update(chunk);
  };
  readable?.on('data', meter.take);
  return meter;
}

module.exports = {
  'all comes in order, before the exit is told': async (t) => {
    const child = shell(t, numbers);
    const read = meter(child.stdout);
    child.stdout.on('end', () => t.log('end', read.bytes));
    child.on('exit', (...args) => t.log('exit', ...args, read.bytes));
    await t.closed(child);
    t.log(read.digest(), child.stdout.bytesRead);
  },

  'pausing again and again loses nothing': async (t) => {
    const child = shell(t, numbers);
    const read = meter(child.stdout);
    let next = 3 * MIB;
    child.stdout.on('data', () => {
      if (read.bytes < next) return;
      next += 5 * MIB;
      child.stdout.pause();
      setTimeout(() => child.stdout.resume(), 5);
    });
    await t.closed(child);
    t.log(read.bytes, read.digest());
  },

  'a stream that is paused is not read much further': async (t) => {
    const child = shell(t, 'exec cat /dev/zero');
    const read = meter(child.stdout);
    await until(() => read.bytes > 20 * MIB);
    child.stdout.pause();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { readableLength } = child.stdout;
    t.log(readableLength <= 320 * 1024, child.stdout.bytesRead === read.bytes + readableLength);
    child.kill('SIGKILL');
    child.stdout.resume();
    await t.closed(child);
    t.log(child.stdout.bytesRead === read.bytes);
  },

  'text of many bytes a character is decoded': async (t) => {
    const child = shell(t, `yes 'aß€😀' | head -c ${22 * MIB}`);
    child.stdout.setEncoding('utf8');
    const hash = createHash('sha1');
    let length = 0;
    child.stdout.on('data', (text) => {
      length += text.length;
      hash.update(text);
    });
    await t.closed(child);
    t.log(length, hash.digest('hex'));
  },

  'it can be piped, iterated, and read by hand': async (t) => {
    const piped = shell(t, numbers);
    const sink = meter();
    const slow = new stream.Writable({
      write(chunk, _encoding, done) {
        sink.take(chunk);
        if (sink.bytes % 7 === 0) setTimeout(done, 1);
        else setImmediate(done);
      },
    });
    piped.stdout.pipe(slow);
    await once(slow, 'finish');
    t.log('pipe', sink.bytes, sink.digest());

    const iterated = meter();
    for await (const chunk of shell(t, numbers).stdout) iterated.take(chunk);
    t.log('iterate', iterated.bytes, iterated.digest());

    const byHand = meter();
    const { stdout } = shell(t, numbers);
    stdout.on('readable', () => {
      for (let chunk = stdout.read(); chunk !== null; chunk = stdout.read()) byHand.take(chunk);
    });
    await once(stdout, 'end');
    t.log('read', byHand.bytes, byHand.digest());
  },

  'a change of readers in the middle': async (t) => {
    const child = shell(t, numbers);
    const first = meter(child.stdout);
    await until(() => first.bytes > 16 * MIB);
    child.stdout.removeListener('data', first.take);
    child.stdout.pause();
    const second = meter();
    child.stdout.on('readable', () => {
      for (let chunk = child.stdout.read(); chunk !== null; chunk = child.stdout.read()) {
        second.take(chunk);
      }
    });
    await t.closed(child);
    t.log(first.bytes + second.bytes, child.stdout.bytesRead);
  },

  'destroyed in the middle, it lets go of the child': async (t) => {
    const child = shell(t, 'exec cat /dev/zero');
    const read = meter(child.stdout);
    await until(() => read.bytes > 20 * MIB);
    child.stdout.on('close', () => t.log('stream closed'));
    child.stdout.destroy();
    const [code, signal] = await t.closed(child);
    t.log(code === 1 || signal === 'SIGPIPE');
    const after = read.bytes;
    await new Promise((resolve) => setTimeout(resolve, 20));
    t.log(read.bytes === after);
  },

  'handed to another child, what was read is not lost': async (t) => {
    const child = shell(t, `${numbers}; echo end`);
    const read = meter(child.stdout);
    await until(() => read.bytes > 16 * MIB);
    child.stdout.pause();
    const counter = t.cp.spawn('wc', ['-c'], { stdio: [child.stdout, 'pipe', 'ignore'] });
    const rest = Number(await t.text(counter.stdout));
    const here = read.bytes + child.stdout.readableLength;
    t.log(rest > 0, here + rest);
  },

  'written to in the middle, which is rare': async (t) => {
    const child = shell(t, `head -c ${20 * MIB} /dev/zero; read x <&1; echo "got $x"`);
    const read = meter(child.stdout);
    let last = '';
    child.stdout.on('data', (chunk) => {
      last = (last + chunk.subarray(-20).toString('latin1')).slice(-20);
    });
    await until(() => read.bytes > 10 * MIB);
    child.stdout.write('line\n');
    await t.closed(child);
    t.log(read.bytes, last.slice(last.indexOf('g')));
  },

  'its memory is the receiver’s own': async (t) => {
    const child = shell(t, numbers);
    const read = meter();
    const moved = [];
    child.stdout.on('data', (chunk) => {
      read.take(chunk);
      // Chunks that stand in memory of their own can be given to a worker thread.
      if (chunk.byteLength === chunk.buffer.byteLength && chunk.byteLength >= 64 * 1024) {
        moved.push(structuredClone(chunk, { transfer: [chunk.buffer] }).byteLength);
      }
    });
    await t.closed(child);
    t.log(read.bytes, read.digest());
  },

  'two at once, and children that come and go beside them': async (t) => {
    const fast = [shell(t, numbers), shell(t, `${numbers} >&2`)];
    const meters = [meter(fast[0].stdout), meter(fast[1].stderr)];
    const ends = Promise.all(fast.map((child) => t.closed(child)));
    for (let round = 0; round < 20; round++) await t.closed(t.cp.spawn('true'));
    await ends;
    t.log(meters.map((read) => [read.bytes, read.digest()]));
  },
};
