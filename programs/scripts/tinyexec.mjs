// tinyexec: results, lines, pipes, failures.

import { exec, x } from 'tinyexec';
import { failure, say } from './say.mjs';

say('result', await x('sh', ['-c', 'echo out; echo err >&2; exit 2']));
const lines = [];
for await (const line of x('seq', ['3'])) lines.push(line);
say('lines', lines);
say('pipe', (await x('seq', ['9']).pipe('tail', ['-n', '1'])).stdout);
const running = exec('sleep', ['9']);
say('kill', running.kill(), running.killed, (await running).exitCode);
say('timeout', await failure(Promise.resolve(x('sleep', ['9'], { timeout: 100 }))));
say('thrown', await failure(Promise.resolve(x('false', [], { throwOnError: true }))));
say('missing', await failure(Promise.resolve(x('no-such-program'))));
say('node', (await x('node', ['-p', '6 * 7'])).stdout);
