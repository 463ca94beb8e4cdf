'use strict';
// Forks ./child.js and talks to it: a greeting, then structured messages, then an orderly end.

const path = require('node:path');
const { fork } = require('sprog');
const { cyan, dim, line } = require('../support/terminal.js');

const child = fork(path.join(__dirname, 'child.js'));

const questions = [
  { task: 'sum', numbers: [1, 2, 3, 4, 5] },
  { task: 'sort', words: ['pear', 'apple', 'fig'] },
  { task: 'stop' },
];

child.on('message', (message) => {
  line(`  ${cyan('parent got')} ${describe(message)}`);
  const next = questions.shift();
  if (next) child.send(next);
});

child.on('close', (code) => {
  line(dim(`  child closed with code ${code}`));
  process.exitCode = code;
});

child.send('Hello from parent');

function describe(message) {
  return typeof message === 'string' ? message : JSON.stringify(message);
}
