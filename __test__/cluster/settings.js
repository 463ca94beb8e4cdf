'use strict';
// cluster.setupPrimary: another program as the worker, its arguments, its output, how it is spoken to,
// and what is told of it.

const cluster = require('node:cluster');
const { once } = require('node:events');
const { text } = require('node:stream/consumers');
const { say } = require('./support.js');

const WORKER = require.resolve('./worker.js');

async function primary() {
  cluster.on('setup', ({ exec, args, silent, serialization }) =>
    say('setup', exec === WORKER, args, silent, serialization),
  );
  cluster.setupPrimary({ exec: WORKER, args: ['one', 'two'], silent: true });
  await run();
  cluster.setupPrimary({ serialization: 'advanced', cwd: '/', args: [] });
  await run();
  cluster.setupPrimary({ stdio: ['ignore', 'pipe', 'ignore', 'ipc'], windowsHide: true });
  await run();
  cluster.setupPrimary({ execArgv: ['--no-warnings', '--stack-trace-limit=7'] });
  await run();
}

async function run() {
  const worker = cluster.fork();
  const { stdout, stderr, stdio, channel } = worker.process;
  say('streams', Boolean(stdout), Boolean(stderr), stdio.length, channel !== null);
  const output = Promise.all([text(stdout), stderr && text(stderr)]);
  const [message] = await once(worker, 'message');
  say('message', { ...message, isMap: message.map instanceof Map });
  say('exit', await once(worker, 'exit'));
  say('output', await output);
}

primary();
