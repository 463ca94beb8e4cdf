'use strict';
// What the workers of a pool do in the benchmark.

exports.add = (a, b) => a + b;
exports.bytes = (buffer) => buffer;
