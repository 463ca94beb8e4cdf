'use strict';
// The option `tree`: whatever ends a child ends all that it started, in either way to find them. The
// members of the trees here wrote down their pids themselves.

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it: test } = require('node:test');
const cp = require('..');
const { countFds, isAlive, until } = require('./helpers/processes.js');
const {
  PATIENCE_MS,
  command,
  directoryFor,
  groupsLeft,
  inMode,
  members,
  modes,
  survivors,
} = require('./helpers/trees.js');

const it = (title, run) => test(title, { timeout: 120_000 }, run);

const asyncDispose = /** @type {any} */ (Symbol).asyncDispose ?? Symbol.for('nodejs.asyncDispose');
const dispose = /** @type {any} */ (Symbol).dispose ?? Symbol.for('nodejs.dispose');

for (const mode of modes()) {
  /** A whole tree that runs: the child, and the pids of all members. */
  const grow = async (t, options = {}, fixture = {}) => {
    const directory = directoryFor(t);
    const args = ['-c', command(directory, fixture)];
    const child = inMode(mode, () =>
      cp.spawn('sh', args, { tree: true, stdio: 'ignore', ...options }),
    );
    const pids = [child.pid, ...(await members(directory))];
    // Where an assertion fails, nothing of it is to stay.
    t.after(() => child.kill('SIGKILL'));
    return { child, pids };
  };

  describe(`a tree found by ${mode}`, { concurrency: 2 }, () => {
    it('ends by killTree(), which tells what it ended', async (t) => {
      const { child, pids } = await grow(t);
      // A machine may be so busy that the default is too short.
      const result = await child.killTree({ grace: 60_000 });
      assert.deepStrictEqual(pids.filter(isAlive), [], 'all are gone when it resolves');
      assert.notStrictEqual(child.signalCode ?? child.exitCode, null, 'the exit is known then');
      const { ended, ...rest } = result;
      assert.deepStrictEqual(rest, { signal: 'SIGTERM', escalated: false, mode });
      const found = new Map(ended.map(({ pid, command }) => [pid, command]));
      for (const pid of pids) assert.ok(found.has(pid), `${pid} is among ${[...found.keys()]}`);
      // Which program it was depends on the moment: a shell becomes what it executes.
      for (const name of found.values()) assert.notStrictEqual(name, '');
      assert.strictEqual(child.killed, true);
      assert.strictEqual(child.kill(), false, 'nobody is left to get a signal');
    });

    it('gets SIGKILL after the grace, where it is deaf to the signal', async (t) => {
      const { child, pids } = await grow(t, {}, { deaf: true });
      const result = await child.killTree({ signal: 'SIGTERM', grace: 50 });
      assert.deepStrictEqual(pids.filter(isAlive), []);
      assert.strictEqual(result.escalated, true);
      assert.strictEqual(child.signalCode, 'SIGKILL');
    });

    it('ends while JS is blocked', async (t) => {
      const { child, pids } = await grow(t, {}, { deaf: true });
      const ended = child.killTree({ grace: 100 });
      const deadline = Date.now() + PATIENCE_MS;
      while (pids.some(isAlive) && Date.now() < deadline);
      assert.deepStrictEqual(pids.filter(isAlive), []);
      assert.strictEqual((await ended).escalated, true);
    });

    it('gets every signal that kill() sends, at once', async (t) => {
      const { child, pids } = await grow(t);
      assert.strictEqual(child.kill(0), true);
      assert.deepStrictEqual(pids.filter(isAlive), pids);
      assert.strictEqual(child.kill('SIGTERM'), true);
      assert.deepStrictEqual(await survivors(pids), []);
    });

    it('hears of a signal from the top: no shell goes on with its next command', async () => {
      const script = 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 60 & done; echo; sleep 60; echo next';
      for (let i = 0; i < 10; i++) {
        const child = inMode(mode, () => cp.spawn('sh', ['-c', script], { tree: true }));
        let said = '';
        child.stdout.on('data', (data) => {
          said += data;
        });
        await once(child.stdout, 'data');
        const closed = once(child, 'close');
        await new Promise((resolve) => setTimeout(resolve, 20));
        child.kill();
        assert.deepStrictEqual([...(await closed), said], [null, 'SIGTERM', '\n']);
      }
    });

    it('ends by kill with SIGKILL', async (t) => {
      const { child, pids } = await grow(t, {}, { deaf: true });
      assert.strictEqual(child.kill('SIGKILL'), true);
      assert.deepStrictEqual(await survivors(pids), []);
    });

    it('ends by a timeout', async (t) => {
      // A tree must have grown before its time is over; how long that takes nobody knows.
      for (const timeout of [1_500, 6_000, 24_000]) {
        const directory = directoryFor(t);
        const settings = { tree: true, stdio: 'ignore', timeout, killSignal: 'SIGKILL' };
        const child = inMode(mode, () => cp.spawn('sh', ['-c', command(directory)], settings));
        const exited = once(child, 'exit');
        const grown = await Promise.race([members(directory), exited.then(() => undefined)]);
        assert.deepStrictEqual(await exited, [null, 'SIGKILL']);
        if (!grown) continue;
        assert.deepStrictEqual(await survivors([child.pid, ...grown]), []);
        return;
      }
      assert.fail('the tree never grew in time');
    });

    it('ends by an abort', async (t) => {
      const controller = new AbortController();
      const { child, pids } = await grow(t, { signal: controller.signal });
      const failed = once(child, 'error');
      controller.abort('enough');
      const [error] = await failed;
      assert.strictEqual(error.code, 'ABORT_ERR');
      assert.deepStrictEqual(await survivors(pids), []);
    });

    it('ends by Symbol.dispose', async (t) => {
      const { child, pids } = await grow(t);
      child[dispose]();
      assert.deepStrictEqual(await survivors(pids), []);
    });

    it('ends by Symbol.asyncDispose, with its streams', async (t) => {
      const { child, pids } = await grow(t, { stdio: 'pipe' });
      await child[asyncDispose]();
      assert.deepStrictEqual(pids.filter(isAlive), []);
      assert.ok(child.stdout.destroyed && child.stderr.destroyed && child.stdin.destroyed);
    });

    it('ends after its root has exited by itself', async (t) => {
      const directory = directoryFor(t);
      const script = `{ ${command(directory)}; } & exit 5`;
      const child = inMode(mode, () =>
        cp.spawn('sh', ['-c', script], { tree: true, stdio: 'ignore' }),
      );
      assert.deepStrictEqual(await once(child, 'exit'), [5, null]);
      const pids = await members(directory);
      assert.deepStrictEqual(pids.filter(isAlive), pids);
      const { ended } = await child.killTree();
      assert.deepStrictEqual(pids.filter(isAlive), []);
      assert.ok(ended.length >= pids.length);
    });

    it('is taken by exec, execFile and fork too', async (t) => {
      const [first, second, third] = [directoryFor(t), directoryFor(t), directoryFor(t)];
      const fixture = path.join(__dirname, 'fixtures', 'tree-members.js');
      const children = inMode(mode, () => [
        cp.exec(command(first), { tree: true }, () => {}),
        cp.execFile('sh', ['-c', command(second)], { tree: true }, () => {}),
        cp.fork(fixture, [third], { tree: true }),
      ]);
      const pids = (await Promise.all([first, second, third].map((it) => members(it)))).flat();
      await Promise.all(children.map((child) => child.killTree()));
      assert.deepStrictEqual(pids.filter(isAlive), []);
    });

    it('leaves alone who is not of it', async (t) => {
      const other = await grow(t);
      const sibling = cp.spawn('sleep', ['600'], { stdio: 'ignore' });
      t.after(() => sibling.kill('SIGKILL'));
      const { child, pids } = await grow(t);
      await child.killTree({ signal: 'SIGKILL' });
      assert.deepStrictEqual(pids.filter(isAlive), []);
      assert.deepStrictEqual(other.pids.filter(isAlive), other.pids);
      assert.ok(isAlive(sibling.pid));
      await other.child.killTree();
      assert.deepStrictEqual(other.pids.filter(isAlive), []);
    });
  });
}

describe('what a tree leaves behind', () => {
  it('is no control group, however it ended', async (t) => {
    const quick = cp.spawn('true', { tree: true, stdio: 'ignore' });
    const missing = cp.spawn('/nonexistent', { tree: true, stdio: 'ignore' });
    missing.on('error', () => {});
    const directory = directoryFor(t);
    const slow = cp.spawn('sh', ['-c', `${command(directory)}`], { tree: true, stdio: 'ignore' });
    await members(directory);
    await slow.killTree();
    await until(() => quick.exitCode !== null, PATIENCE_MS);
    assert.ok(await until(() => groupsLeft().length === 0, PATIENCE_MS), `${groupsLeft()}`);
  });

  it('is no group where the root went first', async (t) => {
    const directory = directoryFor(t);
    const script = `sh -c 'echo $$ > ${directory}/last; read end < ${directory}/pipe' & exit`;
    cp.execFileSync('mkfifo', [`${directory}/pipe`]);
    const child = cp.spawn('sh', ['-c', script], { tree: true, stdio: 'ignore' });
    await once(child, 'exit');
    await until(() => fs.existsSync(`${directory}/last`), PATIENCE_MS);
    fs.writeFileSync(`${directory}/pipe`, 'end\n');
    assert.ok(await until(() => groupsLeft().length === 0, PATIENCE_MS), `${groupsLeft()}`);
  });

  it('is no descriptor', async () => {
    const once = async () => {
      const child = cp.spawn('sleep', ['600'], { tree: true });
      await child[asyncDispose]();
    };
    await once();
    const before = countFds();
    for (let i = 0; i < 10; i++) await once();
    assert.ok(await until(() => countFds() <= before, PATIENCE_MS), `${before} ${countFds()}`);
  });
});
