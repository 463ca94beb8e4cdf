'use strict';
// Starts more programs at once than there may be processes, for a time, in every way that needs none or
// one of our threads; then sees that all is well again. argv: seed, seconds. Prints one line of JSON.

const sprog = require('../..');
const { countFds, countZombies, until } = require('../../__test__/helpers/processes.js');
const { Random } = require('../support/random.js');

const AT_A_TIME = 60;
const OPERATION_MS = 60_000;
const PATIENCE_MS = 30_000;
/** What the limit may answer: of clone, or of a thread. */
const REFUSALS = new Set(['EAGAIN', 'ENOMEM']);

const random = new Random(Number(process.argv[2]));
const seconds = Number(process.argv[3]);
const tally = { started: 0, refused: 0 };
const faults = [];

const ended = (child) =>
  new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });

const WAYS = [
  () => ended(sprog.spawn('sleep', ['0.05'], { stdio: 'ignore' })),
  () => {
    const child = sprog.spawn('cat');
    for (const stream of child.stdio) stream?.on('error', () => {});
    child.stdout?.resume();
    child.stdin?.end('x');
    return ended(child);
  },
  () =>
    new Promise((resolve, reject) => {
      sprog.execFile('sleep', ['0.02'], (error) => (error ? reject(error) : resolve(undefined)));
    }),
  () => {
    const { error } = sprog.spawnSync('true');
    if (error) throw error;
  },
];

async function attempt(start) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), OPERATION_MS);
  });
  try {
    await Promise.race([start(), late]);
    tally.started++;
  } catch (error) {
    if (REFUSALS.has(error.code)) tally.refused++;
    else faults.push(`${error.code ?? ''} ${error.message}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  } finally {
    clearTimeout(timer);
  }
}

async function main() {
  await attempt(WAYS[1]);
  await until(() => countZombies() === 0, PATIENCE_MS);
  const fds = countFds();
  const end = Date.now() + seconds * 1000;
  const lane = async () => {
    while (Date.now() < end && faults.length === 0) await attempt(random.pick(WAYS));
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
  await until(() => countFds() <= fds && countZombies() === 0, PATIENCE_MS);
  const refusedBefore = tally.refused;
  for (const start of WAYS) await attempt(start);
  if (tally.refused > refusedBefore) faults.push('still refused when the rush was over');
  if (countFds() > fds) faults.push(`${countFds() - fds} descriptors left`);
  if (countZombies() > 0) faults.push(`${countZombies()} zombies left`);
  console.log(JSON.stringify({ ...tally, faults }));
}

main();
