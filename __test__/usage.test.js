'use strict';
// Bills: what a child used, told at its exit; whose memory the peak is; a look at a child that runs.

const assert = require('node:assert');
const { once } = require('node:events');
const { describe, it: test } = require('node:test');
const sprog = require('..');
const { until, waitGone } = require('./helpers/processes.js');
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

          // A parent of 256 MiB, and a child that has next to nothing.
          const big = Buffer.alloc(256 << 20, 1);
          const small = cp.spawn('/bin/true', { stdio: 'ignore' });
          await once(small, 'exit');
          const { maxRSS, peakMemorySource } = small.resourceUsage();
          say('small', maxRSS, peakMemorySource);
          // And one that has more.
          const args = ['if=/dev/zero', 'of=/dev/null', 'bs=512M', 'count=1'];
          const large = cp.spawn('dd', args, { stdio: 'ignore' });
          await once(large, 'exit');
          const peak = large.resourceUsage();
          say('large', peak.maxRSS > 500 * 1024 && peak.maxRSS < 600 * 1024, peak.peakMemorySource);
          say(big.length);
        },
        { env: { ...process.env, ...ways }, limit: 100_000 },
      );
      assert.deepStrictEqual(strays, []);
      assert.deepStrictEqual(said, [
        ['cpu', true],
        ['small', 0, 'unknown'],
        ['large', true, 'rusage'],
        [256 << 20],
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
