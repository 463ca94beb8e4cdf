'use strict';
// `npm run soak`: spawns, forks and messages without end, with descriptors, memory, zombies and threads
// of this process counted at start, middle and end of each. Exits with 1 if one of them is not flat, or if
// anything did not come back as it should. The seed repeats the order of things.
//
//   npm run soak [-- --spawns 100000 --forks 10000 --gigabytes 10 --at-a-time 4 --seed N]

const { readArguments } = require('../support/arguments.js');
const { Random, newSeed } = require('../support/random.js');
const { growth, row, takeVitals } = require('../support/vitals.js');
const { PHASES } = require('./phases.js');

const WARM_UP = 40;

async function soak(phase, amount, atATime, random) {
  const { unit, run } = phase;
  const warmUp = Math.min(amount, WARM_UP);
  await run(warmUp, atATime, random);
  const vitals = [await takeVitals()];
  const started = process.hrtime.bigint();
  for (const part of [Math.ceil(amount / 2), Math.floor(amount / 2)]) {
    await run(part, atATime, random);
    vitals.push(await takeVitals(vitals[0].fds));
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const grown = growth(vitals);
  console.log(`\n${amount} ${unit} in ${seconds.toFixed(1)} s: ${grown.join(', ') || 'flat'}`);
  console.table(['start', 'middle', 'end'].map((when, index) => row(when, vitals[index])));
  return grown.length === 0;
}

async function main() {
  const given = readArguments({
    spawns: 100_000,
    forks: 10_000,
    gigabytes: 10,
    'at-a-time': 4,
    seed: newSeed(),
  });
  console.log(`soak: seed ${given.seed}, Node ${process.version}`);
  const random = new Random(given.seed);
  const amounts = {
    spawns: given.spawns,
    forks: given.forks,
    messages: Math.round(given.gigabytes * 1000),
  };
  let isFlat = true;
  for (const [name, phase] of Object.entries(PHASES)) {
    if (amounts[name] > 0) {
      isFlat = (await soak(phase, amounts[name], given['at-a-time'], random)) && isFlat;
    }
  }
  console.log(isFlat ? '\nsoak: flat' : `\nsoak: not flat (seed ${given.seed})`);
  process.exitCode = isFlat ? 0 : 1;
}

main().catch((error) => {
  process.stderr.write(`soak: ${error.stack}\n`);
  process.exitCode = 1;
});
