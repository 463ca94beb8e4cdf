'use strict';
// The same for pools whose tasks have one argument.

exports.add = ({ a, b }) => a + b;
exports.bytes = (buffer) => buffer;
