// A child of signal-exit.mjs.

import { onExit } from 'signal-exit';

onExit((code, signal) => {
  process.send(['on exit', code, signal]);
});
const [, , how] = process.argv;
if (how === 'kill' || how === 'signal') setInterval(() => {}, 1000);
process.send('up', () => {
  if (how === 'exit') process.exit(3);
  if (how === 'kill') process.kill(process.pid, 'SIGTERM');
});
