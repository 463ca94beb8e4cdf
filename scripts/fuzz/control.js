'use strict';
// Fuzzes the parser that is JavaScript: control frames, made up at random, sent by a child that speaks
// the raw bytes of its channel. The parent must deliver the ordinary messages between them, in order,
// throw nothing, and keep no descriptor. A finding is the seed of its round.

const path = require('node:path');
const { runScript } = require('../../__test__/helpers/script.js');
const { newSeed } = require('../support/random.js');

const CHILD = path.join(__dirname, 'control-child.js');
const FRAMES = 500;
const ROUNDS = 20;

/** The parent's side, in a process of its own: rounds with these seeds. */
async function receive(self) {
  const [child, first, rounds, frames] = self.args;
  const hidden = 'WIRE_FD=$NODE_CHANNEL_FD; unset NODE_CHANNEL_FD; export WIRE_FD; exec "$0" "$@"';
  let uncaught = [];
  process.on('uncaughtException', (error) => uncaught.push(error.message));
  const round = async (seed) => {
    uncaught = [];
    const command = ['-c', hidden, process.execPath, child, String(seed), frames];
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'];
    const sender = self.cp.spawn('/bin/sh', command, { stdio });
    const got = [];
    sender.on('message', (message) => got.push(message));
    sender.on('error', (error) => uncaught.push(error.message));
    await new Promise((resolve) => sender.on('close', resolve));
    const ids = got.map((message) => message?.id).filter(Number.isInteger);
    const inOrder = ids.every((id, index) => id === index);
    self.say('round', seed, ids.length, inOrder, uncaught);
  };
  await round(0);
  const fds = self.processes.countFds();
  for (let n = 0; n < Number(rounds); n++) await round(Number(first) + n);
  self.say('flat', await self.processes.until(() => self.processes.countFds() <= fds));
}

/** Runs rounds for a time; the result is as that of the other targets. */
async function fuzzControlFrames(seconds, seed = newSeed()) {
  const end = Date.now() + seconds * 1000;
  let executions = 0;
  let finding = '';
  for (let first = seed; Date.now() < end && !finding; first += ROUNDS) {
    const args = [CHILD, first, ROUNDS, FRAMES].map(String);
    const { code, signal, said, stderr } = await runScript(receive, { args, limit: 120_000 });
    const rounds = said.filter(([word]) => word === 'round');
    executions += rounds.length * FRAMES;
    const bad = rounds.find(([, , count, inOrder, uncaught]) => {
      return count !== FRAMES / 2 || !inOrder || uncaught.length > 0;
    });
    const isFlat = said.some(([word, flat]) => word === 'flat' && flat);
    if (bad) finding = `seed ${bad[1]}: ${JSON.stringify(bad)}`;
    else if (code !== 0 || !isFlat) finding = `seeds from ${first}: ${code ?? signal} ${stderr}`;
  }
  return { target: 'control_frames', executions, finding };
}

module.exports = { fuzzControlFrames };
