'use strict';
// A parent that sends numbered messages to an echo as fast as it can, checks what comes back, and forks a
// new one when it dies, until its own input ends. argv: the seed. It tells, a line of JSON each:
// ["child", pid], ["messages", count], ["fault", text], and at the end ["left", { fds, zombies }].

const fs = require('node:fs');
const path = require('node:path');
const sprog = require('../..');
const { countFds, countZombies, until } = require('../../__test__/helpers/processes.js');
const { Random } = require('../support/random.js');

const ECHO = path.join(__dirname, '..', '..', '__test__', 'fixtures', 'ipc-echo.js');
const WINDOW = 50;
const SIZES = [10, 1000, 100_000, 400_000];
const PATIENCE_MS = 30_000;

const random = new Random(Number(process.argv[2]));
const tell = (...values) => fs.writeSync(1, `${JSON.stringify(values)}\n`);

let isOver = false;
let messages = 0;

/** One child's life. */
function live() {
  return new Promise((resolve) => {
    const serialization = random.pick(['json', 'advanced']);
    const child = sprog.fork(ECHO, { serialization, stdio: 'ignore' });
    tell('child', child.pid);
    const over = () => {
      if (child.connected) child.disconnect();
    };
    let sent = 0;
    let next = 0;
    const lengths = [];
    const send = () => {
      if (!child.connected) return;
      const body = 'x'.repeat(random.pick(SIZES));
      lengths.push(body.length);
      child.send({ number: sent++, body }, () => {});
    };
    child.on('error', (error) => tell('fault', `error: ${error.stack}`));
    child.on('message', ({ number, body }) => {
      if (number !== next++ || body.length !== lengths.shift()) {
        tell('fault', `message ${number} of ${body.length} came where ${next - 1} was due`);
      }
      if (++messages % 1000 === 0) tell('messages', messages);
      if (isOver) over();
      else send();
    });
    process.stdin.on('end', over);
    child.on('close', (code, signal) => {
      process.stdin.removeListener('end', over);
      if (code !== 0 && signal !== 'SIGKILL')
        tell('fault', `the echo ended with ${code ?? signal}`);
      resolve(undefined);
    });
    for (let n = 0; n < WINDOW; n++) send();
  });
}

async function main() {
  process.stdin.on('end', () => {
    isOver = true;
  });
  process.stdin.resume();
  // What is made once for all.
  await new Promise((resolve) => sprog.spawn('true').on('close', resolve));
  const fds = countFds();
  while (!isOver) await live();
  await until(() => countFds() <= fds && countZombies() === 0, PATIENCE_MS);
  tell('messages', messages);
  tell('left', { fds: Math.max(0, countFds() - fds), zombies: countZombies() });
}

main();
