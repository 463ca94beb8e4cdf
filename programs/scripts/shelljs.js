'use strict';
// shelljs: commands through a shell; the synchronous ones run in a Node of their own.

const shell = require('shelljs');

shell.config.silent = true;
const sync = shell.exec('echo out; echo err >&2; exit 3');
console.log('sync', [sync.stdout, sync.stderr, sync.code]);
console.log('pipe', shell.exec('printf "b\\na\\n"').sort().stdout);
console.log('cmd', shell.cmd('echo', 'a b').stdout);
console.log('node', shell.exec('node -p "6 * 7"').stdout);
const child = shell.exec('read line; echo "got $line"', (code, stdout) => {
  console.log('async', code, stdout);
});
child.stdin.end('text\n');
