'use strict';
// Nothing stays behind: neither a descriptor nor a zombie after spawns that fail in every way, and
// after spawns that succeed; and no process after a kill.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { describe, it, before, after } = require('node:test');
const { promisify } = require('node:util');
const sprog = require('..');
const { scriptArguments } = require('./helpers/own-process.js');
const { countFds, countZombies, processStat, until, waitGone } = require('./helpers/processes.js');

const HELPERS = require.resolve('./helpers/processes.js');
const TIMES = 5;
const MISSING = '/nonexistent/program';
const EXTRA_PIPES = ['pipe', 'pipe', 'pipe', 'pipe', 'overlapped'];
/** Where the addon cannot load, Node's own module runs, which loses descriptors in some failures. */
const LEAKS_IN_NODE = sprog.native ? false : "a leak of Node's own module";
const WITH_CHANNEL = ['pipe', 'pipe', 'pipe', 'ipc'];

/** Waits for the end of a child, however it comes. */
function ended(child) {
  return new Promise((resolve) => {
    child.on('error', () => {});
    child.on('close', resolve);
  });
}

/** Spawns and waits for the end; a thrown failure is an end too. Resolves with its error code. */
async function attempt(file, args, options) {
  let child;
  let code = null;
  try {
    child = sprog.spawn(file, args, options);
  } catch (error) {
    return error.code;
  }
  child.on('error', (error) => {
    code = error.code;
  });
  await ended(child);
  return code;
}

/** Runs `use` several times and asserts that descriptors and zombies are as many as before. */
async function leavesNothing(use) {
  const fds = countFds();
  const zombies = countZombies();
  for (let i = 0; i < TIMES; i++) await use();
  await until(() => countFds() <= fds && countZombies() <= zombies);
  assert.deepStrictEqual(
    { fds: countFds(), zombies: countZombies() },
    { fds, zombies },
    'descriptors or zombies stayed behind',
  );
}

/** Runs `body` in a Node of its own and returns what it logged. */
async function inOwnProcess(body, { prefix = [], args = [], ...options } = {}) {
  const t = { modulePath: path.join(__dirname, '..') };
  const [file, ...argv] = [...prefix, process.execPath, ...scriptArguments(t, body, args)];
  const { stdout } = await promisify(execFile)(file, argv, options);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

let tmp;

before(async () => {
  tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-leaks-'));
  fs.writeFileSync(path.join(tmp, 'plain'), 'text', { mode: 0o644 });
  // What is set up once and for all (an epoll set, a thread) is no leak.
  await ended(sprog.spawn('true'));
  await attempt(MISSING);
  await until(() => countZombies() === 0);
});

after(() => fs.rmSync(tmp, { recursive: true, force: true }));

describe('a failed spawn leaves no descriptor and no zombie', () => {
  const long = ['x'.repeat(200_000)];
  const failures = {
    'a missing program': ['ENOENT', () => [MISSING]],
    'a program without the right to run it': ['EACCES', () => [path.join(tmp, 'plain')]],
    'a directory': ['EACCES', () => [tmp]],
    'too long an argument': ['E2BIG', () => ['true', long]],
    'a working directory that is a file': ['ENOTDIR', () => ['true', [], { cwd: '/etc/passwd' }]],
    'a missing working directory': ['ENOENT', () => ['true', [], { cwd: '/nonexistent' }]],
    'too long a name': ['ENAMETOOLONG', () => [`/${'n'.repeat(300)}`]],
  };
  for (const [name, [code, build]] of Object.entries(failures)) {
    for (const stdio of ['pipe', 'ignore', 'inherit', EXTRA_PIPES, WITH_CHANNEL]) {
      const skip = stdio === EXTRA_PIPES && LEAKS_IN_NODE;
      it(`${name}, stdio ${stdio}`, { skip }, async () => {
        const [file, args = [], options = {}] = build();
        await leavesNothing(async () => {
          assert.strictEqual(await attempt(file, args, { ...options, stdio }), code);
        });
      });
    }
  }

  const refused = {
    'a closed descriptor among pipes': ['EBADF', ['pipe', 'pipe', 9999]],
    'a closed descriptor after pipes': ['EBADF', ['pipe', 'pipe', 'pipe', 'pipe', 9999]],
    'a closed descriptor after a channel': ['EBADF', ['pipe', 'ipc', 'pipe', 9999]],
    'a word without meaning': ['ERR_INVALID_SYNC_FORK_INPUT', ['pipe', 'pipe', 'pipe', 'foo']],
    'an object without meaning': ['ERR_INVALID_ARG_VALUE', ['pipe', 'pipe', { fd: 'x' }]],
    'a second channel': ['ERR_IPC_ONE_PIPE', ['pipe', 'ipc', 'pipe', 'ipc']],
  };
  for (const [name, [code, stdio]] of Object.entries(refused)) {
    it(name, async () => {
      await leavesNothing(async () => {
        assert.strictEqual(await attempt('true', [], { stdio }), code);
      });
    });
  }

  it('a failure that nobody waits for', async () => {
    await leavesNothing(() => {
      sprog.spawn(MISSING, { stdio: EXTRA_PIPES }).on('error', () => {});
    });
  });

  it('a failure with a write into its stdin', async () => {
    await leavesNothing(async () => {
      const child = sprog.spawn(MISSING);
      child.stdin.on('error', () => {});
      child.stdin.write('lost');
      await ended(child);
    });
  });

  it('exec, execFile and fork that fail', async () => {
    await leavesNothing(async () => {
      await new Promise((resolve) => sprog.execFile(MISSING, resolve));
      await new Promise((resolve) => sprog.exec('exit 1', { shell: MISSING }, resolve));
      await ended(sprog.fork('module.js', { execPath: MISSING, silent: true }));
    });
  });

  it('the sync family that fails', async () => {
    await leavesNothing(() => {
      assert.strictEqual(sprog.spawnSync(MISSING).error.code, 'ENOENT');
      assert.strictEqual(sprog.spawnSync('true', long).error.code, 'E2BIG');
      const stdio = ['pipe', 'pipe', 9999];
      assert.strictEqual(sprog.spawnSync('true', { stdio }).error.code, 'EBADF');
      assert.throws(() => sprog.execFileSync(MISSING), { code: 'ENOENT' });
    });
  });

  it('a user change without the right', async () => {
    const asNobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534, cwd: '/' } : {};
    const body = async (cp, log, [helpers]) => {
      const { countFds, countZombies, until } = require(helpers);
      const closed = () => new Promise((resolve) => cp.spawn('true').on('close', resolve));
      await closed();
      const fds = countFds();
      for (let i = 0; i < 5; i++) {
        for (const options of [{ uid: 0 }, { gid: 0 }]) {
          for (const stdio of ['pipe', ['pipe', 'pipe', 'pipe', 'ipc']]) {
            try {
              cp.spawn('true', { ...options, stdio });
              log('no error');
            } catch (error) {
              if (error.code !== 'EPERM') log(error.code);
            }
          }
        }
      }
      await until(() => countFds() <= fds && countZombies() === 0);
      log(countFds() - fds, countZombies());
    };
    assert.deepStrictEqual(await inOwnProcess(body, { args: [HELPERS], ...asNobody }), [[0, 0]]);
  });

  const full = 'a full descriptor table, however many descriptors are free';
  it(full, { skip: LEAKS_IN_NODE }, async () => {
    const body = async (cp, log, [helpers]) => {
      const fs = require('node:fs');
      const { countFds, countZombies, holdDescriptors, until } = require(helpers);
      const spawned = (stdio) =>
        new Promise((resolve) => {
          let code = null;
          const child = cp.spawn('true', { stdio });
          child.on('error', (error) => {
            code = error.code;
          });
          child.on('close', () => resolve(code));
        });
      await spawned('pipe');
      const fds = countFds();
      const codes = new Set();
      for (const stdio of ['pipe', 'ignore', ['pipe', 'pipe', 'pipe', 'pipe']]) {
        for (let free = 0; free < 14; free++) {
          const { held } = holdDescriptors();
          for (let i = 0; i < free; i++) fs.closeSync(held.pop());
          const ending = spawned(stdio);
          for (const fd of held) fs.closeSync(fd);
          codes.add(await ending);
        }
      }
      await until(() => countFds() <= fds && countZombies() === 0);
      log(countFds() - fds, countZombies(), [...codes]);
    };
    const prefix = ['sh', '-c', 'ulimit -n 64; exec "$0" "$@"'];
    const [[fds, zombies, codes]] = await inOwnProcess(body, { prefix, args: [HELPERS] });
    assert.deepStrictEqual({ fds, zombies }, { fds: 0, zombies: 0 });
    assert.deepStrictEqual(codes, ['EMFILE', null]);
  });
});

describe('a spawn that succeeds leaves no descriptor and no zombie', () => {
  for (const stdio of ['pipe', 'ignore', 'inherit', EXTRA_PIPES, WITH_CHANNEL]) {
    it(`stdio ${stdio}`, async () => {
      await leavesNothing(async () => {
        assert.strictEqual(await attempt('true', [], { stdio }), null);
      });
    });
  }

  it('with unread output', async () => {
    await leavesNothing(() => attempt('echo', ['unread']));
  });

  it('with data both ways', async () => {
    await leavesNothing(async () => {
      const child = sprog.spawn('cat');
      child.stdin.end('text');
      child.stdout.resume();
      await ended(child);
    });
  });

  it('with streams that were destroyed', async () => {
    await leavesNothing(async () => {
      const child = sprog.spawn('cat');
      for (const stream of child.stdio) stream?.destroy();
      await ended(child);
    });
  });

  it('with another child reading its stdout', async () => {
    await leavesNothing(async () => {
      const first = sprog.spawn('echo', ['text'], { stdio: ['ignore', 'pipe', 'ignore'] });
      const second = sprog.spawn('cat', { stdio: [first.stdout, 'pipe', 'ignore'] });
      second.stdout.resume();
      await ended(second);
      first.stdout.destroy();
      await until(() => first.exitCode !== null);
    });
  });

  it('twenty at a time', async () => {
    await leavesNothing(() => Promise.all(Array.from({ length: 20 }, () => attempt('true'))));
  });

  it('exec, execFile and the sync family', async () => {
    await leavesNothing(async () => {
      await new Promise((resolve) => sprog.execFile('echo', ['text'], resolve));
      await new Promise((resolve) => sprog.exec('echo text; exit 3', resolve));
      sprog.spawnSync('cat', { input: 'text' });
      sprog.execSync('echo text');
    });
  });

  it('fork with a channel that is used and closed', async () => {
    await leavesNothing(async () => {
      const child = sprog.fork(path.join(__dirname, 'fixtures', 'ipc-echo.js'), { silent: true });
      const answer = once(child, 'message');
      child.send('up?');
      await answer;
      child.disconnect();
      await once(child, 'exit');
    });
  });
});

describe('a killed child leaves no process', () => {
  /** Asserts that the process has ended and has been waited for. */
  async function assertGone(pid) {
    assert.ok(await waitGone(pid), 'the process still runs');
    assert.ok(await until(() => processStat(pid) === undefined), 'the process was not reaped');
  }

  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGINT', 9, undefined]) {
    it(`kill(${signal})`, async () => {
      const child = sprog.spawn('sleep', ['30']);
      child.kill(signal);
      await ended(child);
      await assertGone(child.pid);
    });
  }

  it('kill of a stopped child', async () => {
    const child = sprog.spawn('sleep', ['30'], { stdio: 'ignore' });
    child.kill('SIGSTOP');
    await until(() => processStat(child.pid)?.state === 'T');
    child.kill('SIGKILL');
    await ended(child);
    await assertGone(child.pid);
  });

  it('an aborted signal', async () => {
    const controller = new AbortController();
    const child = sprog.spawn('sleep', ['30'], { signal: controller.signal });
    const end = ended(child);
    controller.abort();
    await end;
    await assertGone(child.pid);
  });

  it('a timeout', async () => {
    const child = sprog.spawn('sleep', ['30'], { timeout: 20, killSignal: 'SIGKILL' });
    await ended(child);
    await assertGone(child.pid);
  });

  it('Symbol.dispose', async () => {
    const child = sprog.spawn('sleep', ['30']);
    child[Symbol.dispose]();
    await ended(child);
    await assertGone(child.pid);
  });

  it('many at once', async () => {
    const children = Array.from({ length: 20 }, () => sprog.spawn('sleep', ['30']));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map(ended));
    await Promise.all(children.map((child) => assertGone(child.pid)));
    assert.strictEqual(countZombies(), 0);
  });

  it('a child that exits without anybody looking is reaped', async () => {
    const { pid } = sprog.spawn('true', { stdio: 'ignore' });
    await assertGone(pid);
  });
});
