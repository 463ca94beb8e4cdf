'use strict';
// A thread that starts programs in all ways at once until it is terminated. workerData: the seed. What it
// starts ends by itself, when its input ends or within a second.

const path = require('node:path');
const { parentPort, workerData } = require('node:worker_threads');
const sprog = require('../..');
const { Random } = require('../support/random.js');

const random = new Random(workerData);
const ECHO = path.join(__dirname, '..', '..', '__test__', 'fixtures', 'ipc-echo.js');

const WAYS = [
  () => {
    const child = sprog.spawn('cat');
    child.stdout.on('data', () => {});
    child.stdin.write('x'.repeat(random.below(200_000)));
    child.stdin.end();
    return child;
  },
  () => sprog.spawn('true', { stdio: 'ignore' }),
  () => sprog.spawn('sh', ['-c', 'sleep 0.2'], { stdio: 'ignore' }),
  () => sprog.exec('echo hi', () => {}),
  () => sprog.execFile('head', ['-c', '700000', '/dev/zero'], { encoding: 'buffer' }, () => {}),
  () => sprog.spawn('cat', { stdio: ['fifo', 'fifo', 'ignore'] }),
  () => {
    const child = sprog.spawn('sh', ['-c', 'cat <&3 >&3'], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    for (let n = 0; n < 40; n++) child.send({ n, body: 'x'.repeat(random.below(20_000)) });
    return child;
  },
  () => {
    sprog.spawnSync('true');
    return undefined;
  },
  () => {
    if (!random.chance(0.2)) return undefined;
    const child = sprog.fork(ECHO, { stdio: 'ignore' });
    child.send('hello');
    return child;
  },
];

function again() {
  const child = random.pick(WAYS)();
  if (child === undefined) setImmediate(again);
  else child.on('error', () => {}).on('exit', again);
}

for (let n = 0; n < 3; n++) again();
parentPort?.postMessage('started');
