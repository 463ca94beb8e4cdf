'use strict';
// How long does a small shell command take through exec() or a wrapper, output and all?

const { MODULE, check, loadModule, main, median, now, repeat } = require('../support/case.js');
const { isWrapper, loadWrapper } = require('../support/wrappers.js');

main(async () => {
  const run = isWrapper(MODULE) ? await wrapped() : direct();
  const times = await repeat(async () => {
    const before = now();
    const text = await run();
    const took = now() - before;
    check(text === 'hi\n', `echo gave ${JSON.stringify(text)}`);
    return took;
  });
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
