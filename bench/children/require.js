'use strict';
// Prints how many milliseconds the first require of a module takes in a fresh process.

const before = process.hrtime.bigint();
require(process.argv[2]);
const after = process.hrtime.bigint();
process.stdout.write(String(Number(after - before) / 1e6));
