'use strict';
// `node --watch`, started by a program: it restarts a program that itself has children.

const { spawn } = require('node:child_process');
const fs = require('node:fs');

fs.mkdirSync('watched');
write(1);
let version = 1;
const watcher = spawn(process.execPath, ['--watch', '--no-warnings', 'watched/app.js']);
let output = '';
watcher.stdout.setEncoding('utf8').on('data', (text) => {
  output += text;
  if (!output.includes(`version ${version};`)) return;
  console.log('said', version);
  if (version === 3) return watcher.kill();
  version += 1;
  // Watching begins after the first output.
  setTimeout(() => write(version), 500);
});
watcher.on('close', (code, signal) => console.log('closed', code, signal));

function write(number) {
  fs.writeFileSync(
    'watched/app.js',
    `const text = require('node:child_process').execFileSync('echo', ['version ${number};']);
     process.stdout.write(String(text));
     setInterval(() => {}, 1000);`,
  );
}
