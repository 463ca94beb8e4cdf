'use strict';
// Kernels and sandboxes without vfork-like clones or without pidfds: the ways taken there, chosen
// here by environment variables, behave as Node does, and as the usual ones do.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');
const { runScript } = require('./helpers/script.js');
const { always } = require('./parity/differences.js');

const RUNNER = path.join(__dirname, 'parity', 'runner.js');
const CASES = ['exits.js', 'failures.js', 'kill.js'];
const WAYS = {
  'a child that copies our memory': { SPROG_SPAWN: 'fork' },
  'no pidfds': { SPROG_PIDFD: 'off' },
  'neither sharing of memory nor pidfds': { SPROG_SPAWN: 'fork', SPROG_PIDFD: 'off' },
};

let tmp;
/** What the cases observe of Node's own module, by file. */
let expected;

/** @returns {Promise<Record<string, any>>} by title */
async function observe(implementation, name, ways = {}) {
  const output = path.join(tmp, `${name}-${implementation}-${Object.keys(ways)}.json`);
  const file = path.join(__dirname, 'parity', 'cases', name);
  const env = { ...process.env, ...ways };
  await promisify(execFile)(process.execPath, [RUNNER, implementation, file, output], { env });
  return JSON.parse(fs.readFileSync(output, 'utf8'));
}

/** What `body` says in a process that has to go these ways. */
async function run(ways, body) {
  const env = { ...process.env, ...ways };
  const { said, code, stderr, strays } = await runScript(body, { env });
  assert.deepStrictEqual([code, stderr, strays], [0, '', []]);
  return said;
}

before(async () => {
  tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-fallbacks-'));
  expected = Object.fromEntries(
    await Promise.all(CASES.map(async (name) => [name, await observe('node', name)])),
  );
});

after(() => fs.rmSync(tmp, { recursive: true, force: true }));

for (const [title, ways] of Object.entries(WAYS)) {
  describe(`with ${title}`, { concurrency: true }, () => {
    for (const name of CASES) {
      it(`the cases of ${name} see what they see of Node's module`, async () => {
        const observed = await observe('sprog', name, ways);
        assert.ok(Object.keys(observed).length > 20);
        for (const [title, events] of Object.entries(observed)) {
          if (`${name}: ${title}` in always) continue;
          assert.deepStrictEqual(events, expected[name][title], title);
        }
      });
    }

    it('a fork exchanges a thousand messages each way', async () => {
      const said = await run(ways, async (self) => {
        const child = self.cp.fork(`${self.fixtures}/ipc-echo.js`);
        const got = [];
        child.on('message', (message) => {
          got.push(message);
          if (got.length === 1000) child.disconnect();
        });
        for (let n = 0; n < 1000; n++) child.send({ n });
        const end = await new Promise((resolve) => child.on('close', (...end) => resolve(end)));
        self.say(
          got.length,
          got.every((message, index) => message.n === index),
          ...end,
        );
      });
      assert.deepStrictEqual(said, [[1000, true, 0, null]]);
    });
  });
}

describe('the way that was chosen', { concurrency: true }, () => {
  for (const [title, ways] of Object.entries({ nothing: {}, ...WAYS })) {
    it(`is the way taken, with ${title}`, async () => {
      const said = await run(ways, (self) => {
        const { readFileSync, readdirSync } = require('node:fs');
        const memory = Buffer.alloc(64 * 1024 * 1024, 1);
        const faults = () => process.resourceUsage().minorPageFault;
        let fewest = Infinity;
        for (let n = 0; n < 3; n++) {
          self.cp.spawn('sleep', ['0.1']);
          const before = faults();
          memory.fill(n);
          fewest = Math.min(fewest, faults() - before);
        }
        const waiters = () =>
          readdirSync('/proc/self/task').filter(
            (id) => readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim() === 'sprog-wait',
          ).length;
        const pause = new Int32Array(new SharedArrayBuffer(4));
        const until = (condition) => {
          for (let n = 0; n < 500 && !condition(); n++) Atomics.wait(pause, 0, 0, 10);
        };
        // They end with their children. A new one gives itself its name.
        Atomics.wait(pause, 0, 0, 200);
        until(() => waiters() === 0);
        const child = self.cp.spawn('sleep', ['60']);
        const pidfds = () =>
          readdirSync('/proc/self/fdinfo').filter((fd) => {
            try {
              const text = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
              return new RegExp(`^Pid:\\s+${child.pid}$`, 'm').test(text);
            } catch {
              // The one that reads the list.
              return false;
            }
          }).length;
        until(() => pidfds() + waiters() === 1);
        self.say('watched by', pidfds(), waiters());
        child.kill('SIGKILL');
        // A copy of the memory makes each page, or each huge one, fault when it is written again.
        self.say('copied', fewest >= 32);
      });
      assert.deepStrictEqual(said, [
        ways.SPROG_PIDFD ? ['watched by', 0, 1] : ['watched by', 1, 0],
        ['copied', ways.SPROG_SPAWN !== undefined],
      ]);
    });
  }
});
