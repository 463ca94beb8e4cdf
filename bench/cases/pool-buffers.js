'use strict';
// Tasks of a 10 MB buffer, which comes back, for two workers: MB a second, both ways.

const { MODULE, check, main, now, params, pick } = require('../support/case.js');
const { openPool } = require('../support/pools.js');

const MEGABYTES = 10;

main(async () => {
  const pool = await openPool(params.pool, MODULE);
  const buffer = Buffer.alloc(MEGABYTES * 2 ** 20, 7);
  const count = pick({ full: 100, quick: 20, tiny: 2 });
  const run = async (left) => {
    for (; left > 0; left--) {
      const back = await pool.bytes(buffer);
      check(back.length === buffer.length && back.at(-1) === 7, 'it came back');
    }
  };
  await Promise.all([run(2), run(2)]);
  const before = now();
  // Four at a time: two run, two wait.
  await Promise.all([1, 2, 3, 4].map(() => run(count / 4)));
  const elapsed = now() - before;
  await pool.close();
  return { megabytesPerSecond: (count * MEGABYTES * 2) / (elapsed / 1000) };
});
