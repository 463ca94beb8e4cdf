'use strict';
// As child-fds.test.js, for children that are started by what Node does not have: trees, guards, limits,
// launchers, programs run to their end, pipelines and pools.

const assert = require('node:assert');
const { describe, it } = require('node:test');
const { WAYS, assertNoneLeaked, said } = require('./helpers/listings.js');

/** Starts children by what Node does not have, each kind of which has descriptors of its own: groups, guards, launchers. */
async function listOurs(self) {
  const { once } = require('node:events');
  const { join } = require('node:path');
  const { text } = require('node:stream/consumers');
  const { cp } = self;
  self.say('heirlooms', self.processes.heirlooms());
  const list = ['-l', '/proc/self/fd'];
  const limits = { memory: 64 * 1024 * 1024, processes: 50, openFiles: 64 };
  const kinds = {
    tree: { tree: true },
    dieWithParent: { dieWithParent: true },
    'usage: exact': { usage: 'exact' },
    limits: { limits },
    'a limit of no group': { limits: { openFiles: 64 }, nice: 1, umask: 0o77 },
    all: { tree: true, dieWithParent: true, usage: 'exact', limits },
  };
  const stdio = ['pipe', 'pipe', 'pipe', 'ignore', 'pipe'];
  const alive = [];
  for (const [kind, options] of Object.entries(kinds)) {
    try {
      // Each lives on while all others are started.
      alive.push(cp.spawn('cat', options));
    } catch (error) {
      if (!/^ERR_SPROG_(TREE|LIMIT)_UNAVAILABLE$/.test(error.code)) throw error;
      delete kinds[kind];
    }
  }
  self.say('kinds', Object.keys(kinds));
  for (const [kind, options] of Object.entries(kinds)) {
    for (const [title, more] of [
      ['', {}],
      ['a gap', { stdio }],
    ]) {
      const child = cp.spawn('ls', list, { ...options, ...more });
      const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
      self.say('ls', title, output, kind);
    }
    self.say('ls', 'run', (await cp.run('ls', list, options)).stdout, kind);
    const stages = [
      { command: 'ls', args: list, options },
      { command: 'cat', options },
    ];
    self.say('ls', 'pipeline', (await cp.pipeline(stages)).stdout, kind);
    const last = [['true'], { command: 'ls', args: list, options }];
    self.say('ls', 'pipeline, last', (await cp.pipeline(last)).stdout, kind);
  }
  const pool = new cp.Pool(join(self.fixtures, 'pool', 'descriptors.js'), { max: 2, min: 2 });
  // What a pool and its workers share is there now.
  await pool.run('descriptors');
  const ours = self.processes.ownDescriptors();
  self.say('ours', Object.values(ours));
  const options = { ...kinds.tree, dieWithParent: true, usage: 'exact', silent: true };
  const child = cp.fork(join(self.fixtures, 'list-descriptors.js'), options);
  const [open] = await once(child, 'message');
  self.say('node', 'fork', open);
  await once(child, 'exit');
  for (let n = 0; n < 4; n++) self.say('node', `pool ${n}`, await pool.run('descriptors'));
  await pool.close();
  for (const child of alive) child.kill('SIGKILL');
  for (const child of alive) if (child.exitCode === null) await once(child, 'exit');
}

describe('a child of ours has the descriptors that it was given, and no other', () => {
  for (const [mode, title] of [
    ['cgroup', 'as usual'],
    ['cgroup', 'by a copy of the memory'],
    ['walk', 'as usual'],
    ['walk', 'by a copy and without pidfds'],
  ]) {
    it(`${title}, trees by ${mode}`, async () => {
      const env = { ...process.env, ...WAYS[title], SPROG_TREE_MODE: mode };
      const all = await said(listOurs, { env });
      const [, kinds] = all.find(([word]) => word === 'kinds');
      assert.ok(kinds.includes('dieWithParent') && kinds.includes('usage: exact'));
      assert.ok(mode === 'cgroup' || kinds.includes('tree'));
      assertNoneLeaked(all);
      assert.strictEqual(all.filter(([word]) => word === 'node').length, 5);
    });
  }
});
