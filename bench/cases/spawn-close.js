'use strict';
// How long does a small program take from spawn to 'close', one at a time, with three pipes?

const { MODULE, closesCleanly, loadModule, main, median, now, pick } =
  require('../support/case.js');
const { isWrapper, loadWrapper } = require('../support/wrappers.js');

main(async () => {
  const run = isWrapper(MODULE) ? await wrapped() : direct();
  const count = pick({ full: 400, quick: 150, tiny: 5 });
  for (let warm = 0; warm < count / 10; warm += 1) await run();
  const times = [];
  for (let round = 0; round < count; round += 1) {
    const before = now();
    await run();
    times.push(now() - before);
  }
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
