'use strict';
// `node --require sprog/register app.js`: makes node:child_process ours, in this process and in its
// Node children.

const { keepPathOfPreload, warnIfNotNative } = require('./lib/register/request.js');
const { register, unregister } = require('./lib/register/patch.js');

keepPathOfPreload(__filename);
warnIfNotNative();
register();

module.exports = { register, unregister };
