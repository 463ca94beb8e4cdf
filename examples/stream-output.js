'use strict';
// Streams a program's stdout and stderr as they come, and tells how it ended.
//
//   node examples/stream-output.js [COMMAND ARG...]

const { spawn } = require('sprog');
const { cyan, dim, line, red } = require('./support/terminal.js');

const [command = 'ls', ...given] = process.argv.slice(2);
const args = process.argv.length > 2 ? given : ['-lh', '/usr'];

line(dim(`  $ ${[command, ...args].join(' ')}`));
const child = spawn(command, args);

child.on('spawn', () => line(dim(`  started as pid ${child.pid}`)));
show(child.stdout, cyan('  out │ '));
show(child.stderr, red('  err │ '));
child.on('error', (error) => line(red(`  ${error.message}`)));
child.on('close', (code, signal) => {
  line(dim(`  closed with ${signal ? `signal ${signal}` : `code ${code}`}`));
});

/** Prints a stream line by line; what a line of its own lacks at the end is printed at the end. */
function show(stream, margin) {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const each of lines) line(margin + each);
  });
  stream.on('end', () => {
    if (rest) line(margin + rest);
  });
}
