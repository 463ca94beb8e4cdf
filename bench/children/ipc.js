'use strict';
// The child of the IPC cases: echoes, counts or floods, as its parent commands.

const { counter, flood } = require('../../lib/cli/bench/flood.js');

let listener = command;
process.on('message', (message) => listener(message));

function command(message) {
  switch (message.command) {
    case 'who':
      process.send({ native: hasOwnEnd() });
      break;
    case 'echo':
      listener = (each) => process.send(each);
      process.send({ ready: true });
      break;
    case 'count':
      listener = counter(message.count, (misfit) => process.send({ counted: true, misfit }));
      process.send({ ready: true });
      break;
    case 'measure':
      listener = ({ payload }) => {
        let sum = 0;
        for (let at = 0; at < payload.length; at += 2 ** 20) sum += payload[at];
        process.send({ bytes: payload.length, sum });
      };
      process.send({ ready: true });
      break;
    case 'flood':
      flood(process, message.count);
      break;
    default:
      throw new Error(`unknown command: ${JSON.stringify(message)}`);
  }
}

/** Whether the channel is sprog's: its preload was there before this one. */
function hasOwnEnd() {
  return Object.keys(require.cache).some((file) => file.endsWith('/ipc/preload.js'));
}
