'use strict';
// vscode-languageserver, as an editor starts it: over messages, and over stdin and stdout.

const { fork, spawn } = require('node:child_process');
const { once } = require('node:events');
const rpc = require('vscode-jsonrpc/node');

const SERVER = './language-server-child.js';
const STARTS = {
  ipc() {
    const child = fork(SERVER, ['--node-ipc'], { silent: true });
    return { child, ends: [new rpc.IPCMessageReader(child), new rpc.IPCMessageWriter(child)] };
  },
  stdio() {
    const child = spawn(process.execPath, [SERVER, '--stdio']);
    const { stdout, stdin } = child;
    return {
      child,
      ends: [new rpc.StreamMessageReader(stdout), new rpc.StreamMessageWriter(stdin)],
    };
  },
};

async function converse(kind) {
  const { child, ends } = STARTS[kind]();
  const said = (...words) => console.log(kind, ...words);
  child.stderr.on('data', (text) => said('stderr', String(text)));
  const connection = rpc.createMessageConnection(...ends);
  connection.onClose(() => said('connection closed'));
  let pongs = 0;
  connection.onNotification('pong', () => {
    pongs += 1;
  });
  connection.listen();

  const { capabilities } = await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: {},
  });
  said('initialized', capabilities);
  for (let number = 0; number < 200; number += 1) connection.sendNotification('ping', number);
  const hovers = Array.from({ length: 100 }, (_, line) =>
    connection.sendRequest('textDocument/hover', {
      textDocument: { uri: 'a' },
      position: { line, character: 0 },
    }),
  );
  said('hovers', (await Promise.all(hovers)).at(-1), pongs);
  said('large', (await connection.sendRequest('large', 3_000_000)).length);
  said('failure', (await connection.sendRequest('fail').catch((error) => error)).message);
  const source = new rpc.CancellationTokenSource();
  setTimeout(() => source.cancel(), 50);
  said(await connection.sendRequest('wait', {}, source.token));

  const closed = once(child, 'close');
  await connection.sendRequest('shutdown');
  await connection.sendNotification('exit');
  said('close', await closed);
}

async function main() {
  await converse('ipc');
  await converse('stdio');
}

main();
