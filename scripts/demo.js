'use strict';
// `npm run demo`: set-up, then a tour of the examples. Each stop is a program of its own under
// examples/ that can be run alone; the first that fails ends the tour with its exit code.

const path = require('node:path');
const { ROOT, setup } = require('./setup.js');

const EXAMPLES = path.join(ROOT, 'examples');
const STOPS = [
  ['Output that streams', 'stream-output.js'],
  ['Errors that stream too', 'stream-output.js', 'ls', '/no/such/directory'],
  ['Programs fed through stdin', 'feed-stdin.js'],
  ['200 MB through gzip and back', 'gzip-roundtrip.js'],
  ['A forked child to talk to', 'hello/parent.js'],
  ['A background task, and a loop that stays live', 'background/parent.js'],
  ['One spawn() with 1 GB resident', 'loop-stall.js'],
];

async function main() {
  setup();
  // Not before: without the set-up there is no addon to load.
  const sprog = require('sprog');
  const { bold, cyan, dim, line, stopwatch } = require('../examples/support/terminal.js');

  const elapsed = stopwatch();
  for (const [index, [title, file, ...args]] of STOPS.entries()) {
    line();
    line(`${cyan(`${index + 1}/${STOPS.length}`)} ${bold(title)}  ${dim(`examples/${file}`)}`);
    const code = await run(sprog, [path.join(EXAMPLES, file), ...args]);
    if (code !== 0) {
      line(`examples/${file} ended with ${code}`);
      return 1;
    }
  }
  line();
  line(bold(`The tour took ${elapsed().toFixed(1)} s.`));
  return 0;
}

/** The tour guide uses sprog as well: the stops inherit its terminal. */
function run({ spawn }, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ?? code));
  });
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    process.stderr.write(`demo: ${error.message}\n`);
    process.exitCode = 1;
  },
);
