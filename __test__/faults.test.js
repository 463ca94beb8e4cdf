'use strict';
// System calls that fail: each operation ends as the table in faults/cases.js says, goes well again when
// the fault is over, and leaves no descriptor, no zombie and no process. `npm run faults` prints the
// outcomes beside those of Node's own module.

const assert = require('node:assert');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { FAULTS } = require('./faults/cases.js');
const { observe, prepare } = require('./faults/observe.js');
const { OPERATIONS, OURS } = require('./faults/operations.js');

const ROOT = path.join(__dirname, '..');

const healthy = Object.fromEntries(
  Object.entries({ ...OPERATIONS, ...OURS }).map(([name, { expected }]) => [name, expected]),
);

let reason;

before(async () => {
  reason = await prepare();
});

// Two at a time: each waits for processes most of the while.
describe('a system call that fails', { concurrency: 2 }, () => {
  for (const [title, fault] of Object.entries(FAULTS)) {
    const { operations = Object.keys(OPERATIONS), expected = {} } = fault;
    it(`${title}: ${fault.means}`, async (t) => {
      if (reason) return t.skip(`no seccomp notifications here: ${reason}`);
      const {
        outcomes,
        healthy: after,
        left,
        strays,
        end,
        hits,
      } = await observe(ROOT, fault, operations);
      const only = (all) => Object.fromEntries(operations.map((name) => [name, all[name]]));
      assert.strictEqual(end, '');
      assert.deepStrictEqual(outcomes, only({ ...healthy, ...expected }));
      assert.deepStrictEqual(after, only(healthy), 'something stayed broken');
      assert.deepStrictEqual({ left, strays }, { left: { fds: 0, zombies: 0 }, strays: [] });
      assert.ok(hits > 0, 'nothing failed: the rules name a call that is not made');
    });
  }
});
