#!/usr/bin/env node
'use strict';
// The command `sprog`: which command of it is wanted, and the exit code.

const { commands, version } = require('../entry.js');

const HELP = `sprog ${version}: node:child_process, rebuilt in Rust

  sprog doctor [--json]                what is native on this machine, what is not, why, and what helps
  sprog bench [--seconds N] [--json]   this package against this Node's own child_process, in N seconds (60)

  --help       this text
  --version    the version

Exit code: 0; 1 where doctor finds something to mend, or a bench fails; 2 for a wrong command line.
`;

/** @param {string[]} words @returns {Promise<number>} the exit code */
async function main([name, ...args]) {
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${version}\n`);
    return 0;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (name === undefined || !Object.hasOwn(commands, name)) {
    const what = name === undefined ? 'which command?' : `unknown command: ${name}`;
    process.stderr.write(`sprog: ${what}\n\n${HELP}`);
    return 2;
  }
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP);
    return 0;
  }
  try {
    return await commands[name].run(args);
  } catch (/** @type {any} */ error) {
    process.stderr.write(`sprog ${name}: ${error.message}\n`);
    // parseArgs() and what reads its answers refuse a command line by such a code.
    if (!/^ERR_(PARSE_ARGS|INVALID_ARG|OUT_OF_RANGE)/.test(error.code)) return 1;
    process.stderr.write('`sprog --help` lists the options\n');
    return 2;
  }
}

// A reader that has had enough (`sprog doctor | head -n 5`) is no failure.
process.stdout.on('error', (/** @type {any} */ error) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
