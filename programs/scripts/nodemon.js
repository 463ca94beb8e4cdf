'use strict';
// nodemon, from its module: a program that changes twice.

const fs = require('node:fs');
const nodemon = require('nodemon');

fs.mkdirSync('watched');
fs.writeFileSync('watched/app.js', app(1));
let version = 1;
nodemon({
  script: 'watched/app.js',
  watch: ['watched'],
  stdout: false,
  delay: 50,
  legacyWatch: true,
});
nodemon.on('stdout', (data) => {
  const text = String(data).trim();
  if (!text) return;
  console.log('said', text);
  if (version === 3) return nodemon.emit('quit', 0);
  version += 1;
  setTimeout(() => fs.writeFileSync('watched/app.js', app(version)), 300);
});
nodemon.on('restart', () => console.log('restart'));
nodemon.on('quit', () => process.exit());

function app(number) {
  return `console.log('version ${number}', typeof process.send); setInterval(() => {}, 1000);`;
}
