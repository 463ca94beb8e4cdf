'use strict';
// Worker threads: several at once, terminated in the middle of everything, ending by themselves with
// children alive, nested, with an environment of their own. Each case is a process of its own, since
// what goes wrong here is a crash.

const assert = require('node:assert');
const { describe, it } = require('node:test');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');
const { runScript } = require('./helpers/script.js');

const TERMINATED = 1;

/** Nothing but what was said: no crash, no warning, no process left. */
function assertQuiet({ code, signal, stderr, strays }) {
  assert.deepStrictEqual(
    { code, signal, stderr, strays },
    { code: 0, signal: null, stderr: '', strays: [] },
  );
}

/** Runs `body`, checks that it ended well, and answers what it said, by first word. */
async function run(body, options) {
  const outcome = await runScript(body, options);
  assertQuiet(outcome);
  return Object.fromEntries(outcome.said.map(([word, ...values]) => [word, values]));
}

/** Eight workers that spawn, fork, read, write and send at once are terminated, several times. */
async function churn(self) {
  const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
  const { join } = require('node:path');
  if (isMainThread) await terminateThem();
  else work();

  function work() {
    const { cp } = self;
    const again = () => {
      const child = cp.spawn('sh', ['-c', 'echo text; cat'], { stdio: ['pipe', 'pipe', 'pipe'] });
      child.stdout.on('data', () => {});
      child.stdin.end('more');
      child.on('close', again);
    };
    again();
    again();
    // A Node takes long to start: most echoes are a cat on the channel.
    const fork =
      workerData % 4 === 0
        ? cp.fork(join(self.fixtures, 'ipc-echo.js'), { silent: true })
        : cp.spawn('sh', ['-c', 'cat <&3 >&3'], { stdio: ['pipe', 'pipe', 'pipe', 'ipc'] });
    fork.on('message', (message) => fork.send(message));
    for (let n = 0; n < 50; n++) fork.send({ n });
    parentPort.postMessage('at work');
  }

  async function terminateThem() {
    const [rounds, isUsed] = self.args;
    const fork = isUsed ? self.cp.fork(join(self.fixtures, 'ipc-echo.js'), { silent: true }) : null;
    let early;
    for (let round = 0; round < Number(rounds); round++) {
      await Promise.all(Array.from({ length: 8 }, (_, n) => live(n, (n * 5 + round * 3) % 9)));
      if (fork) await answer(fork);
      // By then all is there that is made once for the whole process.
      if (round === 1) early = await settled();
    }
    self.say('growth', await growthFrom(early));
    fork?.disconnect();
    if (fork) await new Promise((resolve) => fork.on('close', resolve));
    self.say('all reaped', await self.processes.until(() => self.processes.countZombies() === 0));
  }

  function count() {
    const threads = require('node:fs').readdirSync('/proc/self/task').length;
    return { fds: self.processes.countFds(), threads };
  }

  async function settled() {
    await self.processes.until(() => self.processes.countZombies() === 0);
    return count();
  }

  async function growthFrom(early) {
    const growth = () => {
      const { fds, threads } = count();
      return Math.max(0, fds - early.fds) + Math.max(0, threads - early.threads);
    };
    await self.processes.until(() => growth() === 0);
    return growth();
  }

  function live(workerData, ms) {
    return new Promise((resolve, reject) => {
      const worker = new Worker(__filename, { workerData });
      worker.on('error', reject);
      worker.on('exit', resolve);
      worker.on('message', () => setTimeout(() => worker.terminate(), ms));
    });
  }

  function answer(fork) {
    return new Promise((resolve) => {
      fork.once('message', resolve);
      fork.send('still there?');
    });
  }
}

describe('eight workers that are terminated in mid-work', () => {
  // The code is the same on every line; how Node ends a thread is not.
  const others = selectedLines().filter((major) => nodeBinary(major) !== process.execPath);
  for (const [title, rounds, isUsed, node] of [
    ['with the package not loaded in the main thread', 15, false, process.execPath],
    ['with the package in use in the main thread', 15, true, process.execPath],
    ...others.map((major) => [`on Node ${major}`, 3, true, nodeBinary(major)]),
  ]) {
    it(`${title}, ${rounds} times`, async () => {
      const args = [String(rounds), isUsed ? 'used' : ''];
      const said = await run(churn, { args, node, limit: 60_000 });
      assert.deepStrictEqual(said, { growth: [0], 'all reaped': [true] });
    });
  }
});

describe('a worker', () => {
  it('that ends by itself leaves its child running, and the child is reaped', async () => {
    const said = await run(async (self) => {
      const { Worker, isMainThread, parentPort } = require('node:worker_threads');
      if (!isMainThread) {
        const child = self.cp.spawn('sleep', ['0.3'], { stdio: 'ignore' });
        child.unref();
        parentPort.postMessage(child.pid);
        return;
      }
      const { isAlive, processStat, until, waitGone } = self.processes;
      const worker = new Worker(__filename);
      const pid = await new Promise((resolve) => worker.once('message', resolve));
      self.say('code', await new Promise((resolve) => worker.once('exit', resolve)));
      self.say('alive', isAlive(pid));
      self.say('ended', await waitGone(pid));
      self.say('reaped', await until(() => processStat(pid) === undefined));
    });
    assert.deepStrictEqual(said, { code: [0], alive: [true], ended: [true], reaped: [true] });
  });

  it('that ends by itself waits for a child that is not unreferenced', async () => {
    const said = await run((self) => {
      const { Worker, isMainThread } = require('node:worker_threads');
      if (!isMainThread) {
        self.cp.spawn('sh', ['-c', 'sleep 0.1; echo done']).stdout.on('data', (data) => {
          self.say('data', String(data));
        });
        return;
      }
      new Worker(__filename).on('exit', (code) => self.say('code', code));
    });
    assert.deepStrictEqual(said, { data: ['done\n'], code: [0] });
  });

  it('that calls process.exit() in a listener, with children alive and data under way', async () => {
    const said = await run(async (self) => {
      const { Worker, isMainThread } = require('node:worker_threads');
      const { join } = require('node:path');
      if (!isMainThread) {
        const fork = self.cp.fork(join(self.fixtures, 'ipc-echo.js'), { silent: true });
        for (let n = 0; n < 100; n++) fork.send({ n, text: 'x'.repeat(10_000) });
        self.cp.spawn('sleep', ['0.2'], { stdio: 'ignore' });
        const child = self.cp.spawn('sh', ['-c', 'while :; do echo text || exit; done']);
        child.stdin.write('x'.repeat(1_000_000));
        child.stdout.on('data', () => process.exit(7));
        return;
      }
      const worker = new Worker(__filename);
      self.say('code', await new Promise((resolve) => worker.once('exit', resolve)));
      const { countZombies, until } = self.processes;
      const { readFileSync } = require('node:fs');
      const children = () => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
      self.say('all reaped', await until(() => children() === '' && countZombies() === 0));
    });
    assert.deepStrictEqual(said, { code: [7], 'all reaped': [true] });
  });

  it('whose listener throws reports the error, and only it ends', async () => {
    const said = await run(async (self) => {
      const { Worker, isMainThread } = require('node:worker_threads');
      if (!isMainThread) {
        self.cp.spawn('echo', ['text']).stdout.on('data', () => {
          throw new Error('of the listener');
        });
        return;
      }
      const worker = new Worker(__filename);
      worker.on('error', ({ message }) => self.say('error', message));
      worker.on('exit', async (code) => {
        self.say('code', code);
        const child = self.cp.spawn('cat');
        child.stdout.on('data', (data) => self.say('data', String(data)));
        child.stdin.end('still works');
      });
    });
    assert.deepStrictEqual(said, {
      error: ['of the listener'],
      code: [TERMINATED],
      data: ['still works'],
    });
  });

  it('with an environment of its own hands that down, and with a shared one the shared one', async () => {
    const said = await run(async (self) => {
      const { SHARE_ENV, Worker, isMainThread, workerData } = require('node:worker_threads');
      const { join } = require('node:path');
      if (!isMainThread) {
        process.env.LATER = workerData;
        const spawned = self.cp.spawn('sh', ['-c', 'echo $HERITAGE/$LATER']);
        spawned.stdout.on('data', (data) => self.say(`${workerData} spawn`, String(data).trim()));
        self.cp.exec('echo $HERITAGE/$LATER', (_, text) => {
          self.say(`${workerData} exec`, text.trim());
        });
        const fork = self.cp.fork(join(self.fixtures, 'ipc-report.js'), { silent: true });
        fork.on('message', ({ env }) => {
          const names = Object.keys(env).filter((name) =>
            /^(SPROG|NODE_OPTIONS|NODE_CHANNEL)/.test(name),
          );
          self.say(`${workerData} fork`, `${env.HERITAGE}/${env.LATER}`, names);
        });
        return;
      }
      process.env.HERITAGE = 'of the process';
      const { PATH } = process.env;
      const run = (workerData, env) =>
        new Promise((resolve) => new Worker(__filename, { workerData, env }).on('exit', resolve));
      await run('own', { PATH, HERITAGE: 'of the worker' });
      await run('copied', undefined);
      self.say('after a copy', process.env.LATER ?? 'nothing');
      await run('shared', SHARE_ENV);
      self.say('after sharing', process.env.LATER);
    });
    assert.deepStrictEqual(said, {
      'own spawn': ['of the worker/own'],
      'own exec': ['of the worker/own'],
      'own fork': ['of the worker/own', []],
      'copied spawn': ['of the process/copied'],
      'copied exec': ['of the process/copied'],
      'copied fork': ['of the process/copied', []],
      'after a copy': ['nothing'],
      'shared spawn': ['of the process/shared'],
      'shared exec': ['of the process/shared'],
      'shared fork': ['of the process/shared', []],
      'after sharing': ['shared'],
    });
  });

  it('may set variables that it shares while the main thread hands them down', async () => {
    const said = await run(async (self) => {
      const { SHARE_ENV, Worker, isMainThread, parentPort } = require('node:worker_threads');
      if (!isMainThread) {
        // New ones: the array that has them is outgrown, and freed, again and again.
        let count = 0;
        setInterval(() => {
          for (let n = 0; n < 5; n++) process.env[`SPROG_TEST_${count++}`] = 'set';
        }, 1);
        parentPort.postMessage('at work');
        return;
      }
      const { spawn } = self.cp;
      const worker = new Worker(__filename, { env: SHARE_ENV });
      await new Promise((resolve) => worker.once('message', resolve));
      const end = Date.now() + 2000;
      let isWhole = true;
      while (Date.now() < end) {
        const children = Array.from({ length: 10 }, () => spawn('env', ['-0']));
        const texts = children.map((child) => child.stdout.setEncoding('utf8').toArray());
        for (const text of await Promise.all(texts)) {
          const entries = text.join('').split('\0').slice(0, -1);
          isWhole &&= entries.includes(`PATH=${process.env.PATH}`);
          isWhole &&= entries.every((entry) => /^[^=]+=/.test(entry));
        }
      }
      await worker.terminate();
      self.say('whole', isWhole);
    });
    assert.deepStrictEqual(said, { whole: [true] });
  });

  it('in a worker in a worker: each at work, and the innermost dies with the outermost', async () => {
    const said = await run(async (self) => {
      const { Worker, threadId, workerData, parentPort } = require('node:worker_threads');
      const depth = workerData ?? 0;
      const echo = (text) =>
        new Promise((resolve) => {
          const child = self.cp.spawn('cat');
          child.stdout.on('data', (data) => resolve(`${data}`));
          child.stdin.end(text);
        });
      self.say(`depth ${depth}`, await echo(`thread ${threadId}`));
      if (depth === 3) {
        // Never without a child under way.
        const again = () => self.cp.spawn('true').on('close', again);
        again();
        parentPort.postMessage('deep enough');
        return;
      }
      const worker = new Worker(__filename, { workerData: depth + 1 });
      if (depth > 0) {
        worker.on('message', (message) => parentPort.postMessage(message));
        return;
      }
      worker.on('message', async () => {
        self.say('code', await worker.terminate());
        self.say('after', await echo('main'));
        const { countZombies, until } = self.processes;
        self.say('reaped', await until(() => countZombies() === 0));
      });
    });
    assert.deepStrictEqual(said, {
      'depth 0': ['thread 0'],
      'depth 1': ['thread 1'],
      'depth 2': ['thread 2'],
      'depth 3': ['thread 3'],
      code: [TERMINATED],
      after: ['main'],
      reaped: [true],
    });
  });

  it('at work when the process exits', async () => {
    const outcome = await runScript((self) => {
      const { Worker, isMainThread, parentPort } = require('node:worker_threads');
      const { join } = require('node:path');
      if (isMainThread) {
        let atWork = 0;
        for (let n = 0; n < 4; n++) {
          new Worker(__filename).on('message', () => ++atWork === 4 && process.exit(5));
        }
        return;
      }
      const again = () => self.cp.spawn('cat').on('close', again).stdin.end('text');
      again();
      const fork = self.cp.fork(join(self.fixtures, 'ipc-echo.js'), { silent: true });
      fork.on('message', (message) => fork.send(message));
      fork.send('forth and back');
      parentPort.postMessage('at work');
    });
    const { code, signal, stderr, strays } = outcome;
    assert.deepStrictEqual([code, signal, stderr, strays], [5, null, '', []]);
  });

  it('closes what was opened for it, and Node does not warn of that', async () => {
    const said = await run(async (self) => {
      const { Worker, isMainThread } = require('node:worker_threads');
      const { once } = require('node:events');
      if (isMainThread) {
        new Worker(__filename);
        return;
      }
      const { countFds, until } = self.processes;
      // What is opened once for the whole thread is there then.
      await openAndClose();
      const before = countFds();
      await openAndClose();
      self.say('left', await until(() => countFds() <= before));

      async function openAndClose() {
        const pool = new self.cp.Pool(`${self.fixtures}/pool/worker.js`, { max: 1 });
        self.say('pool', await pool.run('add', [1, 2]));
        await pool.close();
        const stages = [['echo', 'text'], ['cat'], ['tr', 't', 's']];
        self.say('pipeline', (await self.cp.pipeline(stages)).stdout.trim());
        stages[1] = ['/not/there'];
        self.say('missing', (await self.cp.pipeline(stages).catch((error) => error)).code);
        // Of a file, for which Node has no handle.
        const handle = { cmd: 'NODE_HANDLE', type: 'net.Socket', msg: 'refused' };
        const list = JSON.stringify([
          [1, handle, 'file'],
          [1, 'last', null],
        ]);
        const hide =
          'WIRE_FD=$NODE_CHANNEL_FD; unset NODE_CHANNEL_FD; export WIRE_FD; exec "$0" "$@"';
        const file = `${self.fixtures}/wire-handles.js`;
        const stdio = ['pipe', 'ignore', 'inherit', 'ipc'];
        const args = ['-c', hide, process.execPath, file, 'lines', list];
        const peer = self.cp.spawn('/bin/sh', args, { stdio });
        self.say('peer', (await once(peer, 'message'))[0]);
        peer.stdin.end();
        await once(peer, 'close');
      }
    });
    assert.deepStrictEqual(said, {
      pool: [3],
      pipeline: ['sexs'],
      missing: ['ENOENT'],
      peer: ['last'],
      left: [true],
    });
  });

  it('has a native half of its own, as has the main thread', async () => {
    const said = await run(async (self) => {
      const { Worker, isMainThread, workerData } = require('node:worker_threads');
      const { native, spawn } = self.cp;
      const child = spawn('echo', [isMainThread ? 'main' : workerData]);
      const name = isMainThread ? 'main' : workerData;
      child.stdout.on('data', (data) => self.say(name, native, String(data).trim()));
      if (!isMainThread) return;
      await Promise.all(
        ['one', 'two', 'three', 'four'].map(
          (workerData) =>
            new Promise((resolve) => new Worker(__filename, { workerData }).on('exit', resolve)),
        ),
      );
    });
    const names = ['main', 'one', 'two', 'three', 'four'];
    assert.deepStrictEqual(said, Object.fromEntries(names.map((name) => [name, [true, name]])));
  });
});
