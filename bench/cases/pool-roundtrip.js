'use strict';
// One small task, and then the next: the cost of a lone task.

const { MODULE, check, main, now, params, pick } = require('../support/case.js');
const { openPool } = require('../support/pools.js');

main(async () => {
  const pool = await openPool(params.pool, MODULE);
  const trips = async (count) => {
    for (let n = 0; n < count; n++) check((await pool.add(n, 1)) === n + 1, 'the sum is right');
  };
  await trips(pick({ full: 2_000, quick: 500, tiny: 10 }));
  const count = pick({ full: 5_000, quick: 2_000, tiny: 50 });
  const before = now();
  await trips(count);
  const elapsed = now() - before;
  await pool.close();
  return { roundTripUs: (elapsed / count) * 1000 };
});
