'use strict';
// The command `sprog`: what doctor tells about a machine and a process, and that bench measures.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it: test } = require('node:test');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');
const { ROOT } = require('./helpers/script.js');

const it = (title, run) => test(title, { timeout: 300_000 }, run);
const { bin, version } = require('../package.json');

const COMMAND = path.join(ROOT, bin.sprog);

function sprog(args, { node = process.execPath, nodeArgs = [], env = {} } = {}) {
  const { stdout, stderr, status, pid } = spawnSync(node, [...nodeArgs, COMMAND, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { stdout, stderr, status, pid };
}

/** What doctor says, by the names of the checks. */
function doctor(options) {
  const { stdout, stderr, status, pid } = sprog(['doctor', '--json'], options);
  assert.strictEqual(stderr, '');
  const { checks, ...rest } = JSON.parse(stdout);
  return { status, pid, ...rest, checks: Object.fromEntries(checks.map((it) => [it.name, it])) };
}

describe('sprog doctor', () => {
  for (const major of selectedLines()) {
    it(`finds everything that is needed on Node ${major}`, () => {
      const { status, healthy, checks, ...rest } = doctor({ node: nodeBinary(major) });
      assert.deepStrictEqual([status, healthy, rest.version], [0, true, version]);
      for (const name of ['Node', 'kernel', 'libc', 'addon', 'clone', 'pidfd', 'memfd']) {
        assert.strictEqual(checks[name].status, 'native', `${name}: ${checks[name].reason}`);
      }
      assert.match(checks.Node.summary, new RegExp(`^Node ${major}\\.`));
      assert.match(checks.kernel.summary, /^Linux \d.* on (x64|arm64)$/);
      assert.match(checks.libc.summary, /^(glibc 2\.\d+|musl)$/);
    });
  }

  it('says what falls back, why, and what helps', () => {
    const { status, checks } = doctor({ env: { SPROG_SPAWN: 'fork', SPROG_PIDFD: 'off' } });
    assert.strictEqual(status, 0);
    for (const [name, variable] of [
      ['clone', 'SPROG_SPAWN'],
      ['pidfd', 'SPROG_PIDFD'],
    ]) {
      assert.strictEqual(checks[name].status, 'fallback');
      assert.match(checks[name].reason, new RegExp(variable));
      assert.strictEqual(checks[name].remedy, `unset ${variable}`);
    }
  });

  it('starts children with trees, limits and bills, and leaves no group', () => {
    const { checks, pid } = doctor();
    for (const name of ['cgroup', 'limits.memory', 'limits.processes']) {
      const { status, summary, reason, remedy } = checks[name];
      if (status !== 'native') {
        assert.ok(reason && remedy, name);
      } else if (name !== 'cgroup') {
        const directory = / in (\/.*)$/.exec(summary)[1];
        const left = fs
          .readdirSync(directory)
          .filter((it) => it.startsWith(`sprog.limits-${pid}-`));
        assert.deepStrictEqual(left, []);
      }
    }
    for (const name of ['guard', 'limits', 'usage']) {
      assert.strictEqual(checks[name].status, 'native', checks[name].reason);
    }
  });

  it('ends with 1 where there is something to mend', () => {
    const { status, healthy, checks } = doctor({ nodeArgs: ['--no-addons'] });
    assert.deepStrictEqual([status, healthy], [1, false]);
    assert.strictEqual(checks.addon.status, 'fallback');
    assert.match(checks.addon.reason, /addons is disabled/);
    assert.match(checks.addon.remedy, /without --no-addons/);
    assert.ok(!('clone' in checks));
  });

  it('prints the same for people', () => {
    const { stdout, status } = sprog(['doctor'], { env: { SPROG_PIDFD: 'off' } });
    assert.strictEqual(status, 0);
    const lines = stdout.split('\n');
    assert.strictEqual(lines[0], `sprog ${version}`);
    const at = lines.findIndex((line) => /^ {2}pidfd +falls back {2}\S/.test(line));
    assert.match(lines[at + 1], /^ +why: SPROG_PIDFD=off/);
    assert.match(lines[at + 2], /^ +remedy: unset SPROG_PIDFD$/);
    assert.ok(!stdout.includes('\u001b'));
    assert.match(sprog(['doctor'], { nodeArgs: ['--no-addons'] }).stdout, /to be mended/);
  });
});

describe('sprog bench', () => {
  it('measures every case for both, with every message and byte there', () => {
    const { stdout, stderr, status } = sprog(['bench', '--seconds', '1', '--json']);
    assert.deepStrictEqual([status, stderr], [0, '']);
    const { results, ...circumstances } = JSON.parse(stdout);
    assert.deepStrictEqual(circumstances, { version, node: process.versions.node, seconds: 1 });
    assert.ok(results.length > 10);
    for (const { title, unit, better, sprog: ours, node, times } of results) {
      assert.ok(ours > 0 && node > 0, title);
      assert.strictEqual(better, unit.endsWith('/s') ? 'higher' : 'lower');
      assert.strictEqual(times, better === 'higher' ? ours / node : node / ours);
    }
  });

  it('says so where there is nothing to compare', () => {
    const { stderr, status } = sprog(['bench'], { nodeArgs: ['--no-addons'] });
    assert.strictEqual(status, 1);
    assert.match(stderr, /^sprog bench: there is nothing to compare: .*addons is disabled/);
  });
});

describe('the command line', () => {
  it('helps', () => {
    for (const args of [['--help'], ['-h'], ['doctor', '--help'], ['bench', '-h']]) {
      const { stdout, status } = sprog(args);
      assert.strictEqual(status, 0);
      assert.match(stdout, /sprog doctor \[--json\]/);
    }
    assert.strictEqual(sprog(['--version']).stdout, `${version}\n`);
  });

  it('is refused with 2 where it is wrong, and nothing is measured', () => {
    for (const [args, message] of [
      [[], /which command\?/],
      [['toString'], /unknown command: toString/],
      [['doctor', '--fast'], /Unknown option '--fast'/],
      [['doctor', 'more'], /Unexpected argument 'more'/],
      [['bench', '--seconds', '0'], /"--seconds" is out of range/],
      [['bench', '--seconds', 'few'], /"--seconds" is out of range/],
      [['bench', '--seconds'], /--seconds/],
    ]) {
      const { stdout, stderr, status } = sprog(args);
      assert.deepStrictEqual([status, stdout], [2, ''], args.join(' '));
      assert.match(stderr, message);
      assert.match(stderr, /sprog --help|--help {7}this text/);
    }
  });

  it('may be read in part', () => {
    // The reader is gone before the first line comes.
    const script = `(sleep 0.1; exec "$0" "$1" doctor) | exec true`;
    const { stderr, status } = spawnSync('sh', ['-c', script, process.execPath, COMMAND], {
      encoding: 'utf8',
    });
    assert.deepStrictEqual([stderr, status], ['', 0]);
  });
});
