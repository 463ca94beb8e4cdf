'use strict';
// process.env as it is when the package is loaded: from Node 26.12 on (26.10 did otherwise) a program that
// replaces the object does not change what its children inherit by default.

const { NODE_MAJOR, NODE_MINOR } = require('./node-version.js');

/** Whether children inherit the object that was there at the start, and only what it has itself. */
const isKept = NODE_MAJOR > 26 || (NODE_MAJOR === 26 && NODE_MINOR >= 12);

module.exports = { hostEnvironment: process.env, isKept };
