'use strict';
// What Node and npm do themselves, and the odd ways to a Node.

const { npm, script } = require('./commands.js');

/** @type {import('../list.js').Program[]} */
module.exports = [
  {
    title: 'npm run',
    package: 'npm',
    does: 'scripts with pre and post, behind a shell, nested, failing',
    files: 'projects/npm',
    command: npm('run', 'start'),
    isQuick: true,
  },
  {
    title: 'npm exec',
    package: 'npm',
    does: 'the program of a workspace',
    files: 'projects/npm',
    command: npm('exec', '--workspace=one', '--', 'one', 'word'),
    isQuick: true,
  },
  {
    title: 'npm run, nested',
    package: 'npm',
    does: 'a script that runs another by npm',
    files: 'projects/npm',
    command: npm('run', 'nested'),
  },
  {
    title: 'npm run, failing',
    package: 'npm',
    does: 'exit code and report of a script that fails',
    files: 'projects/npm',
    command: npm('run', 'fail'),
    code: 7,
    ignore: [/^npm error A complete log|_logs/],
  },
  {
    title: 'npm run --workspaces',
    package: 'npm',
    does: 'a script in a workspace',
    files: 'projects/npm',
    command: npm('run', 'where', '--workspaces'),
  },
  {
    title: 'npm install',
    package: 'npm',
    does: 'links a workspace, runs its lifecycle script',
    files: 'projects/npm',
    command: npm('install', '--offline', '--foreground-scripts'),
  },
  {
    title: 'type stripping',
    does: 'TypeScript by Node itself, and a child',
    files: 'projects/typescript',
    command: script('--no-warnings', 'main.ts'),
    since: 24,
  },
  {
    title: 'node --test',
    does: 'two files, started by Node, whose children are ours',
    files: 'projects/node-test',
    command: script('--test', '--test-reporter=tap'),
    ignore: [/duration_ms/],
  },
  {
    title: 'node --run',
    does: 'a script, started by Node',
    files: 'projects/commands',
    command: script('--run', 'say:three'),
    since: 22,
  },
  {
    title: 'node --watch',
    does: 'restarted twice, killed',
    files: 'scripts',
    command: script('watch.js'),
  },
  {
    title: 'odd ways to a Node',
    does: 'a link, a wrapper, an empty environment, options',
    files: 'scripts',
    command: script('odd-nodes.js'),
  },
  {
    title: 'tracers',
    package: 'source-map-support',
    does: 'wrapped functions and methods, here and by NODE_OPTIONS below; source-map-support',
    files: 'scripts',
    command: script('preloads.js'),
  },
];
