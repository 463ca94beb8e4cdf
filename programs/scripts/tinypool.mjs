// tinypool's processes, and its threads for comparison.

import { Tinypool } from 'tinypool';
import { failure, say } from './say.mjs';

for (const runtime of ['child_process', 'worker_threads']) {
  const filename = new URL('./tinypool-task.mjs', import.meta.url).href;
  const pool = new Tinypool({ filename, runtime, env: process.env, minThreads: 1, maxThreads: 2 });
  const sums = [1, 2, 3, 4, 5, 6].map((number) => pool.run({ number }));
  say(runtime, await Promise.all(sums));
  say('named', await pool.run({}, { name: 'where' }));
  say('values', (await pool.run({ map: new Map([[1, 2]]) }, { name: 'typeOf' })).slice(0, 3));
  say('error', (await failure(pool.run({}, { name: 'fail' }))).message);
  // A thread that exits leaves its task unsettled, in tinypool as it is.
  if (runtime === 'child_process')
    say('exit', /exit|Terminat/i.test((await failure(pool.run({}, { name: 'die' }))).message));
  await pool.recycleWorkers();
  say('recycled', await pool.run({ number: 7 }));
  await pool.destroy();
}
