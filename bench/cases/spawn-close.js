'use strict';
// How long does a small program take from spawn to 'close', one at a time, with three pipes?

const { MODULE, closesCleanly, loadModule, main, median, now, repeat } =
  require('../support/case.js');
const { isWrapper, loadWrapper } = require('../support/wrappers.js');

main(async () => {
  const run = isWrapper(MODULE) ? await wrapped() : direct();
  const times = await repeat(async () => {
    const before = now();
    await run();
    return now() - before;
  });
  return { closeMs: median(times) };
});

function direct() {
  const { spawn } = loadModule();
  return () => closesCleanly(spawn('/bin/true'));
}

async function wrapped() {
  const { run } = await loadWrapper(MODULE);
  return () => run('/bin/true', []);
}
