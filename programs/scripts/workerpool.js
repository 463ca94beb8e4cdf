'use strict';
// workerpool's processes, and its threads for comparison.

const workerpool = require('workerpool');

async function main() {
  for (const workerType of ['process', 'thread']) {
    const pool = workerpool.pool(require.resolve('./workerpool-task.js'), {
      workerType,
      maxWorkers: 2,
    });
    const exec = (...call) => pool.exec(...call);
    console.log(workerType, await Promise.all([1, 2, 3, 4].map((n) => exec('twice', [n]))));
    console.log('events', await new Promise((resolve) => exec('tell', [], { on: resolve })));
    console.log('error', await exec('fail').catch(({ message }) => message));
    console.log(
      'timeout',
      await exec('hang')
        .timeout(300)
        .catch(({ name }) => name),
    );
    const hanging = exec('hang');
    setTimeout(() => hanging.cancel(), 100);
    console.log('cancel', await hanging.catch(({ name }) => name));
    console.log('after', await exec('twice', [21]), await pool.exec((a, b) => a + b, [3, 4]));
    await pool.terminate();
    console.log('workers', pool.stats().totalWorkers);
  }
}

main();
