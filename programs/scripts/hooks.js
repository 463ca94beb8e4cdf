'use strict';
// husky and lint-staged: a hook of git's starts a Node behind git and a shell, and that one git again.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');

const manifest = {
  name: 'hooks',
  private: true,
  'lint-staged': { '*.txt': ['node ./hooks-check.js', 'sort -o'] },
};

function git(...args) {
  const { status, stdout, stderr } = spawnSync('git', args, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

fs.mkdirSync('repository');
fs.copyFileSync('hooks-check.js', 'repository/hooks-check.js');
process.chdir('repository');
git('init', '--initial-branch=main');
git('config', 'user.name', 'A');
git('config', 'user.email', 'a@example.org');
fs.writeFileSync('package.json', JSON.stringify(manifest));
console.log(
  'husky',
  execFileSync('husky', { encoding: 'utf8' }),
  git('config', 'core.hooksPath').stdout,
);
fs.writeFileSync('.husky/pre-commit', 'lint-staged --quiet\n');
fs.writeFileSync('good.txt', 'b\na\n');
git('add', 'good.txt', 'package.json');
console.log('good', git('commit', '-m', 'good').status, git('show', 'HEAD:good.txt').stdout);
fs.writeFileSync('bad.txt', 'bad\n');
git('add', 'bad.txt');
const bad = git('commit', '-m', 'bad');
console.log(
  'bad',
  bad.status,
  /bad text/.test(bad.stderr + bad.stdout),
  git('log', '--oneline').stdout.split('\n').length,
);
