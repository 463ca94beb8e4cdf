'use strict';
// Registering in a child whose parent is registered: without a trace in what the program can see.

const { hidePreload } = require('../preloading.js');
const { PRELOAD, takeInheritance } = require('./inheritance.js');
const { register } = require('./patch.js');

/** Node's own runners have taken spawn before any preload; all they hand down is their environment. */
const RUNNER = /^--(?:test|watch)(?:$|-path)/;

hidePreload(PRELOAD);
if (!process.execArgv.some((option) => RUNNER.test(option))) takeInheritance(process.env);
register();
