'use strict';
// Many small tasks at once, for two workers: tasks a second.

const { MODULE, check, main, median, now, params, pick } = require('../support/case.js');
const { openPool } = require('../support/pools.js');

main(async () => {
  const pool = await openPool(params.pool, MODULE);
  const count = pick({ full: 20_000, quick: 5_000, tiny: 100 });
  const rates = [];
  // The first are what a cold pool does, and not counted.
  for (let run = 0; run < pick({ full: 6, quick: 4, tiny: 2 }); run++) {
    const before = now();
    const sums = await Promise.all(Array.from({ length: count }, (_, n) => pool.add(n, 1)));
    const elapsed = now() - before;
    check(sums.length === count && sums.every((sum, n) => sum === n + 1), 'the sums are right');
    if (run > 0) rates.push(count / (elapsed / 1000));
  }
  await pool.close();
  return { tasksPerSecond: median(rates) };
});
