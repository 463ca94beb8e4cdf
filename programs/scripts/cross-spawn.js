'use strict';
// cross-spawn: arguments, exit codes, a program that is missing.

const { once } = require('node:events');
const { text } = require('node:stream/consumers');
const spawn = require('cross-spawn');

async function main() {
  const child = spawn('sh', ['-c', 'echo "$0"; exit 3', 'a b"c']);
  const [output, ended] = await Promise.all([text(child.stdout), once(child, 'close')]);
  console.log('async', JSON.stringify(output), ended);
  const failed = spawn('no-such-program');
  console.log('missing', (await once(failed, 'error'))[0].message);
  const { stdout, status, signal, error } = spawn.sync('echo', ['sync'], { encoding: 'utf8' });
  console.log('sync', stdout.trim(), status, signal, error);
  console.log('sync missing', spawn.sync('no-such-program').error.message);
}

main();
