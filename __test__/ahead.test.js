'use strict';
// A program that is known to start is not waited for. Nobody may see a difference: whoever asks for the pid finds
// the program, and what goes wrong against all odds is told as well as it can be.

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const util = require('node:util');
const { Worker } = require('node:worker_threads');
const sprog = require('..');
const { countFds, countZombies, until } = require('./helpers/processes.js');

/** Seconds for which a program has to have been left alone; see src/sys/linux/known.rs. */
const SETTLED_S = 60;

/** What /proc calls it: it may be a link to one program for many. */
const CAT = path.basename(fs.realpathSync('/bin/cat'));

function link(file) {
  try {
    return fs.readlinkSync(file);
  } catch {
    // It was closed since the list was read.
    return undefined;
  }
}

async function run(file, args = [], options = {}) {
  return await once(sprog.spawn(file, args, options), 'close');
}

let tmp;

before(async () => {
  tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-ahead-'));
  for (const file of ['cat', 'true', 'sh']) await run(file, [], { stdio: 'ignore' });
});

after(() => fs.rmSync(tmp, { recursive: true, force: true }));

describe('who is waited for all the same', () => {
  it('one that is not there any more', async () => {
    const bin = path.join(tmp, 'bin');
    fs.symlinkSync('/bin', bin);
    const file = path.join(bin, 'true');
    assert.deepStrictEqual(
      [await run(file), await run(file)],
      [
        [0, null],
        [0, null],
      ],
    );
    fs.unlinkSync(bin);
    const child = sprog.spawn(file);
    assert.strictEqual(child.pid, undefined);
    const [error] = await once(child, 'error');
    assert.strictEqual(error.code, 'ENOENT');
  });

  it('one in a directory that cannot be entered', () => {
    for (const cwd of ['/nonexistent', '/etc/passwd']) {
      const child = () => sprog.spawn('cat', [], { cwd }).on('error', () => {});
      if (cwd === '/nonexistent') assert.strictEqual(child().pid, undefined);
      else assert.throws(child, { code: 'ENOTDIR' });
    }
  });
});

describe('what is seen of such a child', () => {
  it('whoever has its pid finds the program, and none of our descriptors', async () => {
    const open = fs.openSync('/dev/zero', 'r');
    for (let i = 0; i < 300; i++) {
      const child = sprog.spawn('cat', ['-'], { stdio: ['pipe', 'ignore', 'ignore'] });
      const { pid } = child;
      assert.strictEqual(path.basename(fs.readlinkSync(`/proc/${pid}/exe`)), CAT);
      assert.strictEqual(fs.readlinkSync(`/proc/${pid}/fd/1`), '/dev/null');
      const links = fs.readdirSync(`/proc/${pid}/fd`).map((fd) => link(`/proc/${pid}/fd/${fd}`));
      assert.ok(!links.includes('/dev/zero'), `in round ${i}`);
      child.stdin.end();
      await once(child, 'exit');
    }
    fs.closeSync(open);
  });

  it('its pid is a property like any other as soon as somebody looks', async () => {
    const plain = { writable: true, enumerable: true, configurable: true };
    const read = (child) => child.pid;
    for (const look of [read, util.inspect, (child) => ({ ...child }), JSON.stringify, () => {}]) {
      const child = sprog.spawn('cat', [], { stdio: 'ignore' });
      assert.ok(Object.keys(child).includes('pid'));
      look(child);
      await once(child, 'exit');
      assert.deepStrictEqual(Object.getOwnPropertyDescriptor(child, 'pid'), {
        value: child.pid,
        ...plain,
      });
      assert.ok(child.pid > 0);
    }
    const shown = sprog.spawn('cat', [], { stdio: 'ignore' });
    assert.match(util.inspect(shown), /\bpid: \d+,/);
    const renamed = sprog.spawn('cat', [], { stdio: 'ignore' });
    renamed.pid = 5;
    await once(renamed, 'exit');
    assert.strictEqual(renamed.pid, 5);
  });

  it('a signal reaches the program', async () => {
    for (let i = 0; i < 50; i++) {
      const child = sprog.spawn('sleep', ['60'], { stdio: 'ignore' });
      assert.strictEqual(child.kill(), true);
      assert.deepStrictEqual(await once(child, 'exit'), [null, 'SIGTERM']);
    }
    const leader = sprog.spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
    process.kill(-leader.pid);
    assert.deepStrictEqual(await once(leader, 'exit'), [null, 'SIGTERM']);
  });

  it('many at a time leave nothing', async () => {
    const descriptors = countFds();
    for (let round = 0; round < 5; round++) {
      const children = Array.from({ length: 100 }, (_, i) =>
        sprog.spawn('sh', ['-c', `echo ${i}; exit ${i}`], { stdio: ['ignore', 'pipe', 'ignore'] }),
      );
      const ends = children.map(async (child, i) => {
        let output = '';
        child.stdout.on('data', (chunk) => {
          output += chunk;
        });
        const [code] = await once(child, 'close');
        assert.deepStrictEqual({ code, output }, { code: i, output: `${i}\n` });
      });
      await Promise.all(ends);
    }
    await until(() => countFds() <= descriptors && countZombies() === 0);
  });
});

describe('what goes on meanwhile', () => {
  it('a file that was written is not busy because a child has a copy of its descriptor', async () => {
    for (let i = 0; i < 200; i++) {
      const script = path.join(tmp, `written-${i}`);
      const fd = fs.openSync(script, 'w', 0o755);
      fs.writeSync(fd, '#!/bin/sh\nexit 7\n');
      const other = sprog.spawn('cat', [], { stdio: 'ignore' });
      fs.closeSync(fd);
      const [code] = await once(sprog.spawn(script, { stdio: 'ignore' }), 'exit');
      assert.strictEqual(code, 7);
      if (other.exitCode === null) await once(other, 'exit');
    }
  });

  it('a worker thread that ends leaves nothing', async () => {
    const body = `
      const { spawn } = require(${JSON.stringify(path.join(__dirname, '..'))});
      const { once } = require('node:events');
      (async () => {
        await once(spawn('true', { stdio: 'ignore' }), 'close');
        for (let i = 0; i < 10; i++) spawn('true', { stdio: 'ignore' });
        process.exit();
      })();`;
    for (let i = 0; i < 10; i++) await once(new Worker(body, { eval: true }), 'exit');
    await until(() => countZombies() === 0);
  });

  it('a process that ends leaves its child to run', async () => {
    const body = `
      const { spawn } = require(${JSON.stringify(path.join(__dirname, '..'))});
      const shell = (command) =>
        spawn('sh', ['-c', command], { stdio: ['ignore', 'inherit', 'ignore'] });
      shell('true').on('close', () => {
        shell('echo still here');
        process.exit();
      });`;
    for (let i = 0; i < 20; i++) {
      const { stdout } = await util.promisify(sprog.execFile)(process.execPath, ['-e', body]);
      assert.strictEqual(stdout, 'still here\n');
    }
  });
});

describe('a program that does not run, against all odds', () => {
  // Open for writing, it cannot be executed, and nothing of it has changed. It is one that no test needs.
  const busy = findSettled();
  let descriptor;

  before(async () => {
    const age = Date.now() / 1000 - fs.statSync(busy).ctimeMs / 1000;
    if (age <= SETTLED_S) {
      await new Promise((resolve) => setTimeout(resolve, (SETTLED_S + 2 - age) * 1000));
    }
    await run(busy, ['--version'], { stdio: 'ignore' });
    descriptor = fs.openSync(busy, 'r+');
  });

  after(() => fs.closeSync(descriptor));

  it('has no pid, whoever asks', async () => {
    const child = sprog.spawn(busy, ['--version']);
    assert.strictEqual(child.pid, undefined);
    assert.strictEqual(child.kill(), false);
    const [error] = await once(child, 'error');
    const { code, syscall, path: file, spawnargs, step } = error;
    assert.deepStrictEqual(
      { code, syscall, file, spawnargs, step },
      {
        code: 'ETXTBSY',
        syscall: `spawn ${busy}`,
        file: busy,
        spawnargs: ['--version'],
        step: 'exec',
      },
    );
  });

  it('is told by an error, and its streams end', async () => {
    const descriptors = countFds();
    const child = sprog.spawn(busy, ['--version']);
    const events = [];
    for (const name of ['spawn', 'error', 'exit', 'close']) {
      child.on(name, () => events.push(name));
    }
    child.stdin.on('error', () => {});
    child.stdin.write('lost');
    await new Promise((resolve) => child.on('close', resolve));
    assert.deepStrictEqual(events, ['spawn', 'error', 'close']);
    assert.deepStrictEqual([child.pid, child.signalCode], [undefined, null]);
    await until(() => countFds() <= descriptors && countZombies() === 0);
  });

  it('is an error of execFile() and of run()', async () => {
    await assert.rejects(util.promisify(sprog.execFile)(busy, ['--version']), { code: 'ETXTBSY' });
    const signal = new AbortController().signal;
    await assert.rejects(sprog.run(busy, ['--version'], { signal, timeout: 10_000 }), (error) => {
      assert.deepStrictEqual([error.code, error.pid, error.step], ['ETXTBSY', undefined, 'exec']);
      return true;
    });
  });
});

function findSettled() {
  const scope = path.join(__dirname, '..', 'node_modules', '@biomejs');
  const found = fs.readdirSync(scope).map((name) => path.join(scope, name, 'biome'));
  return found.find((file) => fs.existsSync(file));
}
