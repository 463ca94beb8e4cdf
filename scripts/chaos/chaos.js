'use strict';
// `npm run chaos`: worker threads that are terminated in the middle of a spawn, both ends of a channel
// stopped, continued and killed at random while messages flow, and a machine at its process limit. Exits
// with 1 where anything was lost, broken or left behind. A seed repeats what was drawn.
//
//   npm run chaos [-- --threads 500 --seconds 120 --limit-seconds 30 --seed N]

const { readArguments } = require('../support/arguments.js');
const { Random, newSeed } = require('../support/random.js');
const { limitProcesses } = require('./limit.js');
const { signalBothEnds } = require('./signals.js');
const { terminateThreads } = require('./threads.js');

async function main() {
  const given = readArguments({
    threads: 500,
    seconds: 120,
    'limit-seconds': 30,
    seed: newSeed(),
  });
  console.log(`chaos: seed ${given.seed}, Node ${process.version}`);
  const random = new Random(given.seed);
  const parts = [
    ['worker threads terminated', given.threads, terminateThreads],
    ['seconds of signals to both ends of a channel', given.seconds, signalBothEnds],
    ['seconds at the process limit', given['limit-seconds'], limitProcesses],
  ];
  let isWell = true;
  for (const [title, amount, run] of parts) {
    if (amount <= 0) continue;
    const { figures, faults } = await run(amount, random);
    console.log(`\n${amount} ${title}: ${faults.length === 0 ? 'well' : 'NOT WELL'}`);
    console.table(figures);
    for (const fault of faults) console.log(`  ${fault}`);
    isWell &&= faults.length === 0;
  }
  console.log(isWell ? '\nchaos: well' : `\nchaos: not well (seed ${given.seed})`);
  process.exitCode = isWell ? 0 : 1;
}

main().catch((error) => {
  process.stderr.write(`chaos: ${error.stack}\n`);
  process.exitCode = 1;
});
