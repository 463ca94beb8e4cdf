'use strict';
// `npm run soak` and `npm run chaos`, so small that they end in seconds: that they run, find nothing, and
// say so; and that they would say otherwise.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { describe, it } = require('node:test');
const { growth } = require('../scripts/support/vitals.js');
const { Random } = require('../scripts/support/random.js');

const SCRIPTS = path.join(__dirname, '..', 'scripts');
const LIMIT_MS = 300_000;

/** What a script prints, and its exit code. */
function run(script, ...args) {
  const file = path.join(SCRIPTS, script);
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], { timeout: LIMIT_MS }, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? error.signal) : 0, stdout, stderr });
    });
  });
}

function assertWell({ code, stdout, stderr }, word) {
  assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: '' }, stdout);
  assert.match(stdout, word);
}

describe('nothing grows', () => {
  it('with spawns, forks and messages', async () => {
    const amounts = ['--spawns', '200', '--forks', '8', '--gigabytes', '0.03'];
    assertWell(await run('soak/soak.js', ...amounts), /^soak: flat$/m);
  });

  it('what does is named', () => {
    const mib = 1024 * 1024;
    const start = { fds: 20, rss: 50 * mib, zombies: 0, threads: 9 };
    const middle = { ...start, rss: 90 * mib };
    assert.deepStrictEqual(growth([start, middle, middle]), []);
    assert.deepStrictEqual(growth([start, middle, { ...middle, rss: 100 * mib, fds: 19 }]), []);
    const end = { fds: 21, rss: 190 * mib, zombies: 2, threads: 30 };
    assert.deepStrictEqual(growth([start, middle, end]), [
      '1 descriptors',
      '2 zombies',
      '21 threads',
      '100 MiB',
    ]);
  });

  it('a seed draws the same again', () => {
    const draw = (seed) => {
      const random = new Random(seed);
      return Array.from({ length: 20 }, () => random.below(1000));
    };
    assert.deepStrictEqual(draw(7), draw(7));
    assert.notDeepStrictEqual(draw(7), draw(8));
  });

  it('an argument that is not known is refused', async () => {
    const { code, stderr } = await run('soak/soak.js', '--spawn', '1');
    assert.strictEqual(code, 2);
    assert.match(stderr, /--spawns NUMBER/);
  });
});

describe('in chaos', () => {
  it('threads that are terminated leave nothing', async () => {
    const args = ['--threads', '24', '--seconds', '0', '--limit-seconds', '0'];
    assertWell(await run('chaos/chaos.js', ...args), /^chaos: well$/m);
  });

  it('ends of a channel that are stopped and killed lose no message', async () => {
    const args = ['--threads', '0', '--seconds', '4', '--limit-seconds', '0'];
    assertWell(await run('chaos/chaos.js', ...args), /^chaos: well$/m);
  });

  it('a limit of processes is an error, and passes', async () => {
    const args = ['--threads', '0', '--seconds', '0', '--limit-seconds', '2'];
    assertWell(await run('chaos/chaos.js', ...args), /^chaos: well$/m);
  });
});
