'use strict';
// The same for pools whose tasks have one argument.

const { bytes, die } = require('./pool.js');

exports.add = ({ a, b }) => a + b;
exports.bytes = bytes;
exports.die = die;
