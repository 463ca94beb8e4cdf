'use strict';
// Replies as soon as it runs, and ends when its parent lets go.

process.send('hello');
process.on('message', () => process.disconnect());
