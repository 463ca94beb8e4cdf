'use strict';
// How long does a small program take as a promise: run(), or what a peer has for it?

const { MODULE, check, main, median, now, params, pick } = require('../support/case.js');
const { promiseApi } = require('../support/wrappers.js');

main(async () => {
  const run = await promiseApi(MODULE);
  const [file, ...args] = params.command;
  const count = pick({ full: 300, quick: 100, tiny: 5 });
  for (let warm = 0; warm < count / 10; warm += 1) await run(file, args);
  const times = [];
  for (let round = 0; round < count; round += 1) {
    const before = now();
    const text = await run(file, args);
    times.push(now() - before);
    check(text.trim() === params.output, `${file} gave ${JSON.stringify(text)}`);
  }
  return { runMs: median(times) };
});
