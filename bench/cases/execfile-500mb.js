'use strict';
// 500 MB of output, captured whole: how long does it take, and how long is the loop kept busy?

const { MODULE, check, loadModule, main, now, params, pick } = require('../support/case.js');
const { watchBusy, watchStall } = require('../support/loop.js');
const { isWrapper, loadWrapper } = require('../support/wrappers.js');

main(async () => {
  const run = isWrapper(MODULE) ? await wrapped() : direct();
  const size = pick({ full: 500e6, quick: 500e6, tiny: 10e6 });
  // All of it comes once before: a virtual machine may have given its free memory back to the host, and then it is
  // the host's faults that are measured, seconds of them.
  await run(size);
  const busy = watchBusy();
  const before = now();
  const output = await run(size);
  const elapsed = now() - before;
  const loopBusyMs = busy();
  check(output.length === size, `${output.length} of ${size} arrived`);
  const text = params.encoding !== 'buffer';
  check((typeof output === 'string') === text, `the output is ${text ? 'text' : 'bytes'}`);
  const stall = watchStall();
  await run(size);
  return { totalMs: elapsed, loopBusyMs, stallMs: stall() };
});

function command(size) {
  return ['head', ['-c', String(size), '/dev/zero']];
}

function direct() {
  const { execFile } = loadModule();
  const options = { encoding: params.encoding, maxBuffer: Number.POSITIVE_INFINITY };
  return (size) =>
    new Promise((resolve, reject) => {
      execFile(...command(size), options, (error, stdout) => {
        if (error) reject(error);
        else resolve(stdout);
      });
    });
}

async function wrapped() {
  const { run } = await loadWrapper(MODULE);
  return async (size) => (await run(...command(size), { encoding: params.encoding })).stdout;
}
