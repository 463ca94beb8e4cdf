'use strict';
// One case, once, in a process of its own: `node sample.js MODULE CASE MILLISECONDS` prints the figure.

const { CASES } = require('./cases.js');

const [module_, name, time] = process.argv.slice(2);

CASES[name].measure(require(module_), Number(time)).then(
  (figure) => process.stdout.write(`${figure}\n`),
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  },
);
