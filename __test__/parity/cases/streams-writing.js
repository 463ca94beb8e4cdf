'use strict';
// Writing to a child: chunks and encodings, callbacks, back-pressure, corking, big transfers both
// ways, and the errors of a stream that has ended or whose reader is gone.

const crypto = require('node:crypto');
const { once } = require('node:events');
const { until } = require('../../helpers/processes.js');

const MIB = 1024 * 1024;
const shell = (t, script, options) => t.cp.spawn('sh', ['-c', script], options);

const digest = (data) => crypto.createHash('sha256').update(data).digest('hex');

/** What a cat gives back of whatever `write` puts into its stdin, as hex. */
async function echoed(t, write) {
  const child = t.cp.spawn('cat');
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  const closed = t.closed(child);
  await write(child.stdin);
  child.stdin.end();
  await closed;
  return Buffer.concat(chunks).toString('hex');
}

/** A child that has closed its stdin, and says so before anything is written to it. */
async function deaf(t) {
  const child = shell(t, 'exec 0<&-; echo closed; read x <&3', {
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  });
  child.stdio[3].on('error', () => {});
  await once(child.stdout, 'data');
  return child;
}

/** A child that takes nothing from its stdin until descriptor 3 is written to, and then all. */
function slow(t) {
  return shell(t, 'read x <&3; exec cat', { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] });
}

module.exports = {
  'strings are written in the encoding that is given': async (t) => {
    for (const encoding of [undefined, 'utf8', 'latin1', 'binary', 'ascii', 'ucs2', 'utf16le']) {
      t.log(encoding, await echoed(t, (stdin) => stdin.write('aä€', encoding)));
    }
    t.log('hex', await echoed(t, (stdin) => stdin.write('00ff7f', 'hex')));
    t.log('base64', await echoed(t, (stdin) => stdin.write('AP9/', 'base64')));
    t.log('base64url', await echoed(t, (stdin) => stdin.write('AP9_', 'base64url')));
    t.log('case', await echoed(t, (stdin) => stdin.write('ä', 'LATIN1')));
  },

  'the default encoding can be changed': async (t) => {
    const hex = await echoed(t, (stdin) => {
      t.log(stdin.setDefaultEncoding('latin1') === stdin);
      stdin.write('ä');
      stdin.write('ä', 'utf8');
    });
    t.log(hex);
    t.attempt('unknown', () => t.cp.spawn('true').stdin.setDefaultEncoding('utf-99'));
  },

  'typed arrays and views are written as their bytes': async (t) => {
    t.log('Uint8Array', await echoed(t, (stdin) => stdin.write(new Uint8Array([1, 2, 3]))));
    const part = new Uint8Array(new ArrayBuffer(8), 2, 3).fill(7);
    t.log('part of a buffer', await echoed(t, (stdin) => stdin.write(part)));
    t.log('Buffer', await echoed(t, (stdin) => stdin.write(Buffer.from('text'))));
    const words = new Uint16Array([258, 772]);
    for (const [name, chunk] of Object.entries({ words, view: new DataView(words.buffer) })) {
      await echoed(t, (stdin) => {
        stdin.on('error', () => {});
        try {
          stdin.write(chunk);
          t.log(name, 'written');
        } catch (error) {
          t.log(name, error.code);
        }
      });
    }
  },

  'other chunks are refused by a throw': async (t) => {
    const child = t.cp.spawn('cat');
    for (const chunk of [undefined, null, 1, true, {}, [], Symbol('chunk'), () => {}, 1n]) {
      t.attempt(`write ${typeof chunk}`, () => child.stdin.write(chunk));
    }
    t.attempt('encoding', () => child.stdin.write('text', 'utf-99'));
    t.log(child.stdin.destroyed, child.stdin.writable);
    child.stdin.end();
    t.log(await t.closed(child));
  },

  'empty chunks are written and called back': async (t) => {
    const hex = await echoed(t, async (stdin) => {
      await new Promise((resolve) => stdin.write('', resolve));
      await new Promise((resolve) => stdin.write(Buffer.alloc(0), resolve));
      t.log('called back', stdin.bytesWritten);
      stdin.write('x');
    });
    t.log(hex);
  },

  'callbacks come in order, after write has returned': async (t) => {
    const child = t.cp.spawn('cat');
    child.stdout.resume();
    for (const word of ['one', 'two', 'three']) {
      child.stdin.write(word, (...args) => t.log('written', word, ...args));
    }
    t.log('all handed over');
    child.stdin.end('four', (...args) => t.log('end', ...args));
    child.stdin.on('finish', () => t.log('finish'));
    t.log(await t.closed(child));
  },

  'what is written in the tick of the spawn arrives': async (t) => {
    const child = t.cp.spawn('cat');
    child.stdin.write('early ');
    child.stdin.end('bird');
    t.log(await t.text(child.stdout));
  },

  'write returns false past the high-water mark, and drain comes once it is taken': async (t) => {
    const child = slow(t);
    const chunk = Buffer.alloc(65536, 'x');
    let written = 0;
    let more = true;
    while (more) {
      more = child.stdin.write(chunk);
      written += chunk.length;
    }
    t.log(child.stdin.writableNeedDrain, child.stdin.writableLength > 0);
    t.log(child.stdin.bytesWritten === written);
    let drained = 0;
    child.stdin.on('drain', () => drained++);
    await t.sleep(20);
    t.log('before the child reads', drained);
    let total = 0;
    child.stdout.on('data', (data) => {
      total += data.length;
    });
    child.stdio[3].end('\n');
    await until(() => drained > 0);
    t.log(drained, child.stdin.writableLength, child.stdin.writableNeedDrain);
    child.stdin.end();
    t.log(await t.closed(child), total === written);
  },

  'small writes to an idle child return true': async (t) => {
    const child = slow(t);
    const returned = Array.from({ length: 20 }, () => child.stdin.write('small'));
    t.log(returned.every(Boolean), child.stdin.writableLength);
    child.stdio[3].end('\n');
    child.stdin.end();
    t.log((await t.text(child.stdout)).length);
  },

  'a writer that heeds drain gets everything through': async (t) => {
    const child = t.cp.spawn('cat');
    const closed = t.closed(child);
    let received = 0;
    child.stdout.on('data', (chunk) => {
      received += chunk.length;
    });
    const chunk = Buffer.alloc(100_000);
    for (let i = 0; i < 40; i++) if (!child.stdin.write(chunk)) await once(child.stdin, 'drain');
    child.stdin.end();
    t.log(await closed, received);
  },

  'callbacks of a write that was not taken at once come when it is': async (t) => {
    const child = slow(t);
    const seen = [];
    child.stdin.write(Buffer.alloc(2 * MIB), () => seen.push('big'));
    child.stdin.write('small', () => seen.push('small'));
    await t.sleep(20);
    t.log('before', seen);
    child.stdout.resume();
    child.stdio[3].end('\n');
    await until(() => seen.length === 2);
    t.log('after', seen);
    child.stdin.end();
    t.log(await t.closed(child));
  },

  'eight megabytes go out and come back unchanged in one write': async (t) => {
    const child = t.cp.spawn('cat');
    const closed = t.closed(child);
    const bytes = crypto.randomBytes(8 * MIB);
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stdin.end(bytes);
    t.log(await closed, digest(Buffer.concat(chunks)) === digest(bytes));
    t.log(child.stdin.bytesWritten, child.stdout.bytesRead);
  },

  'eight megabytes of text go out and come back unchanged': async (t) => {
    const child = t.cp.spawn('cat');
    const text = 'aß€😀'.repeat(MIB);
    const back = t.text(child.stdout);
    child.stdin.end(text);
    t.log((await back) === text);
  },

  'many small writes arrive in order': async (t) => {
    const child = t.cp.spawn('cat');
    const back = t.text(child.stdout);
    let all = '';
    for (let i = 0; i < 5000; i++) {
      const line = `line ${i}\n`;
      all += line;
      child.stdin.write(line, i % 2 ? 'latin1' : 'utf8');
    }
    child.stdin.end();
    t.log((await back) === all);
  },

  'big output of a child arrives whole on both streams': async (t) => {
    const child = shell(t, 'head -c 3000000 /dev/zero & head -c 3000000 /dev/zero >&2; wait');
    const lengths = { stdout: 0, stderr: 0 };
    for (const name of ['stdout', 'stderr']) {
      child[name].on('data', (chunk) => {
        lengths[name] += chunk.length;
      });
    }
    t.log(await t.closed(child), lengths);
  },

  'corked writes go out together': async (t) => {
    const child = t.cp.spawn('cat');
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(String(chunk)));
    child.stdin.cork();
    child.stdin.cork();
    child.stdin.write('one ');
    child.stdin.write(Buffer.from('two '));
    child.stdin.write('7468726565', 'hex');
    t.log(child.stdin.writableCorked, child.stdin.writableLength);
    child.stdin.uncork();
    t.log(child.stdin.writableCorked, child.stdin.writableLength);
    child.stdin.uncork();
    t.log(child.stdin.writableCorked, child.stdin.writableLength);
    await until(() => chunks.length > 0);
    t.log(chunks);
    child.stdin.end();
    t.log(await t.closed(child), chunks.length);
  },

  'end uncorks': async (t) => {
    const child = t.cp.spawn('cat');
    child.stdin.cork();
    child.stdin.write('corked, ');
    child.stdin.end('then ended');
    t.log(await t.text(child.stdout));
  },

  'many corked chunks arrive whole': async (t) => {
    const child = t.cp.spawn('cat');
    const back = t.text(child.stdout);
    child.stdin.cork();
    let all = '';
    let called = 0;
    for (let i = 0; i < 3000; i++) {
      const word = `${i} `;
      all += word;
      child.stdin.write(i % 3 ? word : Buffer.from(word), () => called++);
    }
    child.stdin.uncork();
    child.stdin.end();
    t.log((await back) === all, called);
  },

  'a write after the end is an error event and an error of the callback': async (t) => {
    const child = t.cp.spawn('cat');
    child.stdout.resume();
    child.stdin.on('error', (error) => t.log('error', error));
    child.stdin.on('close', (...args) => t.log('close', ...args));
    child.stdin.end('last words');
    t.log(child.stdin.write('too late', (error) => t.log('callback', error.code)));
    t.log(child.stdin.writable, child.stdin.writableEnded);
    t.log(await t.closed(child));
    await until(() => child.stdin.closed);
  },

  'a second end is harmless without data and an error with it': async (t) => {
    const child = t.cp.spawn('cat');
    child.stdout.resume();
    child.stdin.on('error', (error) => t.log('error', error));
    child.stdin.end('first');
    child.stdin.end();
    child.stdin.end((error) => t.log('callback', error ?? null));
    t.log(await t.closed(child));
    const other = t.cp.spawn('cat');
    other.stdout.resume();
    other.stdin.on('error', (error) => t.log('other error', error));
    other.stdin.end('first');
    other.stdin.end('second');
    t.log(await t.closed(other));
  },

  'end on a finished stream reports so to its callback': async (t) => {
    const child = t.cp.spawn('cat');
    child.stdout.resume();
    child.stdin.end();
    await once(child.stdin, 'finish');
    child.stdin.end((error) => t.log('callback', error));
    t.log(await t.closed(child));
  },

  'a write into a destroyed stream goes to its callback only': async (t) => {
    const child = t.cp.spawn('cat');
    child.stdin.on('error', (error) => t.log('error', error));
    child.stdin.destroy();
    t.log(child.stdin.write('nobody', (error) => t.log('callback', error)));
    t.log(await t.closed(child));
  },

  'a write after the exit goes to its callback only': async (t) => {
    const child = t.cp.spawn('true');
    await t.closed(child);
    child.stdin.on('error', (error) => t.log('error', error));
    t.log(child.stdin.destroyed, child.stdin.writable);
    t.log(child.stdin.write('late', (error) => t.log('callback', error)));
    child.stdin.end((error) => t.log('end', error));
    await t.sleep(5);
  },

  'a pending write is called back with an error when the stream is destroyed': async (t) => {
    const child = slow(t);
    child.stdio[3].on('error', () => {});
    child.stdin.on('error', (error) => t.log('error', error));
    child.stdin.write(Buffer.alloc(2 * MIB), (error) => t.log('first', error?.code));
    child.stdin.write('second', (error) => t.log('second', error?.code));
    child.stdin.destroy();
    await until(() => child.stdin.closed);
    child.stdio[3].end('\n');
    child.stdout.resume();
    t.log(await t.closed(child));
  },

  'a pending write fails when the child exits': async (t) => {
    const child = shell(t, 'read x <&3', { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] });
    let failed;
    child.stdin.on('error', () => {});
    child.stdin.write(Buffer.alloc(2 * MIB), (error) => {
      failed = error;
    });
    child.stdio[3].end('\n');
    t.log(await t.closed(child));
    t.log(await until(() => failed), failed instanceof Error, child.stdin.destroyed);
  },

  'a write that nobody can read any more is EPIPE': async (t) => {
    const child = await deaf(t);
    child.stdin.on('error', (error) => t.log('error', error, child.stdin.destroyed));
    child.stdin.on('close', (...args) => t.log('close', ...args));
    child.stdin.on('finish', () => t.log('finish'));
    child.stdin.write('anybody?', (error) => t.log('callback', error.code, error.errno));
    await until(() => child.stdin.closed);
    t.log(child.stdin.errored.code, child.stdin.writable, child.exitCode);
    child.stdio[3].end('\n');
    t.log(await t.closed(child));
  },

  'the error of the callback is that of the event': async (t) => {
    const child = await deaf(t);
    const errors = [];
    child.stdin.on('error', (error) => errors.push(error));
    child.stdin.write('anybody?', (error) => errors.push(error));
    await until(() => child.stdin.closed);
    t.log(errors.length, errors[0] === errors[1], Object.keys(errors[0]));
    child.stdio[3].end('\n');
    await t.closed(child);
  },

  'end into a closed stdin fails in the same way': async (t) => {
    const child = await deaf(t);
    child.stdin.on('error', (error) => t.log('error', error.code));
    child.stdin.on('finish', () => t.log('finish'));
    child.stdin.end('anybody?');
    await until(() => child.stdin.closed);
    child.stdio[3].end('\n');
    t.log(await t.closed(child));
  },

  'corked chunks fail together': async (t) => {
    const child = await deaf(t);
    child.stdin.on('error', (error) => t.log('error', error.code));
    child.stdin.cork();
    for (const word of ['one', 'two']) {
      child.stdin.write(word, (error) => t.log(word, error?.code ?? null));
    }
    child.stdin.uncork();
    await until(() => child.stdin.closed);
    child.stdio[3].end('\n');
    t.log(await t.closed(child));
  },

  'an EPIPE of stdin does not touch stdout': async (t) => {
    const child = shell(t, 'exec 0<&-; echo closed; read x <&3; echo still here', {
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    await until(() => text === 'closed\n');
    child.stdin.on('error', (error) => t.log(error.code));
    child.stdin.write('x');
    await until(() => child.stdin.closed);
    child.stdio[3].end('\n');
    t.log(await t.closed(child), text);
  },

  'destroySoon ends first and destroys then': async (t) => {
    const child = t.cp.spawn('cat');
    const back = t.text(child.stdout);
    child.stdin.on('finish', () => t.log('finish'));
    child.stdin.on('close', (...args) => t.log('close', ...args));
    child.stdin.write('all of it');
    child.stdin.destroySoon();
    // The echo and the close of stdin race.
    const text = await back;
    await until(() => child.stdin.closed);
    t.log(text);
  },

  'finish comes behind the ticks and microtasks that there are, and before what the loop brings':
    async (t) => {
      const child = t.cp.spawn('cat');
      child.stdout.resume();
      await t.sleep(20);
      child.stdin.end();
      child.stdin.on('finish', () => t.log('finish'));
      process.nextTick(() => t.log('tick'));
      process.nextTick(() => process.nextTick(() => t.log('tick of a tick')));
      Promise.resolve()
        .then(() => t.log('microtask'))
        .then(() => t.log('microtask of a microtask'));
      setImmediate(() => t.log('immediate'));
      await t.closed(child);
    },

  'a write under way when the stream is destroyed is told as the stream closes': async (t) => {
    for (const error of [undefined, new Error('on purpose')]) {
      const child = t.cp.spawn('sleep', ['10']);
      const { stdin } = child;
      stdin.on('error', ({ message }) => t.log('error', message));
      stdin.on('close', () => t.log('close'));
      stdin.write(Buffer.alloc(1e6), (failure) => t.log('written', failure?.code));
      await t.sleep(20);
      stdin.destroy(error);
      t.log('destroyed');
      process.nextTick(() => t.log('tick'));
      await until(() => stdin.closed);
      await t.sleep(5);
      child.kill();
      await t.closed(child);
    }
  },

  'the end of writing is told in a turn of the loop of its own': async (t) => {
    const child = t.cp.spawn('sh', ['-c', 'echo; cat']);
    child.stdin.on('finish', () => t.log('finish'));
    await new Promise((resolve) => {
      child.stdout.once('data', () => {
        setImmediate(() => t.log('immediate'));
        child.stdin.end(() => t.log('ended'));
        let chain = Promise.resolve();
        for (let i = 0; i < 20; i++) chain = chain.then(() => {});
        chain.then(() => t.log('finished', child.stdin.writableFinished)).then(resolve);
      });
    });
    await t.closed(child);
    const two = [0, 1].map(() => t.cp.spawn('cat'));
    await t.sleep(20);
    for (const [index, { stdin, stdout }] of two.entries()) {
      stdout.resume();
      stdin.on('finish', () => t.log('finish', index));
      setTimeout(() => {
        t.log('timer', index);
        stdin.end();
      }, 5);
    }
    // Both timers are due in the same turn.
    t.cp.spawnSync('sleep', ['0.02']);
    await Promise.all(two.map(t.closed));
  },

  'a second end behind one that is not told yet is no mistake': async (t) => {
    const child = t.cp.spawn('cat');
    child.stdout.resume();
    await t.sleep(20);
    await new Promise((resolve) => {
      setImmediate(() => child.stdin.end('a', (error) => t.log('first', error)));
      setImmediate(() => {
        child.stdin.end((error) => t.log('second', error));
        resolve();
      });
    });
    await t.closed(child);
  },

  'a write of nothing tells whether anybody is there': async (t) => {
    const child = t.cp.spawn('sh', ['-c', 'exec <&-; echo; exec sleep 10']);
    await once(child.stdout, 'data');
    child.stdin.on('error', (error) => t.log('error', error));
    t.log(child.stdin.write('', (error) => t.log('written', error)));
    await until(() => child.stdin.closed);
    child.kill();
    await t.closed(child);
  },

  'what is written in vain is counted, but for short texts': async (t) => {
    const long = 'x'.repeat(6000);
    for (const chunk of ['abc', Buffer.from('abc'), long, [long, 'latin1'], ['00', 'hex']]) {
      const child = t.cp.spawn('sh', ['-c', 'exec <&-; echo; exec sleep 10']);
      await once(child.stdout, 'data');
      child.stdin.on('error', () => {});
      child.stdin.write(...[chunk].flat());
      t.log(child.stdin.bytesWritten);
      child.kill();
      await t.closed(child);
      t.log(child.stdin.bytesWritten);
    }
  },
};
