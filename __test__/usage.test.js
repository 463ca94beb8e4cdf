'use strict';
// Bills: what a child used, told at its exit; whose memory the peak is; a look at a child that runs.

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { text } = require('node:stream/consumers');
const { describe, it: test } = require('node:test');
const sprog = require('..');
const { countZombies, until, waitGone } = require('./helpers/processes.js');
const { runScript } = require('./helpers/script.js');

const it = (title, run) => test(title, { timeout: 120_000 }, run);
const PATIENCE_MS = 30_000;

const WAYS = {
  'the usual way': {},
  'a child that copies our memory': { SPROG_SPAWN: 'fork' },
  'no pidfds': { SPROG_PIDFD: 'off' },
};

describe('resourceUsage()', () => {
  it('has the shape of process.resourceUsage(), and says how the peak was had', async () => {
    const child = sprog.spawn('/bin/true', { stdio: 'ignore' });
    assert.strictEqual(child.resourceUsage(), undefined);
    await once(child, 'exit');
    const { peakMemorySource, ...usage } = child.resourceUsage();
    assert.deepStrictEqual(Object.keys(usage), Object.keys(process.resourceUsage()));
    for (const value of Object.values(usage)) assert.ok(Number.isInteger(value) && value >= 0);
    assert.ok(['unknown', 'rusage'].includes(peakMemorySource), peakMemorySource);
    assert.ok(usage.minorPageFault > 0);
  });

  it('is there when the exit is told, and is nobody else’s', async () => {
    const quick = sprog.spawn('/bin/true', { stdio: 'ignore' });
    const told = [];
    quick.on('exit', () => told.push(quick.resourceUsage() !== undefined));
    await once(quick, 'exit');
    assert.deepStrictEqual(told, [true]);
    const first = quick.resourceUsage();
    const busy = sprog.spawn('/bin/sh', [
      '-c',
      'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done',
    ]);
    await once(busy, 'exit');
    assert.deepStrictEqual(quick.resourceUsage(), first);
    assert.ok(busy.resourceUsage().userCPUTime > first.userCPUTime);
  });

  it('of a program that was not started is undefined', async () => {
    const child = sprog.spawn('/nonexistent/program');
    await once(child, 'error');
    assert.strictEqual(child.resourceUsage(), undefined);
    assert.strictEqual(child.usage(), undefined);
    assert.strictEqual(child.oomKilled, undefined);
  });

  for (const [title, ways] of Object.entries(WAYS)) {
    it(`bills CPU time and memory truly: ${title}`, async () => {
      const { said, strays } = await runScript(
        async ({ cp, say }) => {
          const { once } = require('node:events');
          const spin = `const end = process.cpuUsage().user + 200_000;
            while (process.cpuUsage().user < end);
            const { user, system } = process.cpuUsage();
            console.log(JSON.stringify({ user, system }));`;
          const child = cp.spawn(process.execPath, ['-e', spin]);
          let text = '';
          child.stdout.setEncoding('utf8').on('data', (data) => {
            text += data;
          });
          await once(child, 'close');
          const told = JSON.parse(text);
          const billed = child.resourceUsage();
          say('cpu', billed.userCPUTime + billed.systemCPUTime >= told.user + told.system);

          // A parent of 128 MiB, and a child that has next to nothing.
          const big = Buffer.alloc(128 << 20, 1);
          const small = cp.spawn('/bin/true', { stdio: 'ignore' });
          await once(small, 'exit');
          const { maxRSS, peakMemorySource } = small.resourceUsage();
          say('small', maxRSS, peakMemorySource);
          // And one that has more.
          const args = ['if=/dev/zero', 'of=/dev/null', 'bs=256M', 'count=1'];
          const large = cp.spawn('dd', args, { stdio: 'ignore' });
          await once(large, 'exit');
          const peak = large.resourceUsage();
          say('large', peak.maxRSS > 250 * 1024 && peak.maxRSS < 300 * 1024, peak.peakMemorySource);
          say(big.length);
        },
        { env: { ...process.env, ...ways }, limit: 100_000 },
      );
      assert.deepStrictEqual(strays, []);
      assert.deepStrictEqual(said, [
        ['cpu', true],
        ['small', 0, 'unknown'],
        ['large', true, 'rusage'],
        [128 << 20],
      ]);
    });
  }

  it('has the peak that was seen, where somebody looked', async () => {
    const child = sprog.spawn('sleep', ['60'], { stdio: 'ignore' });
    const exit = once(child, 'exit');
    assert.ok(child.usage().rss > 0);
    child.kill('SIGKILL');
    await exit;
    const { maxRSS, peakMemorySource } = child.resourceUsage();
    assert.strictEqual(peakMemorySource, 'sampled');
    assert.ok(maxRSS > 0 && maxRSS < 20 * 1024, `${maxRSS}`);
    assert.ok(await waitGone(child.pid, PATIENCE_MS));
  });

  it('of children in a worker thread is theirs', async () => {
    const { said } = await runScript(async ({ cp, say }) => {
      const { Worker, isMainThread } = require('node:worker_threads');
      if (isMainThread) {
        await require('node:events').once(new Worker(__filename), 'exit');
      } else {
        const child = cp.spawn('/bin/true', { stdio: 'ignore' });
        await require('node:events').once(child, 'exit');
        say(child.resourceUsage().minorPageFault > 0);
      }
    });
    assert.deepStrictEqual(said, [[true]]);
  });
});

describe("usage: 'exact'", () => {
  for (const [title, ways] of Object.entries(WAYS)) {
    it(`bills the child for its own memory to the page: ${title}`, async () => {
      const { said, strays } = await runScript(
        async ({ cp, say, processes }) => {
          const { once } = require('node:events');
          const big = Buffer.alloc(128 << 20, 1);
          const options = { stdio: 'ignore', usage: 'exact' };
          // What is opened once stays open.
          await once(cp.spawn('true', options), 'exit');
          const fds = processes.countFds();
          for (let i = 0; i < 3; i++) {
            const child = cp.spawn('true', options);
            await once(child, 'exit');
            const { maxRSS, peakMemorySource } = child.resourceUsage();
            say('small', maxRSS > 300 && maxRSS < 8 * 1024, peakMemorySource);
          }
          const args = ['if=/dev/zero', 'of=/dev/null', 'bs=64M', 'count=1'];
          const child = cp.spawn('dd', args, options);
          await once(child, 'exit');
          const { maxRSS } = child.resourceUsage();
          say('larger', maxRSS >= 64 * 1024 && maxRSS < 76 * 1024);
          await processes.until(() => processes.countFds() <= fds);
          say('left', processes.countFds() <= fds, processes.countZombies(), big.length);
        },
        { env: { ...process.env, ...ways }, limit: 100_000 },
      );
      assert.deepStrictEqual(strays, []);
      const small = ['small', true, 'exact'];
      const left = ['left', true, 0, 128 << 20];
      assert.deepStrictEqual(said, [small, small, small, ['larger', true], left]);
    });
  }

  it('changes nothing else about the child', async () => {
    const script = 'echo "$0 $1 $X $PPID"; cat; ls /proc/$$/fd; exit 7';
    const args = ['-c', script, 'first', 'second'];
    const env = { PATH: process.env.PATH, X: 'x' };
    const observe = async (usage) => {
      const options = /** @type {any} */ ({ env, argv0: 'name', usage });
      const child = sprog.spawn('sh', args, options);
      const closed = once(child, 'close');
      child.stdin.end('in\n');
      const output = await text(child.stdout);
      assert.deepStrictEqual(await closed, [7, null]);
      assert.ok(await waitGone(child.pid, PATIENCE_MS));
      return output;
    };
    const output = await observe('exact');
    assert.match(output, new RegExp(`^first second x ${process.pid}\\nin\\n0\\n1\\n`));
    assert.strictEqual(output, await observe(undefined));
  });

  it('fails as without it', async () => {
    const fails = async (file, options) => {
      const child = sprog.spawn(file, [], /** @type {any} */ ({ ...options, usage: 'exact' }));
      const [error] = await once(child, 'error');
      assert.strictEqual(child.pid, undefined);
      return error.code;
    };
    const zombies = countZombies();
    assert.strictEqual(await fails('/nonexistent/program'), 'ENOENT');
    assert.strictEqual(await fails('nonexistent-program'), 'ENOENT');
    assert.strictEqual(await fails('/etc/passwd'), 'EACCES');
    assert.strictEqual(await fails('true', { cwd: '/nonexistent' }), 'ENOENT');
    assert.ok(await until(() => countZombies() <= zombies, PATIENCE_MS));
    assert.throws(() => sprog.spawn('true', /** @type {any} */ ({ usage: 'about' })), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /options\.usage/,
    });
  });

  it('starts a script without an interpreter line by the shell', async () => {
    const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-usage-'));
    const file = path.join(tmp, 'script');
    fs.writeFileSync(file, 'echo "$@"; exit 3\n', { mode: 0o755 });
    const child = sprog.spawn(file, ['a', 'b c'], /** @type {any} */ ({ usage: 'exact' }));
    const closed = once(child, 'close');
    assert.strictEqual(await text(child.stdout), 'a b c\n');
    assert.deepStrictEqual(await closed, [3, null]);
    fs.rmSync(tmp, { recursive: true });
  });

  it('goes with limits, of one process too', async () => {
    const options = { stdio: 'ignore', usage: 'exact', limits: { openFiles: 50 }, umask: 0o77 };
    const child = sprog.spawn('/bin/true', /** @type {any} */ (options));
    assert.deepStrictEqual(await once(child, 'exit'), [0, null]);
    let alone;
    try {
      alone = sprog.spawn(
        '/bin/true',
        /** @type {any} */ ({ ...options, limits: { processes: 1 } }),
      );
    } catch (error) {
      assert.strictEqual(error.code, 'ERR_SPROG_LIMIT_UNAVAILABLE');
      return;
    }
    assert.deepStrictEqual(await once(alone, 'exit'), [0, null]);
    assert.strictEqual(alone.resourceUsage().peakMemorySource, 'exact');
  });

  it('starts many at once', async () => {
    const start = () =>
      sprog.spawn('/bin/true', /** @type {any} */ ({ stdio: 'ignore', usage: 'exact' }));
    const children = Array.from({ length: 40 }, start);
    const codes = await Promise.all(children.map((child) => once(child, 'exit')));
    assert.ok(codes.every(([code]) => code === 0));
    assert.ok(children.every((child) => child.resourceUsage().maxRSS > 300));
  });
});

describe('usage()', () => {
  it('is what the child uses now', async () => {
    const loop = 'setInterval(() => { for (const end = Date.now() + 20; Date.now() < end; ); }, 1)';
    const child = sprog.spawn(process.execPath, ['-e', loop], { stdio: 'ignore' });
    const exit = once(child, 'exit');
    const first = child.usage();
    assert.deepStrictEqual(Object.keys(first), ['cpu', 'rss', 'threads', 'processes']);
    assert.deepStrictEqual(Object.keys(first.cpu), ['user', 'system']);
    const grown = () => {
      const { cpu, rss, threads } = child.usage();
      return cpu.user > first.cpu.user + 100_000 && rss > 10 << 20 && threads > 4;
    };
    assert.ok(await until(grown, PATIENCE_MS), JSON.stringify(child.usage()));
    assert.strictEqual(child.usage().processes, 1);
    child.kill('SIGKILL');
    await exit;
    assert.strictEqual(child.usage(), undefined);
    assert.ok(await waitGone(child.pid, PATIENCE_MS));
  });

  it('counts children that the child waited for', async () => {
    const script =
      'sh -c "i=0; while [ \\$i -lt 300000 ]; do i=\\$((i+1)); done"; echo done; exec sleep 60';
    const child = sprog.spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    assert.ok(child.usage().cpu.user > 0);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});

describe('a ChildProcess', () => {
  it('shows none of it, as under Node', async () => {
    const child = sprog.spawn('/bin/true', { stdio: 'ignore' });
    await once(child, 'exit');
    const names = ['usage', 'resourceUsage', 'oomKilled'];
    for (const name of names) {
      assert.ok(name in child);
      assert.ok(!Object.keys(child).includes(name));
      assert.ok(!Object.prototype.propertyIsEnumerable.call(sprog.ChildProcess.prototype, name));
    }
    assert.strictEqual(child.oomKilled, undefined);
  });
});
