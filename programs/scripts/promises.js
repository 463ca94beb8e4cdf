'use strict';
// Older wrappers that make promises of child_process: child-process-promise, promisify-child-process.

const older = require('child-process-promise');
const promisify = require('promisify-child-process');

const text = { encoding: 'utf8' };
const failing = ['-c', 'echo out; echo err >&2; exit 4'];

async function say(title, promise) {
  const { name, message, code, signal, stdout, stderr } = await promise.catch((error) => error);
  console.log(title, JSON.stringify({ name, message, code, signal, stdout, stderr }));
}

async function main() {
  await say('spawn', older.spawn('sh', failing, { capture: ['stdout', 'stderr'] }));
  const spawned = older.spawn('echo', ['progress']);
  spawned.childProcess.stdout.on('data', (chunk) => console.log('while it runs', String(chunk)));
  await say('spawn, running', spawned);
  await say('exec', older.exec('echo exec'));
  await say('execFile', older.execFile('false'));
  // The child disconnects: after a disconnect() of ours Node tells no 'close', and this one waits for it.
  const talking = older.fork('./echo-ipc.js', [], { silent: true });
  talking.childProcess.on('message', (heard) => console.log('heard', heard));
  talking.childProcess.send('three');
  await say('fork', talking);

  await say('promisify spawn', promisify.spawn('sh', failing, text));
  await say('promisify killed', promisify.spawn('sh', ['-c', 'kill -9 $$'], text));
  await say('promisify exec', promisify.exec('echo out; exit 5'));
  await say('promisify execFile', promisify.execFile('cat', ['./numbers.txt']));
  await say('promisify missing', promisify.spawn('no-such-program', [], text));
}

main();
