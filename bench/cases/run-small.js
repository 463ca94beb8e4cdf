'use strict';
// How long does a small program take as a promise: run(), or what a peer has for it?

const { MODULE, check, main, median, now, params, repeat } = require('../support/case.js');
const { promiseApi } = require('../support/wrappers.js');

main(async () => {
  const run = await promiseApi(MODULE);
  const [file, ...args] = params.command;
  const times = await repeat(async () => {
    const before = now();
    const text = await run(file, args);
    const took = now() - before;
    check(text.trim() === params.output, `${file} gave ${JSON.stringify(text)}`);
    return took;
  });
  return { runMs: median(times) };
});
