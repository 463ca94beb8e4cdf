'use strict';
// The bench at its smallest: each case that the floor has too gives its row's figures, under us and as the floor;
// and a call that takes long is made less often.

const assert = require('node:assert');
const { describe, it } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { findPeers } = require('../bench/peers.js');
const { ROWS, takesPart } = require('../bench/plan.js');
const { runCase } = require('../bench/run.js');
const { repeat } = require('../bench/support/case.js');
const { ROOT } = require('../scripts/setup.js');

// Nothing where nothing compiles it.
const [floor] = findPeers(['floor']);
const ours = { runtime: 'node', command: process.execPath, args: [], module: ROOT };

describe('the bench', () => {
  // Gigabytes are for a machine that has nothing else to do.
  const rows = ROWS.filter((row) => takesPart({ runtime: 'floor' }, row) && !row.params?.resident);
  for (const row of rows) {
    it(row.title, async () => {
      assertFigures(row, await runCase(ours, row, 'tiny'));
      if (floor) assertFigures(row, await runCase(floor, row, 'tiny'), isLoops);
    });
  }

  it('calls again while there is time', async () => {
    const dear = await repeat(() => sleep(600, 'dear'));
    assert.ok(dear.length >= 1 && dear.length <= 2, `${dear.length} calls in a second`);
    let calls = 0;
    const cheap = await repeat(() => ++calls);
    assert.deepStrictEqual(
      cheap,
      cheap.map((_, index) => index + 2),
      'all but the one before',
    );
  });
});

/** The floor has no event loop. */
function isLoops({ key }) {
  return /^(loopBusy|stall)/.test(key);
}

function assertFigures({ figures }, printed, isMissing = () => false) {
  const keys = figures.filter((figure) => !isMissing(figure)).map(({ key }) => key);
  assert.deepStrictEqual(Object.keys(printed).sort(), keys.sort());
  for (const key of keys) assert.ok(Number.isFinite(printed[key]), `${key}: ${printed[key]}`);
}
