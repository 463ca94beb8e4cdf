'use strict';
// The output of exec and execFile is gathered without the event loop, and nothing of that stays
// behind: no descriptor, no thread, no process, however the run ends and whoever ends it.

const assert = require('node:assert');
const { describe, it } = require('node:test');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');
const { FEW_DESCRIPTORS, runScript, runWell } = require('./helpers/script.js');
const { native } = require('..');

const skip = native ? false : 'Node gathers on the loop';

describe('a large output', { skip }, () => {
  for (const encoding of ['buffer', 'utf8', 'latin1', 'hex']) {
    it(`comes whole, as one piece, from another thread: ${encoding}`, async () => {
      const said = await runWell(
        async (self) => {
          const fs = require('node:fs');
          const [encoding] = self.args;
          const threads = () =>
            fs
              .readdirSync('/proc/self/task')
              .map((id) => fs.readFileSync(`/proc/self/task/${id}/comm`, 'latin1').trim())
              .filter((name) => name === 'sprog-reader').length;
          const seq = (last) =>
            new Promise((resolve) => {
              const options = { encoding, maxBuffer: Number.POSITIVE_INFINITY };
              const { stdout } = self.cp.execFile('seq', [last], options, (_, text) => {
                resolve([text, pieces]);
              });
              let pieces = 0;
              const { emit } = stdout;
              stdout.emit = function (event, ...args) {
                if (event === 'data') pieces++;
                return emit.call(this, event, ...args);
              };
            });
          const expected = (last) => {
            const bytes = Buffer.from(
              Array.from({ length: last }, (_, n) => `${n + 1}\n`).join(''),
            );
            return encoding === 'buffer' ? bytes : bytes.toString(encoding);
          };
          const same = (a, b) => (encoding === 'buffer' ? a.equals(b) : a === b);
          const [small, smallPieces] = await seq(20);
          self.say('small', same(small, expected(20)), smallPieces, threads());
          const [large, largePieces] = await seq(600_000);
          global.gc();
          self.say('large', same(large, expected(600_000)), threads());
          // What only Node can decode comes in pieces, of bounded size.
          if (encoding !== 'hex') self.say('pieces', largePieces);
          self.say('again', same((await seq(600_000))[0], large), threads());
        },
        { args: [encoding], nodeArgs: ['--expose-gc'] },
      );
      const pieces = encoding === 'hex' ? {} : { pieces: [1] };
      assert.deepStrictEqual(said, {
        small: [true, 1, 0],
        large: [true, 1],
        again: [true, 1],
        ...pieces,
      });
    });
  }

  it('of which V8 frees the earlier ones', async () => {
    const said = await runWell(async (self) => {
      let most = 0;
      for (const encoding of ['utf8', 'buffer']) {
        for (let i = 0; i < 30; i++) {
          const options = { encoding, maxBuffer: Number.POSITIVE_INFINITY };
          await new Promise((resolve) => {
            self.cp.execFile('head', ['-c', '50000000', '/dev/zero'], options, resolve);
          });
          most = Math.max(most, process.memoryUsage().rss);
        }
      }
      self.say('bounded', most < 1_000_000_000);
    });
    assert.deepStrictEqual(said, { bounded: [true] });
  });

  it('comes whole where there is no descriptor left for another thread', async () => {
    const said = await runWell(async (self) => {
      const fs = require('node:fs');
      let held = [];
      const done = new Promise((resolve) => {
        const child = self.cp.exec(
          'read x; head -c 3000000 /dev/zero',
          {
            maxBuffer: 1e7,
          },
          (error, text) => resolve([error, text.length]),
        );
        const full = self.processes.holdDescriptors();
        held = full.held;
        self.say('full', full.code);
        child.stdin.end('\n');
      });
      const values = await done;
      for (const fd of held) fs.closeSync(fd);
      self.say('done', ...values);
    }, FEW_DESCRIPTORS);
    assert.deepStrictEqual(said, { full: ['EMFILE'], done: [null, 3_000_000] });
  });
});

it('five hundred runs, ended in every way, leave nothing behind', async () => {
  const said = await runWell(
    async (self) => {
      const { countFds, countZombies, until } = self.processes;
      const threads = () => require('node:fs').readdirSync('/proc/self/task').length;
      const LARGE = 'head -c 1500000 /dev/zero';
      // Not without an end: a string has one too, where this process is slow to stop it.
      const MORE = 'exec head -c 200000000 /dev/zero';
      const read = (child, bytes) => until(() => child.stdout.bytesRead >= bytes);
      const unlimited = { maxBuffer: 1e9 };
      const ways = [
        ['echo text'],
        ['echo text; exit 3', { encoding: 'buffer' }],
        [LARGE, unlimited],
        [LARGE, { ...unlimited, encoding: 'buffer' }],
        // Ended by a limit, early and late.
        ['printf abcdef; exec sleep 60', { maxBuffer: 3 }],
        ['exec cat /dev/zero'],
        [`${LARGE}; exec sleep 60`, { ...unlimited, timeout: 30 }],
        // Destroyed while it is read here, and elsewhere; used as a stream.
        ['printf abc; exec cat', {}, (child) => read(child, 3).then(() => child.stdout.destroy())],
        [MORE, unlimited, (child) => read(child, 1e6).then(() => child.stdout.destroy())],
        [MORE, unlimited, (child) => read(child, 1e6).then(() => child.kill())],
        [LARGE, unlimited, (child) => child.stdout.on('data', () => {})],
        [
          `${LARGE}; read x`,
          unlimited,
          (child) => read(child, 1e6).then(() => child.stdout.pause().resume()),
        ],
      ];
      const once = ([command, options, during]) =>
        new Promise((resolve) => {
          const child = self.cp.exec(command, options, resolve);
          child.stdin.on('error', () => {});
          Promise.resolve(during?.(child)).then(() => child.stdin.end());
        });
      const round = () => Promise.all(ways.map(once));
      const count = () => ({ fds: countFds(), threads: threads() });
      const settled = async (goal) => {
        await until(() => {
          const { fds, threads } = count();
          return countZombies() === 0 && (!goal || (fds <= goal.fds && threads <= goal.threads));
        });
        return count();
      };
      await round();
      await round();
      const before = await settled();
      for (let i = 0; i < 42; i++) await round();
      const after = await settled(before);
      self.say('fds', Math.max(0, after.fds - before.fds));
      self.say('threads', Math.max(0, after.threads - before.threads));
      self.say('zombies', countZombies());
    },
    { limit: 120_000 },
  );
  assert.deepStrictEqual(said, { fds: [0], threads: [0], zombies: [0] });
});

describe('workers that end while output is gathered', () => {
  const others = selectedLines().filter((major) => nodeBinary(major) !== process.execPath);
  for (const [title, node, rounds] of [
    ['on this Node', process.execPath, 12],
    ...others.map((major) => [`on Node ${major}`, nodeBinary(major), 4]),
  ]) {
    it(`leave nothing behind ${title}`, async () => {
      const said = await runWell(
        async (self) => {
          const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
          if (!isMainThread) {
            const options = { maxBuffer: 1e9, encoding: workerData % 2 ? 'buffer' : 'utf8' };
            // Without an end, and over and over again: the output goes with the thread.
            const child = self.cp.exec('exec cat /dev/zero', options, () => {});
            const again = () => {
              self.cp.exec('head -c 3000000 /dev/zero', options, (_, output) => {
                parentPort.postMessage(output.length);
                again();
              });
            };
            again();
            await self.processes.until(() => child.stdout.bytesRead > 1e6);
            parentPort.postMessage('at work');
            if (workerData % 4 === 3) process.exit(1);
            return;
          }
          const { countFds, countZombies, until } = self.processes;
          const live = (n, round) =>
            new Promise((resolve, reject) => {
              const worker = new Worker(__filename, { workerData: n });
              worker.on('error', reject);
              worker.on('exit', resolve);
              worker.on('message', (message) => {
                if (message === 'at work') setTimeout(() => worker.terminate(), (n + round) % 7);
              });
            });
          const threads = () => require('node:fs').readdirSync('/proc/self/task').length;
          let early;
          const growth = () =>
            Math.max(0, countFds() - early.fds) + Math.max(0, threads() - early.threads);
          for (let round = 0; round < Number(self.args[0]); round++) {
            await Promise.all([0, 1, 2, 3].map((n) => live(n, round)));
            if (round === 1) {
              await until(() => countZombies() === 0);
              early = { fds: countFds(), threads: threads() };
            }
          }
          await until(() => growth() === 0 && countZombies() === 0);
          self.say('growth', growth());
          self.say('zombies', countZombies());
          // The thread that gathers works on.
          const options = { maxBuffer: 1e8 };
          await new Promise((resolve) => {
            self.cp.exec('head -c 3000000 /dev/zero', options, (error, text) => {
              self.say('after', error, text.length);
              resolve();
            });
          });
        },
        { args: [String(rounds)], node, limit: 60_000 },
      );
      assert.deepStrictEqual(said, { growth: [0], zombies: [0], after: [null, 3_000_000] });
    });
  }

  it('may have sent a large text on', async () => {
    const said = await runWell(async (self) => {
      const { Worker, isMainThread, parentPort } = require('node:worker_threads');
      if (!isMainThread) {
        self.cp.exec("head -c 5000000 /dev/zero | tr '\\000' x", { maxBuffer: 1e8 }, (_, text) => {
          parentPort.postMessage(text);
        });
        return;
      }
      const worker = new Worker(__filename);
      const texts = [];
      worker.on('message', (text) => texts.push(text));
      await new Promise((resolve) => worker.on('exit', resolve));
      self.say('same', texts[0] === 'x'.repeat(5_000_000));
    });
    assert.deepStrictEqual(said, { same: [true] });
  });
});

it('process.exit() while output is gathered just exits', async () => {
  const { code, signal, stderr, strays } = await runScript(async (self) => {
    const child = self.cp.exec('exec cat /dev/zero', { maxBuffer: 1e9 }, () => {});
    await self.processes.until(() => child.stdout.bytesRead > 1e6);
    process.exit(7);
  });
  assert.deepStrictEqual(
    { code, signal, stderr, strays },
    { code: 7, signal: null, stderr: '', strays: [] },
  );
});

it('an unreferenced run does not keep the process', async () => {
  const { code, strays } = await runScript((self) => {
    const child = self.cp.exec(
      'head -c 2000000 /dev/zero; exec sleep 60',
      { maxBuffer: 1e9 },
      () => {},
    );
    child.unref();
    for (const stream of child.stdio) stream.unref();
    self.processes
      .until(() => child.stdout.bytesRead === 2_000_000)
      .then(() => {
        process.on('exit', () => child.kill());
      });
  });
  assert.deepStrictEqual({ code, strays }, { code: 0, strays: [] });
});
