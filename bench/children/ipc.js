'use strict';
// The child of the IPC cases: echoes, counts or floods, as its parent commands.

const { counter, flood } = require('../support/flood.js');

let listener = command;
process.on('message', (message) => listener(message));

function command(message) {
  switch (message.command) {
    case 'who':
      // sprog leaves this mark where it has taken the channel over.
      process.send({ native: Symbol.for('sprog') in process || Symbol.for('sprog') in globalThis });
      break;
    case 'echo':
      listener = (each) => process.send(each);
      process.send({ ready: true });
      break;
    case 'count':
      listener = counter(message.count, (misfit) => process.send({ counted: true, misfit }));
      process.send({ ready: true });
      break;
    case 'flood':
      flood(process, message.count);
      break;
    default:
      throw new Error(`unknown command: ${JSON.stringify(message)}`);
  }
}
