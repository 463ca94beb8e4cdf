'use strict';
// exec and execFile while the program uses the streams of the child too: every way of use, from the
// start, after some of the output has come, and at the exit. The callback's text and what the
// program sees are the same bytes, each once.

const { AsyncLocalStorage } = require('node:async_hooks');
const { createHash } = require('node:crypto');
const { EventEmitter, once } = require('node:events');
const stream = require('node:stream');
const util = require('node:util');
const { until } = require('../../helpers/processes.js');

const noop = () => {};

/** A run of exec under way; `done` resolves with the callback's arguments. */
function start(t, command, options) {
  let child;
  const done = new Promise((resolve) => {
    child = t.cp.exec(command, options, (...args) => resolve(args));
  });
  return { child, done };
}

/** Text, a pause until a line comes on stdin, and more text; é is split between the two. */
const IN_TWO = "printf 'abc\\303'; read x; printf '\\251def'";
const FIRST_BYTES = 4;

const hasRead = (readable, bytes) => until(() => readable.bytesRead >= bytes);

const digest = (data) => createHash('sha1').update(data).digest('hex');

function isEnded(readable) {
  return readable.readableEnded || readable.destroyed || once(readable, 'close');
}

/** Reads all that is there, for 'readable' listeners. */
function readAll(readable, see) {
  for (let piece = readable.read(); piece !== null; piece = readable.read()) see(piece);
}

/** Ways to read: each is given the stream, and `see` to report what it reads. */
const READING = {
  on: (readable, see) => readable.on('data', see),
  addListener: (readable, see) => readable.addListener('data', see),
  prependListener: (readable, see) => readable.prependListener('data', see),
  once: (readable, see) => readable.once('data', see),
  prependOnceListener: (readable, see) => readable.prependOnceListener('data', see),
  'events.once': (readable, see) => {
    once(readable, 'data').then(([data]) => see(data), noop);
  },
  readable: (readable, see) => readable.on('readable', () => readAll(readable, see)),
  pipe: (readable, see) => readable.pipe(new stream.PassThrough()).on('data', see),
  pipeline: (readable, see) =>
    stream.pipeline(readable, new stream.PassThrough().on('data', see), noop),
  iteration: async (readable, see) => {
    for await (const piece of readable) see(piece);
  },
  'toWeb and its reader': async (readable, see) => {
    const reader = stream.Readable.toWeb(readable).getReader();
    for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
      see(value);
    }
  },
  map: async (readable, see) => {
    for await (const piece of readable.map((data) => data)) see(piece);
  },
  'a second encoding': (readable, see) => readable.setEncoding('hex').on('data', see),
};

/** Ways to use that read nothing. */
const OTHER_USE = {
  resume: (readable) => readable.resume(),
  'pause and resume': (readable) => readable.pause().resume(),
  'pause, resume later': (readable) => {
    readable.pause();
    setImmediate(() => readable.resume());
  },
  'read()': (readable, see) => see(readable.read()),
  'read(0)': (readable, see) => see(readable.read(0)),
  setEncoding: (readable) => readable.setEncoding('latin1'),
  'its own encoding again': (readable) => readable.setEncoding('utf8'),
  unshift: (readable) => readable.unshift('[unshifted]'),
  push: (readable) => readable.push('[pushed]'),
  emit: (readable) => readable.emit('data', Buffer.from('[emitted]')),
  'removeAllListeners of data': (readable) => readable.removeAllListeners('data'),
  'off of the listener': (readable) => readable.off('data', readable.listeners('data')[0]),
  removeListener: (readable) => readable.removeListener('data', readable.listeners('data')[0]),
  'a listener that goes again': (readable, see) => readable.on('data', see).off('data', see),
  destroy: (readable) => readable.destroy(),
  'destroy with an error': (readable, see) => {
    readable.on('error', see);
    readable.destroy(new Error('by the program'));
  },
  setTimeout: (readable, see) => readable.setTimeout(60_000, see),
  '_handle.readStart': (readable, see) => see(typeof readable._handle.readStart()),
  '_handle.fd': (readable, see) => see(typeof readable._handle.fd),
  'ref and unref': (readable) => readable.unref().ref(),
  isDisturbed: (readable, see) => see(stream.Readable.isDisturbed(readable)),
  readableDidRead: (readable, see) => see(readable.readableDidRead),
};

/** Runs `command` with `use` of its stdout at the time of `when(child)`; what was seen. */
async function using(t, use, command, options, when) {
  const { child, done } = start(t, command, options);
  child.stdin.on('error', noop);
  const seen = [];
  await when(child);
  const ending = use(child.stdout, (piece) => seen.push(piece));
  await until(() => child.stdout.destroyed || child.stdout.bytesRead >= FIRST_BYTES);
  child.stdin.end('\n');
  const values = await done;
  if (ending instanceof Promise) await Promise.race([ending.catch(noop), t.sleep(100)]);
  await isEnded(child.stdout);
  return { seen, values };
}

/** All of what was seen as one: where its pieces end depends on the time of the reads. */
function joined(seen) {
  const isBytes = seen.some((piece) => piece instanceof Uint8Array);
  return isBytes ? Buffer.concat(seen.map((piece) => Buffer.from(piece))) : seen.join('');
}

const early = () => {};
const late = (child) => hasRead(child.stdout, FIRST_BYTES);

/** A case for each way of use. */
function forEachUse(ways, body) {
  return async (t) => {
    for (const [name, use] of Object.entries(ways)) t.log(name, ...(await body(t, use)));
  };
}

const cases = {
  'every way to read, from the start': forEachUse(READING, async (t, use) => {
    const { seen, values } = await using(t, use, IN_TWO, {}, early);
    return [joined(seen), values];
  }),

  'every way to read, from the start, Buffers': forEachUse(READING, async (t, use) => {
    const { seen, values } = await using(t, use, IN_TWO, { encoding: 'buffer' }, early);
    return [joined(seen), values];
  }),

  'every way to read, late': forEachUse(READING, async (t, use) => {
    const { seen, values } = await using(t, use, IN_TWO, {}, late);
    return [joined(seen), values];
  }),

  'every way to read, late, Buffers': forEachUse(READING, async (t, use) => {
    const { seen, values } = await using(t, use, IN_TWO, { encoding: 'buffer' }, late);
    return [joined(seen), values];
  }),

  'every other use, from the start': forEachUse(OTHER_USE, async (t, use) => {
    const { seen, values } = await using(t, use, IN_TWO, {}, early);
    return [seen, values];
  }),

  'every other use, late': forEachUse(OTHER_USE, async (t, use) => {
    const { seen, values } = await using(t, use, IN_TWO, {}, late);
    return [seen, values];
  }),

  'every other use, late, Buffers': forEachUse(OTHER_USE, async (t, use) => {
    const { seen, values } = await using(t, use, IN_TWO, { encoding: 'buffer' }, late);
    return [seen, values];
  }),

  'every way to read at the exit, while another holds the output': async (t) => {
    for (const [name, use] of Object.entries(READING)) {
      const command = 'printf abc; (read x <&3; printf def) 3<&0 & exit 3';
      const { child, done } = start(t, command);
      const seen = [];
      await hasRead(child.stdout, 3);
      // The writing end of stdin is destroyed at the exit: the line comes before.
      const ending = once(child, 'exit').then(() => use(child.stdout, (piece) => seen.push(piece)));
      const values = await done;
      await Promise.race([ending.then(noop, noop), t.sleep(100)]);
      await isEnded(child.stdout);
      // Whether the rest comes before the exit or after it is a race.
      t.log(name, values, 'def'.endsWith(name === 'a second encoding' ? '' : joined(seen)));
    }
  },

  'every use in a listener of exit': forEachUse({ ...READING, ...OTHER_USE }, async (t, use) => {
    const { child, done } = start(t, 'printf abc; read x; exit 3');
    await hasRead(child.stdout, 3);
    child.on('exit', () => {
      // Destroyed by then, if the end of the output came first.
      if (child.stdout._handle) use(child.stdout, noop)?.catch?.(noop);
    });
    child.stdout.on('error', noop);
    child.stdin.end('\n');
    const [error, stdout] = await done;
    return [error.code, stdout.slice(0, 3)];
  }),

  'every encoding, read late': async (t) => {
    for (const encoding of ['utf8', 'latin1', 'ascii', 'hex', 'base64', 'utf16le', 'buffer']) {
      const { seen, values } = await using(t, READING.on, IN_TWO, { encoding }, late);
      t.log(encoding, joined(seen), values);
    }
  },

  'one stream is used, the other is not': async (t) => {
    const command = 'printf abc; printf uvw >&2; read x; printf def; printf xyz >&2';
    for (const encoding of ['utf8', 'buffer']) {
      for (const name of ['stdout', 'stderr']) {
        const { child, done } = start(t, command, { encoding });
        const seen = [];
        await hasRead(child.stdout, 3);
        await hasRead(child.stderr, 3);
        child[name].on('data', (data) => seen.push(data));
        child.stdin.end('\n');
        t.log(encoding, name, await done, seen);
      }
    }
  },

  'both streams are used': async (t) => {
    const command = 'printf abc; printf uvw >&2; read x; printf def; printf xyz >&2';
    const { child, done } = start(t, command);
    const seen = { stdout: '', stderr: '' };
    await hasRead(child.stdout, 3);
    await hasRead(child.stderr, 3);
    for (const name of Object.keys(seen)) {
      child[name].on('data', (data) => {
        seen[name] += data;
      });
    }
    child.stdin.end('\n');
    t.log(await done, seen);
  },

  'a large output of which the rest is read': async (t) => {
    const text = (size, digit) => `head -c ${size} /dev/zero | tr '\\000' ${digit}`;
    const command = `${text(3_000_000, 1)}; read x; ${text(2_000_000, 2)}`;
    const ways = { ...READING, destroy: OTHER_USE.destroy, unshift: OTHER_USE.unshift };
    // What these do to pieces as large depends on where they end.
    for (const name of ['once', 'prependOnceListener', 'events.once']) delete ways[name];
    for (const encoding of ['utf8', 'buffer']) {
      for (const [name, use] of Object.entries(ways)) {
        const options = { encoding, maxBuffer: 1e8 };
        const when = (child) => hasRead(child.stdout, 3_000_000);
        const { seen, values } = await using(t, use, command, options, when);
        const [error, stdout] = values;
        t.log(encoding, name, error, stdout.length, digest(stdout), digest(joined(seen)));
      }
    }
  },

  'a large output that is used at once and again': async (t) => {
    const command = "head -c 3000000 /dev/zero | tr '\\000' a; read x; printf b";
    const { child, done } = start(t, command, { maxBuffer: 1e8 });
    await hasRead(child.stdout, 3_000_000);
    child.stdout.pause();
    t.log(child.stdout.bytesRead, child.stdout.readableLength, child.stdout.isPaused());
    child.stdin.end('\n');
    await t.sleep(20);
    child.stdout.resume();
    const [error, stdout] = await done;
    t.log(error, stdout.length, stdout.at(-1), child.stdout.bytesRead);
  },

  'a stream that is paused late holds the child up': async (t) => {
    for (const bytes of [3, 600_000]) {
      const command = `head -c ${bytes} /dev/zero; read x; head -c 5000000 /dev/zero; echo >&2`;
      const { child, done } = start(t, command, { maxBuffer: 1e8 });
      await hasRead(child.stdout, bytes);
      child.stdout.pause();
      child.stdin.end('\n');
      await t.sleep(150);
      t.log(child.stdout.bytesRead < bytes + 1_000_000, child.stderr.bytesRead);
      child.stdout.resume();
      const [error, stdout] = await done;
      t.log(error, stdout.length, child.stdout.bytesRead, child.stderr.bytesRead);
    }
  },

  'what a copy of the child or of its properties shows': async (t) => {
    const { child, done } = start(t, 'printf abc; read x; printf def');
    await hasRead(child.stdout, 3);
    const copy = Object.assign({}, child);
    const spread = { ...child };
    t.log(Object.keys(copy).includes('stdout'), copy.stdout === child.stdout);
    t.log(spread.stderr === child.stderr, spread.stdio.length);
    t.log(Object.getOwnPropertyDescriptor(child, 'stdout').enumerable, 'stdout' in child);
    child.stdin.end('\n');
    t.log(await done);
  },

  'what the streams say of themselves meanwhile': async (t) => {
    for (const encoding of ['utf8', 'buffer']) {
      const { child, done } = start(t, 'printf abc; read x; printf def', { encoding });
      await hasRead(child.stdout, 3);
      const { stdout } = child;
      t.log(stdout.readableFlowing, stdout.readableLength, stdout.isPaused(), stdout.bytesRead);
      t.log(stdout.readable, stdout.readableEnded, stdout.destroyed, stdout.readableEncoding);
      t.log(stdout.listenerCount('data'), stdout.listenerCount('readable'));
      t.log(stdout.listeners('data').length, stdout.eventNames().map(String).sort());
      t.log(stdout.pending, stdout.readyState, stdout.constructor.name, stdout.errored);
      child.stdin.end('\n');
      t.log(await done);
      t.log(stdout.readableDidRead, stdout.readableEnded, stdout.bytesRead, stdout.destroyed);
      t.log(child.stderr.readableDidRead, child.stderr.readableEnded, child.stderr.bytesRead);
    }
  },

  'listeners of other events hear of the end, in order': async (t) => {
    const { child, done } = start(t, 'printf abc; read x; printf def');
    await hasRead(child.stdout, 3);
    const seen = [];
    for (const event of ['end', 'close', 'error', 'pause', 'resume', 'timeout']) {
      child.stdout.on(event, (...args) => seen.push([event, ...args]));
    }
    child.stdin.end('\n');
    t.log(await done, seen);
    t.log(child.stdout.readableDidRead);
  },

  'what the child wrote before it was killed is not lost': async (t) => {
    const size = 700_000;
    const small = 'printf abc; exec sleep 60';
    const large = `head -c ${size} /dev/zero; exec sleep 60`;
    for (const [command, bytes] of [
      [small, 3],
      [large, size],
    ]) {
      for (const encoding of ['utf8', 'buffer', 'hex']) {
        const { child, done } = start(t, command, { encoding });
        await hasRead(child.stdout, bytes);
        child.kill();
        const [error, stdout, stderr] = await done;
        t.log(encoding, error.signal, error.killed, stdout.length, digest(stdout), stderr);
      }
    }
  },

  'a timeout and an abort give what there is': async (t) => {
    const held = (size) => `head -c ${size} /dev/zero; sleep 60 & echo $! >&2; exec sleep 60`;
    const end = async (child, done) => {
      const [error, stdout, stderr] = await done;
      t.log(error.name, error.code, error.killed, error.signal, stdout.length);
      t.log(child.stdout.destroyed, child.killed);
      process.kill(Number(stderr));
    };
    for (const size of [3, 700_000]) {
      let { child, done } = start(t, held(size), { timeout: 400 });
      await end(child, done);
      const controller = new AbortController();
      ({ child, done } = start(t, held(size), { signal: controller.signal }));
      await hasRead(child.stdout, size);
      await hasRead(child.stderr, 2);
      controller.abort();
      await end(child, done);
    }
  },

  'maxBuffer counts on when the stream is used': async (t) => {
    for (const encoding of ['utf8', 'buffer', 'hex']) {
      for (const maxBuffer of [5, 7, 8, 9]) {
        const options = { encoding, maxBuffer };
        const { seen, values } = await using(t, READING.on, IN_TWO, options, late);
        t.log(encoding, maxBuffer, joined(seen), values);
      }
    }
  },

  'maxBuffer of a large output': async (t) => {
    const command = "head -c 900000 /dev/zero | tr '\\000' a; read x; head -c 900000 /dev/zero";
    for (const encoding of ['utf8', 'buffer', 'latin1', 'hex', 'base64']) {
      const { child, done } = start(t, command, { encoding });
      await hasRead(child.stdout, 900_000);
      child.stdin.on('error', noop);
      child.stdin.end('\n');
      const [error, stdout] = await done;
      t.log(encoding, error, child.killed);
      // What is cut off depends on where the reads end, except where a character is a byte.
      const isExact = ['utf8', 'buffer', 'latin1'].includes(encoding);
      t.log(isExact ? [stdout.length, digest(stdout)] : stdout.length > 1024 * 1024);
    }
  },

  'text that is found not to be text, late and large': async (t) => {
    const command = "head -c 600000 /dev/zero; read x; printf '\\377a\\303'";
    for (const maxBuffer of [600_004, 600_009, 1e7, Number.POSITIVE_INFINITY]) {
      const { child, done } = start(t, command, { maxBuffer });
      await hasRead(child.stdout, 600_000);
      child.stdin.end('\n');
      const [error, stdout] = await done;
      t.log(maxBuffer === 1e7, error, stdout.length, stdout.slice(600_000));
    }
  },

  'an end that the program makes up gives what there is': async (t) => {
    for (const size of [3, 700_000]) {
      for (const encoding of ['utf8', 'buffer', 'base64']) {
        const { child, done } = start(t, `head -c ${size} /dev/zero; read x`, { encoding });
        await hasRead(child.stdout, size);
        child.emit('close', 0, null);
        const [error, stdout] = await done;
        t.log(encoding, error, stdout.length, digest(stdout));
        child.removeAllListeners('close');
        const closed = t.closed(child);
        child.stdin.end('\n');
        t.log(await closed);
      }
    }
  },

  'the child of a promise is used as a stream': async (t) => {
    for (const name of ['exec', 'execFile']) {
      const run = util.promisify(t.cp[name]);
      const promise = name === 'exec' ? run(IN_TWO) : run('sh', ['-c', IN_TWO]);
      let seen = '';
      await late(promise.child);
      promise.child.stdout.on('data', (data) => {
        seen += data;
      });
      promise.child.stdin.end('\n');
      t.log(await promise, seen);
    }
  },

  'without a callback all is left to the program': async (t) => {
    const child = t.cp.exec('printf abc; read x; printf def');
    await hasRead(child.stdout, 3);
    let seen = '';
    child.stdout.on('data', (data) => {
      seen += data;
    });
    const closed = t.closed(child);
    child.stdin.end('\n');
    t.log(await closed, seen);
    const over = t.cp.exec('printf abcdef; exec sleep 60', { maxBuffer: 3 });
    t.log(await t.closed(over), over.killed);
  },

  'stdout is written to, and read by the child': async (t) => {
    const command = 'printf abc; read x; read y <&1; echo "got $y" >&2; printf def';
    const { child, done } = start(t, command);
    await hasRead(child.stdout, 3);
    child.stdout.write('a line\n');
    child.stdin.end('\n');
    t.log(await done);
  },

  'stdout becomes the input of another child': async (t) => {
    const { child, done } = start(t, 'printf abc; read x; printf def');
    await hasRead(child.stdout, 3);
    const second = t.cp.spawn('cat', { stdio: [child.stdout, 'pipe', 'inherit'] });
    const text = t.text(second.stdout);
    child.stdin.end('\n');
    t.log(await text);
    child.stdout.resume();
    t.log(await done);
  },

  'a Buffer that a listener was given is not the result': async (t) => {
    for (const name of ['on', 'prependOnceListener', 'prependListener']) {
      const { child, done } = start(t, 'printf abc', { encoding: 'buffer' });
      child.stdout[name]('data', (data) => data.fill('x'));
      const [, stdout] = await done;
      // A listener ahead of the one of exec() changes what that one gets to see, in Node too.
      t.log(name, stdout);
      const late = start(t, 'printf abc; read x; printf def', { encoding: 'buffer' });
      await hasRead(late.child.stdout, 3);
      let seen;
      late.child.stdout[name]('data', (data) => {
        seen = data;
      });
      late.child.stdin.end('\n');
      const [, result] = await late.done;
      seen.fill('x');
      t.log(result);
    }
    const { child, done } = start(t, 'printf abc', { encoding: 'buffer' });
    let seen;
    child.stdout.prependOnceListener('data', (data) => {
      seen = data;
    });
    const [, stdout] = await done;
    seen.fill('x');
    t.log(stdout);
  },

  'an iteration that is left destroys the stream': async (t) => {
    const { child, done } = start(t, 'printf abc; read x; printf def; read y');
    child.stdin.on('error', noop);
    await hasRead(child.stdout, 3);
    child.stdin.write('\n');
    for await (const piece of child.stdout) {
      t.log(piece);
      break;
    }
    t.log(child.stdout.destroyed);
    child.stdin.end('\n');
    t.log(await done);
  },

  'a stream without activity times out, one with it does not': async (t) => {
    const { child, done } = start(t, 'read x; printf abc; read y');
    child.stdout.setTimeout(50);
    await once(child.stdout, 'timeout');
    t.log('timeout', child.stdout.destroyed);
    child.stdout.setTimeout(0);
    child.stdin.end('\n\n');
    t.log(await done);
    const busy = start(t, 'for i in 1 2 3 4 5 6 7 8; do sleep 0.1; echo $i; done');
    busy.child.stdout.setTimeout(500);
    busy.child.stdout.on('timeout', () => t.log('timeout of a busy stream'));
    t.log(await busy.done);
  },

  'listeners and the callback run in the context of the call': async (t) => {
    const storage = new AsyncLocalStorage();
    const seen = {};
    let child;
    const done = storage.run(
      'call',
      () =>
        new Promise((resolve) => {
          child = t.cp.exec('head -c 500000 /dev/zero; read x; printf a', (...values) => {
            seen.callback = storage.getStore();
            resolve(values);
          });
          for (const event of ['end', 'close']) {
            child.stdout.on(event, () => {
              seen[event] = storage.getStore();
            });
          }
        }),
    );
    await hasRead(child.stdout, 500_000);
    storage.run('use', () => {
      child.stdout.on('data', () => {
        seen.data = storage.getStore();
      });
    });
    child.stdin.end('\n');
    t.log((await done)[1].length, Object.entries(seen).sort());
  },

  'many at once, some of them used': async (t) => {
    const runs = Array.from({ length: 20 }, async (_, n) => {
      const size = n % 4 === 0 ? 1_000_000 : 10;
      const command = `head -c ${size} /dev/zero | tr '\\000' ${n % 10}; read x; printf end`;
      const { child, done } = start(t, command, { maxBuffer: 1e8 });
      await hasRead(child.stdout, size);
      let seen = '';
      if (n % 2 === 0) {
        child.stdout.on('data', (data) => {
          seen += data;
        });
      }
      child.stdin.end('\n');
      const [error, stdout] = await done;
      return [error, stdout.length, digest(stdout), seen];
    });
    for (const run of await Promise.all(runs)) t.log(run);
  },

  'a listener that goes round the stream loses nothing': async (t) => {
    const { child, done } = start(t, 'printf abc; printf def');
    let seen = '';
    EventEmitter.prototype.on.call(child.stdout, 'data', (data) => {
      seen += data;
    });
    t.log(await done, seen);
  },
};

module.exports = cases;
