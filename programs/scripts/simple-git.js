'use strict';
// simple-git: many short children, some at the same time.

const fs = require('node:fs');
const { simpleGit } = require('simple-git');

async function main() {
  const git = simpleGit({ baseDir: '.', config: ['user.name=A', 'user.email=a@example.org'] });
  await git.init(['--initial-branch=main']);
  fs.writeFileSync('.gitignore', '*\n!one.txt\n!.gitignore\n');
  fs.writeFileSync('one.txt', 'one\n');
  console.log('untracked', (await git.status()).not_added);
  await git.add('.').commit('first');
  fs.appendFileSync('one.txt', 'two\n');
  console.log('modified', (await git.status()).modified);
  console.log('diff', (await git.diff()).split('\n').at(-2));
  const { total, latest } = await git.log();
  console.log('log', total, latest.message);
  console.log('branches', (await git.branchLocal()).all);
  const shown = await Promise.all(['HEAD:one.txt', 'HEAD:.gitignore'].map((it) => git.show(it)));
  console.log('show', shown);
  console.log('error', (await git.show('nothing').catch((error) => error)).message.split('\n')[0]);
}

main();
