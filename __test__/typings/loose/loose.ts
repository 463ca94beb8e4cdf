// A project without `strict`, where null and undefined may stand for anything: what is a stream is one, and
// what is not given counts as that.

import type * as node from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import * as sprog from 'sprog';
import { exec, execSync, fork, Pool, pipeline, run, type runSync, spawn } from 'sprog';
import { type Equal, fits, is } from '../cases/check.js';

fits<typeof node>(sprog);

// Streams, and none.
type By<I extends Writable, O extends Readable, E extends Readable> = node.ChildProcessByStdio<
  I,
  O,
  E
>;
export const reading: By<null, Readable, Readable> = spawn('x', {
  stdio: ['ignore', 'pipe', 'pipe'],
});
export const writing: By<Writable, null, null> = spawn('x', [], {
  stdio: ['pipe', 'inherit', 'inherit'],
});
export const all: node.ChildProcessWithoutNullStreams = spawn('x', [], { stdio: ['pipe', 'fifo'] });
spawn('x', { stdio: 'inherit' }).stdout.resume();
fork('x', { silent: true }).stdout.resume();
fits<string>(execSync('x', { encoding: 'utf8' }));
fits<Buffer>(execSync('x'));
exec('x', (_, stdout) => is<Equal<typeof stdout, string>>());

// What the options make of a run.
export async function results() {
  const text = await run('x', { cwd: '/' });
  is<Equal<typeof text.stdout, string>>();
  is<Equal<typeof text.stderr, string>>();
  is<Equal<typeof text.all, undefined>>();
  is<Equal<ReturnType<typeof runSync<{ timeout: 5 }>>['stdout'], string>>();
  const lines = await run('x', { lines: true });
  is<Equal<typeof lines.stdout, string[]>>();
  fits<Buffer>((await run('x', { encoding: 'buffer' })).stdout);
  const both = await run('x', { all: true });
  is<Equal<typeof both.all, string>>();
  is<Equal<typeof both.stdout, undefined>>();
  const file = await run('x', { stdout: { file: 'y' } });
  is<Equal<typeof file.stdout, undefined>>();
  const piped = await pipeline([['x']], { pipefail: false });
  is<Equal<typeof piped.stdout, string>>();
  for await (const line of run('x')) is<Equal<typeof line, string>>();
  for await (const line of pipeline([['x']])) is<Equal<typeof line, string>>();
}

// The functions of a pool.
interface Functions {
  add: (a: number, b: number) => number;
  count: (to: number) => AsyncGenerator<number>;
  text: () => string;
  nothing: () => null;
}
export const pool = new Pool<Functions>('worker.js');
fits<Pool>(pool);
fits<Promise<number>>(pool.run('add', [1, 2]));
fits<Promise<string>>(pool.methods.text());
pool.run('nothing');
fits<AsyncIterable<number>>(pool.stream('count', [1]));
// @ts-expect-error: a stream
pool.run('count', [1]);
// @ts-expect-error: a text
pool.stream('text');
// @ts-expect-error: without its arguments
pool.run('add');
