'use strict';
// What foreground-child.mjs puts in its own place.

console.log('in the foreground');
console.error('to stderr');
process.on('SIGUSR2', () => process.exit(6));
setInterval(() => {}, 1000);
// The signal goes to whoever stands for this program, and has to come through.
process.kill(process.ppid, 'SIGUSR2');
