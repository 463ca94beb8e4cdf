'use strict';
// The child of the cases with a channel: does what its parent asks for.

const { counter, flood } = require('./flood.js');

const send = (message) => process.send?.(message);

/** @type {(message: any) => void} */
let listener = command;
process.on('message', (message) => listener(message));

function command({ task, count }) {
  if (task === 'flood') {
    flood(process, count);
    return;
  }
  if (task === 'count') {
    listener = counter(count, (misfit) => {
      listener = command;
      send({ misfit });
    });
  } else if (task === 'echo') {
    listener = send;
  }
  send({});
}
