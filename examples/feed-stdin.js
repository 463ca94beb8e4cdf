'use strict';
// Feeds programs through stdin: a conversation with a shell, one question at a time, and then a
// whole Python program with its output collected.

const { once } = require('node:events');
const readline = require('node:readline');
const { spawn, spawnSync } = require('sprog');
const { cyan, dim, green, line, milliseconds, stopwatch } = require('./support/terminal.js');

const QUESTIONS = ['echo $((6 * 7))', 'printf "%s\\n" "$0 is pid $$"', 'uname -sr'];

const PROGRAM = `
import sys
primes = [n for n in range(2, 50) if all(n % d for d in range(2, n))]
print("Python", sys.version.split()[0], "read its program from stdin")
print("primes:", *primes)
`;

async function main() {
  await talkToShell();
  if (spawnSync('python3', ['--version']).status === 0) await runPython();
  else line(dim('  python3 is not installed: the shell was the whole of it'));
}

async function talkToShell() {
  const shell = spawn('sh', [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = readline.createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  for (const question of QUESTIONS) {
    const elapsed = stopwatch();
    shell.stdin.write(`${question}\n`);
    const { value } = await answers.next();
    const time = milliseconds(elapsed() * 1000);
    line(`  ${cyan('ask')} ${question}`);
    line(`  ${green('got')} ${value} ${dim(`after ${time}`)}`);
  }
  shell.stdin.end('exit 0\n');
  const [code] = await once(shell, 'close');
  if (code !== 0) throw new Error(`sh ended with code ${code}`);
}

async function runPython() {
  line(dim(`  $ python3 - < ${Buffer.byteLength(PROGRAM)} bytes`));
  const python = spawn('python3', ['-'], { stdio: ['pipe', 'pipe', 'inherit'] });
  python.stdin.end(PROGRAM);
  const closed = once(python, 'close');
  for await (const each of readline.createInterface({ input: python.stdout })) {
    line(`  ${green('got')} ${each}`);
  }
  const [code] = await closed;
  if (code !== 0) throw new Error(`python3 ended with code ${code}`);
}

main();
