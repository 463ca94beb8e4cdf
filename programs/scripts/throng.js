'use strict';
// throng: a cluster whose dead workers are forked anew until its time is over, and then leave in peace.

const throng = require('throng');

throng({
  workers: 2,
  lifetime: 1500,
  grace: 2000,
  signals: ['SIGTERM'],
  master: () => {
    console.log('master');
    setTimeout(() => process.kill(process.pid, 'SIGTERM'), 2000);
  },
  start: (id, disconnect) => {
    console.log('worker', id);
    // The first one is replaced, by a third.
    if (id === 1) setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300);
    process.once('SIGTERM', () => {
      console.log('leaves', id);
      setTimeout(disconnect, 50);
    });
  },
});
