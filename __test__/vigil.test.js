'use strict';
// Where answers come at once, the loop stays awake for the next: what else it has to do is done all the
// same, and it sleeps again when they take longer.

const assert = require('node:assert');
const { test } = require('node:test');
const { runWell } = require('./helpers/script.js');

test('while answers are looked out for, timers, immediates and other I/O have their turn', async () => {
  const { ordered, counts } = await runWell(async (self) => {
    const { fork } = self.cp;
    const fs = require('node:fs');
    const child = fork(`${self.fixtures}/ipc-echo.js`);
    const counts = { timers: 0, immediates: 0, files: 0 };
    const timer = setInterval(() => counts.timers++, 1);
    const look = () => fs.stat(__filename, () => ++counts.files < 1e6 && look());
    let at = 0;
    let isOrdered = true;
    child.on('message', (message) => {
      isOrdered &&= message === at;
      at += 1;
      if (at % 100 === 0) setImmediate(() => counts.immediates++);
      if (at === 3000) look();
      if (at < 6000) {
        child.send(at);
        return;
      }
      clearInterval(timer);
      self.say('ordered', isOrdered);
      self.say('counts', counts);
      process.exit();
    });
    child.send(at);
  });
  const [{ timers, immediates, files }] = counts;
  assert.deepStrictEqual(ordered, [true]);
  assert.ok(timers > 0, `${timers} times`);
  assert.ok(immediates > 50, `${immediates} immediates`);
  assert.ok(files > 0, `${files} files`);
});

test('the loop sleeps while an answer takes long, whatever came before', async () => {
  const { share } = await runWell(async (self) => {
    const { fork } = self.cp;
    const child = fork(`${self.fixtures}/ipc-echo-later.js`);
    const trips = (count, delay) =>
      new Promise((resolve) => {
        let left = count;
        const listener = () => {
          left -= 1;
          if (left > 0) {
            child.send(delay);
            return;
          }
          child.off('message', listener);
          resolve(undefined);
        };
        child.on('message', listener);
        child.send(delay);
      });
    await trips(3000, 0);
    const before = process.cpuUsage();
    const start = performance.now();
    await trips(30, 20);
    const { user, system } = process.cpuUsage(before);
    self.say('share', (user + system) / 1000 / (performance.now() - start));
    child.disconnect();
  });
  assert.ok(share[0] < 0.4, `${share} of the time`);
});
