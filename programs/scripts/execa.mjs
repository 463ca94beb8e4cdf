// execa: what it builds on child_process for.
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { $, execa, execaNode, execaSync } from 'execa';
import { failure, say } from './say.mjs';

const node = process.execPath;
const code = (source) => ['-e', source];

say('result', (await execa('echo', ['a b'])).stdout, (await $`echo ${'c d'} e`).stdout);
say('pipe', (await $`printf b\na\nc`.pipe`sort`.pipe`head -n 2`).stdout);
const lines = [];
for await (const line of execa('printf', ['1\n2\n3'])) lines.push(line);
say('lines', lines, (await execa({ lines: true })`printf x\ny`).stdout);
say('all', (await execa('sh', ['-c', 'echo out; echo err >&2'], { all: true })).all);
say('input', (await execa('cat', { input: 'text' })).stdout);
say('inputFile', (await execa('head', ['-n', '1'], { inputFile: './numbers.txt' })).stdout);
const stdin = createReadStream('./numbers.txt');
await once(stdin, 'open');
say('stdin of a stream', (await execa('wc', ['-l'], { stdin })).stdout.trim());
await execa('printf', ['kept'], { stdout: { file: './written.txt' } });
say('stdout to a file', (await execa('cat', ['./written.txt'])).stdout);
const through = new PassThrough();
const both = execa('printf', ['both'], { stdout: ['pipe', through] });
say('two targets', await text(through), (await both).stdout);
const upper = function* (line) {
  yield line.toUpperCase();
};
say('transform', (await execa('printf', ['a\nb'], { stdout: upper })).stdout);
say('buffer', [...(await execa('printf', ['\\377\\0'], { encoding: 'buffer' })).stdout]);

say('exit', await failure(execa('sh', ['-c', 'echo no >&2; exit 3'])));
say('missing', await failure(execa('no-such-program')));
say('missing directory', await failure(execa('true', { cwd: './nowhere' })));
say('timeout', await failure(execa('sleep', ['9'], { timeout: 100 })));
// It ends by EPIPE or by ECONNRESET, as it happens.
const { isMaxBuffer, message } = await failure(execa('yes', { maxBuffer: 100 }));
say('maxBuffer', isMaxBuffer, message);
const abort = new AbortController();
const cancelled = execa('sleep', ['9'], { cancelSignal: abort.signal });
abort.abort();
say('cancel', await failure(cancelled));
const stubborn = execa(
  node,
  code("process.on('SIGTERM', () => {}); console.log(1); setInterval(() => {}, 99)"),
  { forceKillAfterDelay: 100 },
);
await new Promise((resolve) => stubborn.stdout.once('data', resolve));
stubborn.kill();
say('forced', await failure(stubborn));

const talking = execaNode('./echo-ipc.js', { ipc: true });
await talking.sendMessage({ hello: 1 });
say('message', await talking.getOneMessage());
const heard = [];
await talking.sendMessage('three');
for await (const message of talking.getEachMessage()) heard.push(message);
say('messages', heard, (await talking).exitCode);
const graceful = new AbortController();
const leaving = execaNode('./leave-ipc.mjs', {
  gracefulCancel: true,
  cancelSignal: graceful.signal,
});
say('ready', await leaving.getOneMessage());
graceful.abort();
say('graceful', await failure(leaving));

const detached = execa('sleep', ['0.1'], { detached: true, cleanup: false });
say('detached', (await detached).exitCode);
const sync = execaSync('sh', ['-c', 'cat; echo err >&2'], { input: 'in', all: true });
say('sync', sync.stdout, sync.stderr, sync.all);
say('sync lines', execaSync({ lines: true })`printf 1\n2`.stdout);
say('sync failure', await failure((async () => execaSync('sh', ['-c', 'kill $$']))()));
say(
  'stdio',
  (await execa('sh', ['-c', 'echo three >&3'], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] }))
    .stdio[3],
);
say('verbose', (await execa('echo', ['v'], { verbose: 'none' })).command);
