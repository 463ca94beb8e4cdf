'use strict';
// A primary that tells the pids of its workers and is then killed. Whoever runs this looks whether the
// workers are gone.

const cluster = require('node:cluster');
const http = require('node:http');
const { forkListening, say } = require('./support.js');

async function primary() {
  const { workers } = await forkListening(3);
  say('pids', ...workers.map(({ process }) => process.pid));
}

if (cluster.isPrimary) primary();
else http.createServer().listen(0);
