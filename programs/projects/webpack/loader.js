'use strict';

// In a process of thread-loader's.
module.exports = (source) => source.replace('LOADED', typeof process.send);
