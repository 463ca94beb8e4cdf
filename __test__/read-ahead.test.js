'use strict';
// A fast stream is read ahead on another thread, and nothing of that stays behind: no descriptor, no
// process, however the stream ends. What comes out of it is in parity/cases/streams-fast.js.

const assert = require('node:assert');
const { describe, it } = require('node:test');
const { FEW_DESCRIPTORS, runWell } = require('./helpers/script.js');
const { native } = require('..');

const skip = native ? false : 'Node reads on the loop';

describe('a fast stream', { skip }, () => {
  it('is read while the loop is busy, and no further than 1 MiB', async () => {
    const said = await runWell(async (self) => {
      const fs = require('node:fs');
      const os = require('node:os');
      const path = require('node:path');
      const { until } = self.processes;
      const name = path.join(os.tmpdir(), `sprog-ahead-${process.pid}`);
      const file = fs.openSync(name, 'w+');
      fs.unlinkSync(name);
      // What the child has written by now: its own count.
      const program = `
        const fs = require('node:fs');
        const block = Buffer.alloc(256 * 1024);
        for (let count = 0; ; ) {
          count += fs.writeSync(1, block);
          fs.writeSync(3, String(count).padEnd(16), 0);
        }`;
      const written = () => {
        const text = Buffer.alloc(16);
        fs.readSync(file, text, 0, text.length, 0);
        return Number(text.toString());
      };
      const stdio = ['ignore', 'pipe', 'ignore', file];
      const child = self.cp.spawn(process.execPath, ['-e', program], { stdio });
      let bytes = 0;
      child.stdout.on('data', (chunk) => {
        bytes += chunk.length;
      });
      await until(() => bytes > 32 << 20);
      const before = bytes;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      const ahead = written() - before;
      self.say('ahead', ahead > 512 * 1024, ahead < 2 << 20);
      child.kill('SIGKILL');
      await until(() => child.exitCode !== null || child.signalCode !== null);
      self.say('done', child.signalCode);
    });
    assert.deepStrictEqual(said, { ahead: [true, true], done: ['SIGKILL'] });
  });

  it('leaves no descriptor behind, however it ends', async () => {
    const said = await runWell(async (self) => {
      const { settledFds, countZombies, until } = self.processes;
      const start = () => {
        const child = self.cp.spawn('sh', ['-c', 'exec cat /dev/zero']);
        child.bytes = 0;
        child.stdout.on('data', (chunk) => {
          child.bytes += chunk.length;
        });
        return child;
      };
      const ways = [
        (child) => child.kill('SIGKILL'),
        (child) => child.stdout.destroy(),
        (child) => {
          child.stdout.pause();
          child.stdout.destroy();
        },
        (child) => {
          // The descriptor is asked for: the loop reads again.
          self.say('fd', child.stdout._handle.fd > 2);
          child.kill('SIGKILL');
        },
        (child) => {
          child.stdout.once('data', () => child.stdout.destroy());
        },
      ];
      const rounds = async (count) => {
        for (let round = 0; round < count; round++) {
          const child = start();
          await until(() => child.bytes > 10 << 20);
          ways[round % ways.length](child);
          child.stdout.resume();
          await new Promise((resolve) => child.once('close', resolve));
        }
      };
      await rounds(ways.length);
      const before = await settledFds();
      await rounds(3 * ways.length);
      self.say('left', (await settledFds()) - before, countZombies());
    });
    assert.deepStrictEqual(said, { fd: [true], left: [0, 0] });
  });

  it('is well when its worker thread is terminated', async () => {
    const said = await runWell(async (self) => {
      const { Worker, isMainThread, parentPort } = require('node:worker_threads');
      const { settledFds } = self.processes;
      if (!isMainThread) {
        const child = self.cp.spawn('cat', ['/dev/zero'], { stdio: ['ignore', 'pipe', 'ignore'] });
        let bytes = 0;
        child.stdout.on('data', (chunk) => {
          bytes += chunk.length;
          if (bytes > 16 << 20) parentPort.postMessage('fast');
        });
        return;
      }
      const round = async () => {
        const worker = new Worker(__filename);
        await new Promise((resolve) => worker.once('message', resolve));
        await worker.terminate();
      };
      await round();
      const before = await settledFds();
      for (let count = 0; count < 10; count++) await round();
      self.say('left', (await settledFds()) - before);
    });
    assert.deepStrictEqual(said, { left: [0] });
  });

  it('is read on the loop where there is no descriptor left for another thread', async () => {
    const said = await runWell(async (self) => {
      const fs = require('node:fs');
      const child = self.cp.spawn('sh', ['-c', 'read x; head -c 50000000 /dev/zero']);
      let bytes = 0;
      child.stdout.on('data', (chunk) => {
        bytes += chunk.length;
      });
      const closed = new Promise((resolve) => child.once('close', resolve));
      const { held, code: full } = self.processes.holdDescriptors();
      self.say('full', full);
      child.stdin.end('\n');
      const code = await closed;
      for (const fd of held) fs.closeSync(fd);
      self.say('done', code, bytes);
    }, FEW_DESCRIPTORS);
    assert.deepStrictEqual(said, { full: ['EMFILE'], done: [0, 50_000_000] });
  });
});
