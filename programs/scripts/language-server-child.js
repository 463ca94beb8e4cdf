'use strict';
// The server of language-server.js.

const { createConnection } = require('vscode-languageserver/node');

const connection = createConnection();
connection.onInitialize(() => ({ capabilities: { hoverProvider: true } }));
connection.onHover(({ position }) => ({ contents: `line ${position.line}` }));
connection.onRequest('large', (length) => 'x'.repeat(length));
connection.onRequest('fail', () => {
  throw new Error('on purpose');
});
connection.onRequest(
  'wait',
  (_, token) =>
    new Promise((resolve) => token.onCancellationRequested(() => resolve('cancelled in time'))),
);
connection.onNotification('ping', (number) => connection.sendNotification('pong', number));
connection.onShutdown(() => {});
connection.listen();
