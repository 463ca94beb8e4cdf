'use strict';
// Children that mean no good, see hostile/cases.js: all of them one after the other in one parent, which
// must see what the table says, keep nothing, and go on talking to a healthy child meanwhile. The same
// acts under Node's own module say what Node makes of them.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { CASES, GROUPS } = require('./hostile/cases.js');
const { observe } = require('./hostile/observe.js');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');

const ROOT = path.join(__dirname, '..');
const MIB = 1024 * 1024;
const PEAK = 64 * MIB;
/** Of the parent's time: an act whose cost grows with its square takes minutes. */
const CPU_S = 5;
const LIMIT_MS = 8 * 60_000;

// A CI machine without Python has to say so instead of passing by default.
const hasPython = process.env.CI || spawnSync('python3', ['-c', '']).status === 0;

// The oldest and the newest: what lies between has the code of one of them.
const lines = selectedLines();
const newest = Math.max(...lines);
const nodes = [...new Set([process.execPath, nodeBinary(newest)])];
const options = { timeout: LIMIT_MS, skip: hasPython ? false : 'python3 is not installed' };

for (const node of nodes) {
  describe(`under ${path.relative(ROOT, node)}`, options, () => {
    let ours;
    let inNode;
    before(async () => {
      const acts = Object.keys(CASES);
      [ours, inNode] = await Promise.all([
        observe(ROOT, acts, node),
        observe('node:child_process', acts, node),
      ]);
    });

    for (const [group, cases] of Object.entries(GROUPS)) {
      for (const [act, { sees, nodeSees = sees, nodeLeaks = false, peak = PEAK }] of Object.entries(
        cases,
      )) {
        it(`${group}: ${act}`, () => {
          const seen = ours.get(act);
          assert.strictEqual(seen.outcome, sees);
          assert.strictEqual(seen.fds[1], seen.fds[0], 'descriptors');
          assert.ok(seen.mostFds <= 30, `${seen.mostFds} descriptors in between`);
          assert.ok(seen.peak <= peak, `${Math.round(seen.peak / MIB)} MiB more in between`);
          assert.ok(seen.cpu <= CPU_S, `${seen.cpu} s`);
          assert.deepStrictEqual([seen.zombies, seen.polluted], [0, false]);
          const theirs = inNode.get(act);
          if (typeof nodeSees === 'string') assert.strictEqual(theirs.outcome, nodeSees, 'Node');
          else assert.match(theirs.outcome, nodeSees, 'Node');
          if (theirs.survived) assert.strictEqual(theirs.fds[1] > theirs.fds[0], nodeLeaks, 'Node');
        });
      }
    }
  });
}
