'use strict';
// exec and execFile: what they capture (encodings, maxBuffer), and the streams while they do.

const { createHash } = require('node:crypto');
const { PassThrough } = require('node:stream');
const { waitGone } = require('../../helpers/processes.js');

/** é, in octal for printf. */
const E_ACUTE = '\\303\\251';

/** A run of exec under way; `done` resolves with the callback's arguments. */
function start(t, command, options) {
  let child;
  const done = new Promise((resolve) => {
    child = t.cp.exec(command, options, (...args) => resolve(args));
  });
  return { child, done };
}

const exec = (t, command, options) => start(t, command, options).done;

/** Runs printf of one piece of text, which arrives in one piece. */
const print = (t, text, options) => exec(t, `printf '${text}'`, options);

const digest = (data) => createHash('sha1').update(data).digest('hex');

module.exports = {
  'every encoding of both outputs': async (t) => {
    const names = ['utf8', 'utf-8', 'ascii', 'latin1', 'binary', 'hex', 'base64', 'base64url'];
    names.push('ucs2', 'ucs-2', 'utf16le', 'utf-16le', 'UTF8', 'Latin1', 'HEX', 'uTf-16lE');
    for (const encoding of names) {
      t.log(encoding, await exec(t, `printf 'a${E_ACUTE}>?z'; printf 'err' >&2`, { encoding }));
    }
  },

  'what is no encoding gives Buffers': async (t) => {
    const values = [
      'buffer',
      'BUFFER',
      null,
      undefined,
      '',
      'unknown',
      'utf-7',
      5,
      0,
      true,
      {},
      [],
    ];
    for (const encoding of values) {
      const [error, stdout, stderr] = await exec(t, 'echo out; echo err >&2; exit 1', { encoding });
      t.log(Buffer.isBuffer(stdout), Buffer.isBuffer(stderr), stdout, stderr, error.message);
    }
    const [, stdout, stderr] = await exec(t, 'true', { encoding: 'buffer' });
    t.log(Buffer.isBuffer(stdout), stdout.length, Buffer.isBuffer(stderr), stderr.length);
  },

  'no output is an empty string': async (t) => {
    for (const encoding of ['utf8', 'hex', 'utf16le']) t.log(await exec(t, 'true', { encoding }));
  },

  'a character that arrives in two pieces is one character': async (t) => {
    const halves = (encoding) =>
      exec(t, "printf 'a\\303'; sleep 0.05; printf '\\251b'", { encoding });
    for (const encoding of ['utf8', 'latin1', 'hex', 'base64', 'buffer']) {
      t.log(encoding, await halves(encoding));
    }
    t.log(await exec(t, "printf '\\360\\237'; sleep 0.05; printf '\\231\\202'"));
    t.log(await exec(t, "printf 'a'; sleep 0.05; printf '\\000'", { encoding: 'utf16le' }));
    t.log(await exec(t, 'printf a; sleep 0.05; printf bcd', { encoding: 'base64' }));
  },

  'invalid and unfinished UTF-8 is replaced, a byte order mark kept': async (t) => {
    const texts = ['a\\377b', '\\303', 'a\\360\\237\\231', '\\355\\240\\200', '\\357\\273\\277a'];
    for (const text of texts) t.log(text, await print(t, text));
    t.log(await exec(t, "printf '\\303' >&2; exit 1"));
  },

  'NULs, line ends and control characters are kept': async (t) => {
    t.log(await print(t, 'a\\000b\\r\\nc\\r\\033[1m\\n'));
  },

  'maxBuffer is a limit that may be reached': async (t) => {
    for (const maxBuffer of [0, 1, 4, 5, 6, 3.5, 4.9, 5.1, Number.POSITIVE_INFINITY]) {
      const [error, stdout, stderr] = await print(t, 'abcde', { maxBuffer });
      t.log(String(maxBuffer), error && Object.keys(error), error, stdout, stderr);
    }
  },

  'maxBuffer of nothing: null is 0, undefined is no limit': async (t) => {
    t.log(await print(t, 'abcde', { maxBuffer: null }));
    t.log(await exec(t, 'true', { maxBuffer: null }));
    const [error, stdout] = await exec(t, 'head -c 1100000 /dev/zero', { maxBuffer: undefined });
    t.log(error, stdout.length);
  },

  'maxBuffer is 1 MiB by default': async (t) => {
    for (const size of [1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1]) {
      const [error, stdout] = await exec(t, `head -c ${size} /dev/zero | tr '\\000' x`);
      t.log(size, error, stdout.length, digest(stdout));
    }
  },

  'maxBuffer counts bytes and cuts characters': async (t) => {
    const text = `${E_ACUTE.repeat(3)}abc`;
    for (const maxBuffer of [0, 1, 2, 3, 5, 6, 8, 9]) {
      t.log(maxBuffer, await print(t, text, { maxBuffer }));
    }
    // Four bytes are two characters of JavaScript, which may be cut apart.
    t.log(await print(t, '\\360\\237\\231\\202abc', { maxBuffer: 1 }));
    t.log(await print(t, '\\360\\237\\231\\202abc', { maxBuffer: 3 }));
  },

  'maxBuffer counts what a replacement character takes': async (t) => {
    for (const maxBuffer of [2, 3, 4, 5, 6, 7]) {
      t.log(maxBuffer, await print(t, '\\377a\\377', { maxBuffer }));
    }
  },

  'maxBuffer by encoding': async (t) => {
    for (const encoding of ['latin1', 'ascii', 'hex', 'base64', 'utf16le', 'buffer', 'unknown']) {
      for (const maxBuffer of [3, 5, 6, 7]) {
        t.log(encoding, maxBuffer, await print(t, `ab${E_ACUTE}cd`, { encoding, maxBuffer }));
      }
    }
  },

  'maxBuffer holds for stderr': async (t) => {
    t.log(await exec(t, 'printf abcde >&2; exit 3', { maxBuffer: 4 }));
    t.log(await exec(t, 'printf abcde >&2; exit 3', { maxBuffer: 5 }));
  },

  'each output has a maxBuffer of its own': async (t) => {
    t.log(await exec(t, 'printf abcd; printf efgh >&2', { maxBuffer: 4 }));
    const [error, stdout] = await exec(t, 'printf abcde; sleep 0.1; printf fg >&2', {
      maxBuffer: 4,
    });
    t.log(error.message, stdout);
  },

  'maxBuffer over several pieces': async (t) => {
    const pieces = 'printf ab; sleep 0.05; printf cd; sleep 0.05; printf ef; exec sleep 60';
    for (const maxBuffer of [1, 2, 3, 4, 5]) t.log(await exec(t, pieces, { maxBuffer }));
  },

  'maxBuffer kills the child, with killSignal': async (t) => {
    for (const killSignal of [undefined, 'SIGKILL', 'SIGINT', 10]) {
      const options = { maxBuffer: 1, killSignal };
      const { child, done } = start(t, 'printf ab; exec sleep 60', options);
      const closed = t.closed(child);
      t.log((await done)[0], await closed, child.killed);
      t.log(child.stdout.destroyed, child.stderr.destroyed, await waitGone(child.pid));
    }
  },

  'maxBuffer: the callback waits for the end of the child': async (t) => {
    const command = "trap '' TERM; printf ab; read x; exit 5";
    const { child, done } = start(t, command, { maxBuffer: 1 });
    let isDone = false;
    done.then(() => {
      isDone = true;
    });
    await new Promise((resolve) => child.stdout.once('close', resolve));
    await t.sleep(20);
    t.log(isDone, child.exitCode, child.killed);
    child.stdin.end('\n');
    t.log(await done, child.exitCode);
  },

  'a child that is done when maxBuffer is exceeded': async (t) => {
    for (const code of [0, 4]) {
      const { child, done } = start(t, `printf abc; exit ${code}`, { maxBuffer: 1 });
      // Unread until the child has ended.
      child.stdout.pause();
      await t.exited(child);
      child.stdout.resume();
      t.log(await done, child.killed, child.exitCode);
    }
  },

  'maxBuffer and timeout at a time': async (t) => {
    t.log(await exec(t, 'printf abc; exec sleep 60', { maxBuffer: 1, timeout: 5_000 }));
    t.log(await exec(t, 'printf abc; exec sleep 60', { maxBuffer: 3, timeout: 150 }));
  },

  'large outputs come whole': async (t) => {
    const command = 'seq 1 300000; seq 300000 -1 1 >&2';
    for (const encoding of ['utf8', 'latin1', 'buffer', 'hex']) {
      const [error, stdout, stderr] = await exec(t, command, { encoding, maxBuffer: 1e8 });
      t.log(error, stdout.length, digest(stdout), stderr.length, digest(stderr));
    }
  },

  'large outputs of wide characters come whole': async (t) => {
    const command = `yes 'é“ü”🙂' | head -c 700001`;
    for (const maxBuffer of [Number.POSITIVE_INFINITY, 1e7]) {
      const [error, stdout] = await exec(t, command, { maxBuffer });
      t.log(error, stdout.length, digest(stdout));
    }
  },

  'what is written right before the exit is not lost': async (t) => {
    const script = "process.stdout.write('x'.repeat(200000)); process.exitCode = 7";
    const [error, stdout] = await new Promise((resolve) => {
      t.cp.execFile(t.node, ['-e', script], (...args) => resolve(args));
    });
    t.log(error.code, stdout.length);
    const [, all] = await exec(t, 'for i in 1 2 3 4 5; do echo $i; done; kill -9 $$');
    t.log(all);
  },

  'stdin is open and can be written': async (t) => {
    let { child, done } = start(t, 'cat; echo end >&2');
    child.stdin.write('one ');
    child.stdin.end('two');
    t.log(await done);
    ({ child, done } = start(t, 'cat | wc -c', { encoding: 'latin1' }));
    child.stdin.end('x'.repeat(500_000));
    t.log((await done)[1].trim());
    ({ child, done } = start(t, 'read x || echo "no input"'));
    child.stdin.destroy();
    t.log(await done);
  },

  'input and output in large amounts at a time': async (t) => {
    const { child, done } = start(t, 'cat', { maxBuffer: 1e8, encoding: 'buffer' });
    const input = Buffer.alloc(3_000_000, 'abcdefg');
    child.stdin.end(input);
    const [error, stdout] = await done;
    t.log(error, stdout.equals(input));
  },

  'the streams decode as asked for': async (t) => {
    for (const encoding of ['utf8', 'UTF-16LE', 'hex', 'buffer', null, 'unknown']) {
      const { child, done } = start(t, 'true', { encoding });
      t.log(encoding, child.stdout.readableEncoding, child.stderr.readableEncoding);
      await done;
    }
  },

  'data listeners of the program get the same pieces': async (t) => {
    for (const encoding of ['utf8', 'buffer']) {
      const { child, done } = start(t, `printf 'a${E_ACUTE}'; printf err >&2`, { encoding });
      const seen = [];
      child.stdout.on('data', (data) => seen.push(['stdout', data]));
      child.stderr.on('data', (data) => seen.push(['stderr', data]));
      const values = await done;
      seen.sort(([a], [b]) => (a < b ? 1 : -1));
      t.log(seen, values);
    }
  },

  'a listener ahead of ours and one added late': async (t) => {
    const { child, done } = start(t, 'printf a; read x; printf b; read y; printf c');
    const seen = [];
    child.stdout.prependListener('data', (data) => seen.push(`first ${data}`));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdout.on('data', (data) => seen.push(`late ${data}`));
    const next = new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdin.write('\n');
    await next;
    child.stdin.end('\n');
    t.log(await done, seen);
  },

  'the listener of exec can be removed': async (t) => {
    const { child, done } = start(t, 'printf a; printf b >&2');
    child.stdout.removeAllListeners('data');
    child.stdout.resume();
    t.log(await done);
  },

  'setEncoding turns Buffers into text, and text into other text': async (t) => {
    for (const [encoding, other] of [
      ['buffer', 'utf8'],
      ['buffer', 'hex'],
      ['utf8', 'hex'],
      ['utf8', 'latin1'],
      ['hex', 'utf8'],
    ]) {
      const { child, done } = start(t, `printf 'a${E_ACUTE}'; printf err >&2`, { encoding });
      child.stdout.setEncoding(other);
      const [, stdout, stderr] = await done;
      t.log(encoding, other, stdout, stderr);
    }
  },

  'setEncoding decides on what maxBuffer counts and cuts': async (t) => {
    for (const [encoding, other] of [
      ['buffer', 'utf8'],
      ['utf8', 'latin1'],
      ['utf8', 'hex'],
      ['buffer', 'hex'],
      ['buffer', 'base64'],
    ]) {
      for (const maxBuffer of [4, 7, 8]) {
        const options = { encoding, maxBuffer };
        const { child, done } = start(t, `printf 'ab${E_ACUTE.repeat(3)}'`, options);
        child.stdout.setEncoding(other);
        t.log(encoding, other, maxBuffer, await done);
      }
    }
  },

  'setEncoding halfway': async (t) => {
    const { child, done } = start(t, `printf 'a${E_ACUTE}'; read x; printf 'b${E_ACUTE}'`, {
      encoding: 'buffer',
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdout.setEncoding('hex');
    child.stdin.end('\n');
    t.log(await done);
  },

  'a pipe from stdout and the callback both get all of it': async (t) => {
    const { child, done } = start(t, 'seq 1 20000', { maxBuffer: 1e7 });
    const sink = child.stdout.pipe(new PassThrough());
    const piped = t.text(sink);
    const [error, stdout] = await done;
    t.log(error, stdout.length, (await piped) === stdout);
  },

  'an iteration over stdout and the callback both get all of it': async (t) => {
    const { child, done } = start(t, 'seq 1 20000', { maxBuffer: 1e7 });
    let text = '';
    for await (const piece of child.stdout) text += piece;
    const [error, stdout] = await done;
    t.log(error, text.length, text === stdout);
  },

  'readable listeners and read()': async (t) => {
    const { child, done } = start(t, 'printf abc; read x; printf def');
    let text = '';
    child.stdout.on('readable', () => {
      for (let piece = child.stdout.read(); piece !== null; piece = child.stdout.read()) {
        text += piece;
        if (text === 'abc') child.stdin.end('\n');
      }
    });
    t.log(await done, text);
  },

  'a stdout that the program paused is resumed at the exit': async (t) => {
    const { child, done } = start(t, 'printf abc');
    child.stdout.pause();
    child.on('exit', () => t.log(child.stdout.isPaused(), child.stdout.readableFlowing));
    t.log(await done);
  },

  'a stdout paused after the exit holds up the callback': async (t) => {
    const { child, done } = start(t, 'printf abc');
    let isDone = false;
    done.then(() => {
      isDone = true;
    });
    child.stdout.pause();
    child.on('exit', () => process.nextTick(() => child.stdout.pause()));
    await t.exited(child);
    await t.sleep(20);
    t.log(isDone, child.stdout.isPaused());
    child.stdout.resume();
    t.log(await done);
  },

  'a destroyed stdout gives what came before': async (t) => {
    let { child, done } = start(t, 'sleep 0.05; exit 3');
    child.stdout.destroy();
    child.stderr.destroy();
    t.log(await done);
    ({ child, done } = start(t, 'printf abc; read x'));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdout.destroy();
    child.stdin.end('\n');
    t.log(await done);
  },

  'a stdout destroyed with an error is an error of the stream alone': async (t) => {
    const { child, done } = start(t, 'sleep 0.05; echo err >&2');
    child.stdout.on('error', (error) => t.log('stream', error));
    child.stdout.destroy(new Error('by the program'));
    t.log(await done);
  },

  'the program may forget the streams of the child': async (t) => {
    for (const encoding of ['utf8', 'buffer']) {
      let child;
      const [error, stdout, stderr] = await new Promise((resolve) => {
        child = t.cp.execFile('true', { encoding }, (...args) => resolve(args));
        child.stdout = null;
        child.stderr = null;
        child.emit('close', 0, null);
      });
      t.log(error, stdout, stderr);
    }
  },

  'both streams end and close before the callback': async (t) => {
    const { child, done } = start(t, 'echo a');
    const seen = [];
    for (const name of ['stdout', 'stderr']) {
      for (const event of ['end', 'close']) {
        child[name].on(event, (...args) => seen.push([name, event, args]));
      }
    }
    await done;
    for (const name of ['stdout', 'stderr']) t.log(seen.filter(([first]) => first === name));
    t.log(child.stdout.destroyed, child.stdout.readableEnded, child.stdout.bytesRead);
  },

  'a child that closes its outputs early': async (t) => {
    t.log(await exec(t, 'echo a; exec >&- 2>&-; sleep 0.05; exit 3'));
  },

  'child.stdout is a socket with a handle': async (t) => {
    const { child, done } = start(t, 'echo a');
    t.log(child.stdout instanceof require('node:net').Socket, typeof child.stdout._handle.fd);
    child.stdout.ref();
    child.stdout.unref();
    child.stdout.ref();
    t.log(await done, child.stdout._handle === null);
  },

  'outputs of a run without a callback flow all the same': async (t) => {
    const child = t.cp.exec('seq 1 100000');
    let size = 0;
    child.stdout.on('data', (data) => {
      size += data.length;
    });
    t.log(await t.closed(child), size);
  },

  'a large output can be transferred': async (t) => {
    // Node 20 copies what stands in memory of ours, which is listed as a difference.
    const canMove = Number.parseInt(process.versions.node, 10) >= 22;
    const options = { encoding: 'buffer', maxBuffer: 1e8 };
    const gathered = (await exec(t, 'yes | head -c 3000001', options))[1];
    const waitedFor = t.cp.execSync('yes | head -c 3000001', { maxBuffer: 1e8 });
    for (const output of [gathered, waitedFor]) {
      const { buffer, byteOffset, length } = output;
      t.log(buffer.byteLength, byteOffset, length);
      const moved = structuredClone(output, { transfer: [buffer] });
      t.log(moved.length, Buffer.from(moved).subarray(-4).toString());
      if (canMove) t.log(output.length, buffer.byteLength);
    }
  },
};
