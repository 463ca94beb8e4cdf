'use strict';
// `node --require sprog/register app.js`: makes node:child_process ours, in this process and in its
// Node children.

const { patch, request } = require('./lib/entry.js');

const { keepPathOfPreload, warnIfNotNative } = request;
const { register, unregister } = patch;

keepPathOfPreload(__filename);
warnIfNotNative();
register();

module.exports = { register, unregister };
