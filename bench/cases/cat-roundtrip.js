'use strict';
// A line goes to `cat` and comes back over three pipes: so many round trips at a time.

const { check, closed, loadModule, main, median, now, params, pick } =
  require('../support/case.js');

const TEXT = 'there and back again\n';

main(async () => {
  const { spawn } = loadModule();
  const count = pick({ full: 400, quick: 120, tiny: 8 });
  const times = [];
  await lanes(count / 10, () => roundTrip(spawn));
  const started = now();
  await lanes(count, async () => {
    const before = now();
    await roundTrip(spawn);
    times.push(now() - before);
  });
  const seconds = (now() - started) / 1000;
  check(times.length === count, 'every round trip was made');
  return { perSecond: count / seconds, tripMs: median(times) };
});

/** Does `count` pieces of work, as many at a time as the row says. */
async function lanes(count, work) {
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: params.concurrency }, lane));
}

async function roundTrip(spawn) {
  const child = spawn('cat');
  let text = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr.resume();
  child.stdin.end(TEXT);
  const [code] = await closed(child);
  check(code === 0 && text === TEXT, `cat gave ${JSON.stringify(text)} and code ${code}`);
}
