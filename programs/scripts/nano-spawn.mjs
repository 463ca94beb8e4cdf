// nano-spawn: results, lines, pipes, failures.

import spawn, { SubprocessError } from 'nano-spawn';
import { say } from './say.mjs';

const { stdout, output } = await spawn('sh', ['-c', 'echo out; echo err >&2']);
say('result', stdout, output.split('\n').sort());
const lines = [];
for await (const line of spawn('seq', ['3'])) lines.push(line);
say('lines', lines);
say('pipe', (await spawn('seq', ['9']).pipe('tail', ['-n', '1'])).stdout);
say('input', (await spawn('cat', { stdin: { string: 'text' } })).stdout);
say('node', (await spawn('node', ['-p', '6 * 7'])).stdout);
for (const [file, args, options] of [
  ['sh', ['-c', 'exit 3']],
  ['no-such-program', []],
  ['sleep', ['9'], { timeout: 100 }],
]) {
  const error = await spawn(file, args, options).catch((reason) => reason);
  say('failure', error instanceof SubprocessError, error.exitCode, error.signalName, error.message);
}
