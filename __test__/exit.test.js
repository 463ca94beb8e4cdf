'use strict';
// The end of a program that uses the package: it comes by itself when nothing is left to wait for,
// and at once when it is asked for, whatever is under way. Each case is a process of its own.

const assert = require('node:assert');
const { describe, it } = require('node:test');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');
const { runScript, startScript } = require('./helpers/script.js');

const LISTENER_THREW = 7;
const UNCAUGHT = 1;

/** Runs `body`; the script must end as told, without a word on stderr and with nobody left. */
async function ends(body, { code = 0, signal = null, said, ...options } = {}) {
  const outcome = await runScript(body, options);
  assertEnd(outcome, { code, signal });
  if (said) assert.deepStrictEqual(outcome.said, said);
}

function assertEnd(outcome, { code, signal }) {
  assert.deepStrictEqual(
    {
      code: outcome.code,
      signal: outcome.signal,
      stderr: outcome.stderr,
      strays: outcome.strays,
    },
    { code, signal, stderr: '', strays: [] },
  );
}

describe('a program ends by itself', { concurrency: 2 }, () => {
  it('after requiring the package', () => ends(({ cp }) => void cp.spawn));

  it('after a spawn and its close', () =>
    ends(
      ({ cp, say }) => {
        cp.spawn('echo', ['text']).on('close', (...end) => say('close', ...end));
      },
      { said: [['close', 0, null]] },
    ));

  it('after a spawn that failed', () =>
    ends(
      ({ cp, say }) => {
        cp.spawn('/nonexistent').on('error', ({ code }) => say(code));
      },
      { said: [['ENOENT']] },
    ));

  it('after a thousand messages and the end of the channel', () =>
    ends(
      ({ cp, say, fixtures }) => {
        const child = cp.fork(`${fixtures}/ipc-echo.js`);
        let got = 0;
        child.on('message', () => ++got === 1000 && child.disconnect());
        for (let n = 0; n < 1000; n++) child.send(n);
        process.on('exit', () => say('got', got));
      },
      { said: [['got', 1000]] },
    ));

  it('with a child that is unreferenced and has no pipes', async () => {
    const outcome = await runScript(({ cp, say }) => {
      const child = cp.spawn('sleep', ['0.5'], { stdio: 'ignore' });
      child.on('exit', () => say('exit'));
      child.unref();
    });
    assertEnd(outcome, { code: 0, signal: null });
    assert.deepStrictEqual(outcome.said, []);
  });

  it('with a child that is unreferenced, as are its pipes', () =>
    ends(
      ({ cp, say }) => {
        const child = cp.spawn('cat', { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
        child.stdout.on('data', (data) => {
          say('data', `${data}`);
          for (const stream of child.stdio) stream.unref();
          child.unref();
        });
        child.on('exit', () => say('exit'));
        child.stdin.write('text');
      },
      { said: [['data', 'text']] },
    ));

  it('with pipes that were unreferenced before they were read', () =>
    ends(
      ({ cp, say }) => {
        const child = cp.spawn('cat');
        for (const stream of child.stdio) stream.unref();
        child.unref();
        child.stdout.on('data', (data) => say('data', `${data}`));
        child.on('exit', () => say('exit'));
      },
      { said: [] },
    ));

  it('with a fork that is unreferenced, as is its channel', () =>
    ends(
      ({ cp, say, fixtures }) => {
        const child = cp.fork(`${fixtures}/ipc-echo.js`);
        child.on('message', (message) => {
          say(message);
          child.unref();
          child.channel.unref();
        });
        child.send('text');
      },
      { said: [['text']] },
    ));

  it('with a fork that was disconnected and unreferenced', () =>
    ends(
      ({ cp, say, fixtures }) => {
        const child = cp.fork(`${fixtures}/ipc-echo.js`);
        child.on('message', () => {
          child.disconnect();
          child.unref();
        });
        child.on('disconnect', () => say('disconnect'));
        child.send('text');
      },
      { said: [['disconnect']] },
    ));

  it('but not before what it waits for', () =>
    ends(
      ({ cp, say }) => {
        const slow = cp.spawn('sh', ['-c', 'sleep 0.2; echo text']);
        slow.stdout.on('data', (data) => say('data', `${data}`));
        slow.unref();
        cp.spawn('sleep', ['0.3'], { stdio: 'ignore' }).on('exit', (code) => say('exit', code));
      },
      {
        said: [
          ['data', 'text\n'],
          ['exit', 0],
        ],
      },
    ));

  it('and not with a channel that is referenced again', () =>
    ends(
      ({ cp, say, fixtures }) => {
        const child = cp.fork(`${fixtures}/ipc-echo.js`);
        child.unref();
        child.channel.unref();
        child.channel.ref();
        child.on('message', (message) => {
          say(message);
          child.disconnect();
        });
        child.send('text');
      },
      { said: [['text']] },
    ));
});

/** Has everything under way at once, and calls `leave` when all of it has begun. */
const BUSY = `(self, leave) => {
  const { cp, fixtures } = self;
  let waiting = 3;
  const begun = () => --waiting === 0 && leave();
  const fork = cp.fork(fixtures + '/ipc-echo.js');
  fork.once('message', begun);
  for (let n = 0; n < 200; n++) fork.send({ n, text: 'x'.repeat(10_000) });
  const reader = cp.spawn('sh', ['-c', 'while :; do echo text || exit; done']);
  reader.stdout.once('data', begun);
  reader.stdin.write('x'.repeat(3_000_000));
  const big = cp.spawn('cat');
  big.stdin.write(Buffer.alloc(3_000_000));
  big.stdout.once('data', begun);
  cp.spawn('sleep', ['0.5'], { stdio: 'ignore' });
  cp.exec('sleep 0.3; echo text', () => {});
  cp.execFile('yes', () => {});
}`;

describe('process.exit() with everything under way', { concurrency: 2 }, () => {
  const busy = (body, options) => ends(body, { code: 3, args: [BUSY], ...options });

  it('from a timer', () =>
    busy((self) => {
      require('node:vm').runInThisContext(self.args[0])(self, () => {
        setTimeout(() => process.exit(3), 20);
      });
    }));

  for (const major of selectedLines()) {
    it(`from a listener, on Node ${major}`, () =>
      busy(
        (self) => {
          require('node:vm').runInThisContext(self.args[0])(self, () => process.exit(3));
        },
        { node: nodeBinary(major) },
      ));
  }

  it('from a tick, with listeners of exit that spawn, send, write and kill', () =>
    busy((self) => {
      const { cp, fixtures } = self;
      const child = cp.fork(`${fixtures}/ipc-echo.js`);
      const cat = cp.spawn('cat');
      process.on('exit', () => {
        for (let n = 0; n < 100; n++) child.send(n);
        cat.stdin.write('text');
        cat.stdout.destroy();
        cat.kill();
        cp.spawn('true').on('exit', () => {});
        cp.execFileSync('true');
      });
      require('node:vm').runInThisContext(self.args[0])(self, () => {
        process.nextTick(() => process.exit(3));
      });
    }));

  it('by process.reallyExit()', () =>
    busy((self) => {
      require('node:vm').runInThisContext(self.args[0])(self, () => process.reallyExit(3));
    }));

  it('by an uncaught exception elsewhere', async () => {
    const outcome = await runScript(
      (self) => {
        require('node:vm').runInThisContext(self.args[0])(self, () => {
          setImmediate(() => {
            throw new Error('the last word');
          });
        });
      },
      { args: [BUSY] },
    );
    assert.match(outcome.stderr, /the last word/);
    assertEnd({ ...outcome, stderr: '' }, { code: UNCAUGHT, signal: null });
  });
});

describe('process.exit() in a listener of', { concurrency: 2 }, () => {
  it("'spawn'", () =>
    ends(({ cp }) => cp.spawn('cat').on('spawn', () => process.exit(4)), { code: 4 }));

  it("'error'", () =>
    ends(({ cp }) => cp.spawn('/nonexistent').on('error', () => process.exit(4)), { code: 4 }));

  it("'exit'", () =>
    ends(({ cp }) => cp.spawn('true').on('exit', () => process.exit(4)), { code: 4 }));

  it("'close'", () =>
    ends(({ cp }) => cp.spawn('true').on('close', () => process.exit(4)), { code: 4 }));

  it("'data'", () =>
    ends(({ cp }) => cp.spawn('yes').stdout.on('data', () => process.exit(4)), { code: 4 }));

  it("'end' and the 'close' of a stream", () =>
    ends(
      ({ cp, say }) => {
        const child = cp.spawn('true');
        child.stdout.on('end', () => say('end')).resume();
        child.stdout.on('close', () => process.exit(4));
      },
      { code: 4, said: [['end']] },
    ));

  it("'message', with more to come", () =>
    ends(
      ({ cp, say, fixtures }) => {
        const child = cp.fork(`${fixtures}/ipc-echo.js`);
        for (let n = 0; n < 100; n++) child.send(n);
        child.on('message', (n) => {
          say(n);
          if (n === 2) process.exit(4);
        });
      },
      { code: 4, said: [[0], [1], [2]] },
    ));

  it("'disconnect'", () =>
    ends(
      ({ cp, fixtures }) => {
        const child = cp.fork(`${fixtures}/exit-quietly.js`);
        child.on('disconnect', () => process.exit(4));
      },
      { code: 4 },
    ));

  it('the callbacks of send, write, exec and execFile', async () => {
    await ends(
      ({ cp, fixtures }) => cp.fork(`${fixtures}/ipc-echo.js`).send('text', () => process.exit(4)),
      { code: 4 },
    );
    await ends(({ cp }) => cp.spawn('cat').stdin.write('text', () => process.exit(4)), { code: 4 });
    await ends(({ cp }) => cp.exec('true', () => process.exit(4)), { code: 4 });
    await ends(({ cp }) => cp.execFile('true', () => process.exit(4)), { code: 4 });
  });
});

describe('an exception in a listener', { concurrency: 2 }, () => {
  const listeners = {
    exit: ({ cp }) => cp.spawn('true').on('exit', () => require('node:assert').fail('on exit')),
    data: ({ cp }) =>
      cp.spawn('echo', ['text']).stdout.on('data', () => require('node:assert').fail('on data')),
    message: ({ cp, fixtures }) => {
      const child = cp.fork(`${fixtures}/ipc-echo.js`);
      child.on('message', () => require('node:assert').fail('on message'));
      child.send('text');
    },
    error: ({ cp }) =>
      cp.spawn('/nonexistent').on('error', () => require('node:assert').fail('on error')),
    close: ({ cp }) => cp.spawn('true').on('close', () => require('node:assert').fail('on close')),
    'the end of exec': ({ cp }) =>
      cp.exec('true', () => require('node:assert').fail('on the end of exec')),
  };
  for (const [event, body] of Object.entries(listeners)) {
    it(`of '${event}' ends the program, as any uncaught one`, async () => {
      const outcome = await runScript(body);
      assert.match(outcome.stderr, new RegExp(`AssertionError.*: on ${event}\\n`));
      assertEnd({ ...outcome, stderr: '' }, { code: UNCAUGHT, signal: null });
    });
  }

  for (const [event, body] of Object.entries(listeners)) {
    it(`of '${event}' dumps core with --abort-on-uncaught-exception`, async () => {
      const words = [process.execPath, '--abort-on-uncaught-exception'];
      const nodeArgs = ['-c', 'ulimit -c 0; exec "$0" "$@"', ...words];
      const { code, signal } = await runScript(body, { node: '/bin/sh', nodeArgs });
      assert.deepStrictEqual([code, typeof signal], [null, 'string']);
    });
  }

  it('that nobody listens to: a failed spawn', async () => {
    const outcome = await runScript(({ cp }) => void cp.spawn('/nonexistent'));
    assert.match(outcome.stderr, /Error: spawn \/nonexistent ENOENT/);
    assertEnd({ ...outcome, stderr: '' }, { code: UNCAUGHT, signal: null });
  });

  it("goes to 'uncaughtException', and all that follows still comes", () =>
    ends(
      ({ cp, say, fixtures }) => {
        process.on('uncaughtException', ({ message }) => say('caught', message));
        const fail = (value) => {
          throw new Error(`${value}`.trim());
        };
        const spawned = cp.spawn('sh', ['-c', 'echo one; sleep 0.1; echo two']);
        spawned.stdout.on('data', fail);
        spawned.on('close', () => {
          const fork = cp.fork(`${fixtures}/ipc-echo.js`);
          fork.on('message', (n) => {
            if (n === 3) fork.disconnect();
            fail(n);
          });
          for (let n = 1; n <= 3; n++) fork.send(n);
          // An error in 'exit' costs the 'close', as in Node; other children do not suffer.
          fork.on('exit', () => {
            cp.spawn('true').on('close', () => fail('close'));
            fail('exit');
          });
        });
      },
      {
        said: ['one', 'two', '1', '2', '3', 'exit', 'close'].map((it) => ['caught', it]),
      },
    ));

  it("in 'uncaughtException' itself ends the program", async () => {
    const outcome = await runScript(({ cp }) => {
      process.on('uncaughtException', () => {
        throw new Error('second');
      });
      cp.spawn('true').on('exit', () => {
        throw new Error('first');
      });
    });
    assert.match(outcome.stderr, /second/);
    assertEnd({ ...outcome, stderr: '' }, { code: LISTENER_THREW, signal: null });
  });
});

describe('a signal to the program', { concurrency: 2 }, () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL', 'SIGHUP']) {
    it(`${signal} ends it, and its children see the end of their pipes`, async () => {
      const script = startScript(
        (self) => {
          require('node:vm').runInThisContext(self.args[0])(self, () => self.say('begun'));
        },
        { args: [BUSY] },
      );
      await script.heard('begun');
      script.child.kill(signal);
      assertEnd(await script.outcome, { code: null, signal });
    });
  }

  it('is heard by its listener while children are alive', async () => {
    const script = startScript(({ cp, say }) => {
      const child = cp.spawn('cat');
      process.on('SIGTERM', () => child.stdin.end('last words'));
      child.stdout.on('data', (data) => say('data', `${data}`));
      child.on('close', (code) => say('close', code));
      child.on('spawn', () => say('begun'));
    });
    await script.heard('begun');
    script.child.kill('SIGTERM');
    const outcome = await script.outcome;
    assertEnd(outcome, { code: 0, signal: null });
    assert.deepStrictEqual(outcome.said.slice(1), [
      ['data', 'last words'],
      ['close', 0],
    ]);
  });

  it('SIGCHLD is left to the program', () =>
    ends(
      async ({ cp, say }) => {
        const heard = new Promise((resolve) => process.once('SIGCHLD', resolve));
        cp.spawn('true').on('close', (code) => say('close', code));
        await heard;
        // Node's own module has its own watcher of that signal.
        require('node:child_process')
          .spawn('true')
          .on('close', (code) => say('close', code));
      },
      {
        said: [
          ['close', 0],
          ['close', 0],
        ],
      },
    ));
});

describe('the package', { concurrency: 2 }, () => {
  it('loaded twice in one process works twice at once', () =>
    ends(
      async (self) => {
        const first = self.cp;
        const names = Object.keys(require.cache).filter((name) => !name.includes('helpers'));
        for (const name of names) if (name !== __filename) delete require.cache[name];
        const second = self.cp;
        self.say('apart', first !== second, first.native && second.native);
        const echo = async (cp, text) => {
          const child = cp.spawn('cat');
          const fork = cp.fork(`${self.fixtures}/ipc-echo.js`);
          const closes = [child, fork].map((it) => new Promise((done) => it.on('close', done)));
          let all = '';
          child.stdout.on('data', (data) => {
            all += data;
          });
          child.stdin.end(text);
          const got = [];
          fork.on('message', (message) => {
            got.push(message);
            if (got.length === 100) fork.disconnect();
          });
          for (let n = 0; n < 100; n++) fork.send(text + n);
          await Promise.all(closes);
          return [all === text, got.every((message, n) => message === text + n), got.length];
        };
        const [one, two] = [first, second].map((cp, n) => echo(cp, `${n}`.repeat(200_000)));
        self.say('first', ...(await one));
        self.say('second', ...(await two));
      },
      {
        said: [
          ['apart', true, true],
          ['first', true, true, 100],
          ['second', true, true, 100],
        ],
      },
    ));

  it('costs no thread and no descriptor until it is used', async () => {
    const outcome = await runScript(async (self) => {
      const { readdirSync, readlinkSync } = require('node:fs');
      const count = async () => {
        // Threads of Node's own come and go while it starts.
        await new Promise((resolve) => setTimeout(resolve, 100));
        const open = readdirSync('/proc/self/fd').flatMap((fd) => {
          try {
            return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`];
          } catch {
            // The one that reads the list.
            return [];
          }
        });
        return { open: open.sort(), threads: readdirSync('/proc/self/task').length };
      };
      self.say('plain', await count());
      self.say('native', self.cp.native);
      self.say('loaded', await count());
      await new Promise((resolve) => self.cp.spawn('true').on('close', resolve));
      self.say('used', await count());
    });
    assertEnd(outcome, { code: 0, signal: null });
    const { plain, native, loaded, used } = Object.fromEntries(outcome.said);
    assert.ok(native);
    assert.deepStrictEqual(loaded, plain);
    // The count sees what there is to be seen: a set of descriptors to watch.
    assert.ok(used.open.length > plain.open.length);
  });
});
