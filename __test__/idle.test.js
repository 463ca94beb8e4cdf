'use strict';
// A parent that waits costs no CPU, whatever state its children are in: epoll reports some states
// (a hang-up, an error, a readable descriptor that nobody reads) for ever to those who let it.

const assert = require('node:assert');
const { describe, it } = require('node:test');
const { runScript } = require('./helpers/script.js');

const MOST_MS = 20;

/**
 * Runs `prepare(self)`, which answers the children when their state is reached, and asserts that
 * the CPU time of the two seconds after that is next to nothing, in the parent and in children that
 * have a channel.
 */
async function idles(prepare) {
  const outcome = await runScript(
    async (self) => {
      const { readFileSync } = require('node:fs');
      const children = await require('node:vm').runInThisContext(`(${self.args[0]})`)(self);
      // V8 tidies up after the start.
      await new Promise((resolve) => setTimeout(resolve, 700));
      const forks = children.filter(({ channel }) => channel);
      const before = [process.cpuUsage(), ...forks.map(childMs)];
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const { user, system } = process.cpuUsage(before[0]);
      self.say(
        'ms',
        (user + system) / 1000,
        ...forks.map((fork, n) => childMs(fork) - before[n + 1]),
      );
      for (const child of children) child.kill('SIGKILL');
      process.exit();

      function childMs({ pid }) {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        const [, , , , , , , , , , , user, system] = stat
          .slice(stat.lastIndexOf(')') + 2)
          .split(' ');
        return (Number(user) + Number(system)) * 10;
      }
    },
    { args: [String(prepare)] },
  );
  assert.deepStrictEqual([outcome.code, outcome.stderr, outcome.strays], [0, '', []]);
  const [[, ...times]] = outcome.said;
  assert.ok(Math.max(...times) <= MOST_MS, `${times} ms of CPU`);
}

describe('an idle parent takes no CPU', { concurrency: true }, () => {
  it('with a hundred children that run', () =>
    idles(({ cp }) =>
      Array.from({ length: 100 }, () => cp.spawn('sleep', ['30'], { stdio: 'pipe' })),
    ));

  it('with a paused stdout whose child writes on', () =>
    idles(async ({ cp }) => {
      const child = cp.spawn('yes');
      await new Promise((resolve) => child.stdout.once('data', resolve));
      child.stdout.pause();
      return [child];
    }));

  it('with a stdout that nobody has ever read', () =>
    idles(({ cp }) => [cp.spawn('yes'), cp.spawn('yes', { stdio: ['pipe', 'fifo', 'pipe'] })]));

  it('with a paused stdout whose child has ended', () =>
    idles(async ({ cp }) => {
      const child = cp.spawn('sh', ['-c', 'yes | head -c 150000']);
      child.stdout.once('data', () => child.stdout.pause());
      child.on('exit', () => child.stdout.pause());
      await new Promise((resolve) => child.on('exit', resolve));
      return [child];
    }));

  it('with a stdin whose reader has closed it', () =>
    idles(({ cp }) => [
      cp.spawn('sh', ['-c', 'exec 0<&-; exec sleep 30']),
      cp.spawn('sh', ['-c', 'exec 0<&-; exec sleep 30'], { stdio: ['fifo', 'pipe', 'pipe'] }),
    ]));

  it('with a stdin that takes no more', () =>
    idles(({ cp }) => {
      const children = ['pipe', 'fifo'].map((kind) =>
        cp.spawn('sleep', ['30'], { stdio: [kind, 'pipe', 'pipe'] }),
      );
      for (const child of children) child.stdin.write(Buffer.alloc(10_000_000));
      return children;
    }));

  it('with pipes that the child has closed in both directions', () =>
    idles(({ cp }) => [
      cp.spawn('sh', ['-c', 'exec 0<&- 1>&- 2>&- 3>&-; exec sleep 30'], {
        stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      }),
    ]));

  it('with a child that was reaped and whose grandchild holds the pipes', () =>
    idles(async ({ cp }) => {
      const child = cp.spawn('sh', ['-c', 'sleep 30 & echo $!']);
      child.stdout.on('data', (pid) => process.on('exit', () => process.kill(pid, 'SIGKILL')));
      await new Promise((resolve) => child.on('exit', resolve));
      return [child];
    }));

  it('with a stopped child and a backlog of messages to it', () =>
    idles(async ({ cp, fixtures }) => {
      const child = cp.fork(`${fixtures}/ipc-echo.js`);
      child.send('up?');
      await new Promise((resolve) => child.once('message', resolve));
      child.kill('SIGSTOP');
      for (let n = 0; n < 1000; n++) child.send('x'.repeat(10_000));
      return [child];
    }));

  it('with a channel that nobody listens to', () =>
    idles(({ cp, fixtures }) => [cp.fork(`${fixtures}/ipc-echo.js`)]));

  it('with a child that has closed its channel and lives on', () =>
    idles(async ({ cp }) => {
      const child = cp.spawn('sh', ['-c', 'exec 3>&-; exec sleep 30'], {
        stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
      });
      await new Promise((resolve) => child.on('disconnect', resolve));
      return [child];
    }));

  it('with a forked child after a flood, which idles too', () =>
    idles(async ({ cp, fixtures }) => {
      const child = cp.fork(`${fixtures}/ipc-echo.js`);
      for (let n = 0; n < 1000; n++) child.send(n);
      let got = 0;
      await new Promise((resolve) => child.on('message', () => ++got === 1000 && resolve()));
      return [child];
    }));
});
