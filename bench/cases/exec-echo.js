'use strict';
// How long does a small shell command take through exec() or a wrapper, output and all?

const { MODULE, check, loadModule, main, median, now, pick } = require('../support/case.js');
const { isWrapper, loadWrapper } = require('../support/wrappers.js');

main(async () => {
  const run = isWrapper(MODULE) ? await wrapped() : direct();
  const count = pick({ full: 300, quick: 100, tiny: 5 });
  for (let warm = 0; warm < count / 10; warm += 1) await run();
  const times = [];
  for (let round = 0; round < count; round += 1) {
    const before = now();
    const text = await run();
    times.push(now() - before);
    check(text === 'hi\n', `echo gave ${JSON.stringify(text)}`);
  }
  return { execMs: median(times) };
});

function direct() {
  const { exec } = loadModule();
  return () =>
    new Promise((resolve, reject) => {
      exec('echo hi', (error, stdout) => (error ? reject(error) : resolve(stdout)));
    });
}

async function wrapped() {
  const { run } = await loadWrapper(MODULE);
  return async () => (await run('/bin/sh', ['-c', 'echo hi'])).stdout;
}
