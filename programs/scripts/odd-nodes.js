'use strict';
// Ways to a Node that are no plain `node`: a link, a wrapper, an empty environment, options, a thread.

const { fork, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');

const source = `
  const { NODE_OPTIONS } = process.env;
  const { spawnSync } = require('node:child_process');
  console.log(spawnSync('echo', ['ran'], { encoding: 'utf8' }).stdout.trim(),
    (NODE_OPTIONS ?? '').split('--require').length, process.execArgv.join());
  process.send?.(process.argv.slice(2), () => process.disconnect());`;

async function main() {
  fs.writeFileSync('report.js', source);
  fs.symlinkSync(process.execPath, 'linked-node');
  fs.writeFileSync('wrapper', `#!/bin/sh\nexec "${process.execPath}" --no-deprecation "$@"\n`);
  fs.chmodSync('wrapper', 0o755);
  const linked = path.resolve('linked-node');
  const wrapper = path.resolve('wrapper');
  show('linked', linked, ['report.js']);
  show('wrapped', wrapper, ['report.js']);
  show('empty', 'env', ['-i', process.execPath, 'report.js']);
  show('stdin', process.execPath, ['-'], { input: source });
  show('source maps', process.execPath, ['--enable-source-maps', 'report.js']);
  show('shell', 'sh', ['-c', 'cd / && exec node "$0"', path.resolve('report.js')]);
  show('not registered', process.execPath, ['--no-addons', 'report.js']);
  show('restricted', process.execPath, ['-e', 'console.log(1)'], { env: {} });
  for (const execPath of [process.execPath, linked, wrapper]) {
    const child = fork('./report.js', ['an argument'], { execPath, stdio: 'pipe' });
    const [message] = await once(child, 'message');
    console.log('forked', message, await once(child, 'close'));
  }
}

function show(title, command, args, options) {
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8', ...options });
  console.log(title, status, stdout.trim(), stderr.trim());
}

main();
