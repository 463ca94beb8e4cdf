// run(), runSync() and pipeline(): what the options make of the result.

import {
  pipeline,
  RunError,
  type RunIterator,
  type RunOptions,
  type RunResult,
  run,
  runSync,
} from 'sprog';
import { type Equal, fits, is } from './check.js';

export async function results(options: RunOptions) {
  const text = await run('x');
  is<Equal<typeof text.stdout, string>>();
  is<Equal<typeof text.stderr, string>>();
  is<Equal<typeof text.all, undefined>>();
  is<Equal<typeof text.code, number | string | null>>();
  is<Equal<typeof text.signal, NodeJS.Signals | null>>();
  fits<string>((await run('x', ['a'], { cwd: '/', timeout: 5, forceKillAfter: false })).stdout);
  fits<string>((await run('x', { encoding: 'latin1' })).stdout);

  const bytes = await run('x', [], { encoding: 'buffer' });
  fits<Buffer>(bytes.stdout);
  const lines = await run('x', ['a'], { lines: true, maxBuffer: { head: 1, tail: 2 } });
  is<Equal<typeof lines.stdout, string[]>>();
  const both = await run('x', { all: true });
  is<Equal<typeof both.all, string>>();
  is<Equal<typeof both.stdout, undefined>>();
  const file = await run('x', { stdout: { file: 'y', append: true }, stderr: 'inherit' });
  is<Equal<typeof file.stdout, undefined>>();
  is<Equal<typeof file.stderr, undefined>>();
  const stdio = await run('x', { stdio: ['ignore', 'pipe', 2] });
  is<Equal<typeof stdio.stdout, string | undefined>>();
  await run('x', { stdio: 'fifo' });
  await run('x', ['a'], { stdio: 'overlapped' });
  const unknown = await run('x', options);
  fits<string | string[] | Buffer | undefined>(unknown.stdout);

  is<Equal<ReturnType<typeof runSync<{ lines: true }>>['stdout'], string[]>>();
  fits<string>(runSync('x').stdout);
  fits<string[]>(runSync('x', ['a'], { lines: true }).stdout);
  fits<RunResult>(runSync('x', options));

  const promise = run('x', { input: ['a', new Uint8Array(1)], stderr: 1 });
  fits<number | undefined>(promise.child.pid);
  for await (const line of promise) fits<string>(line);
  for await (const chunk of run('x', { encoding: 'buffer' })) fits<Buffer>(chunk);
  for await (const piece of run('x', options)) fits<string | Buffer>(piece);
  for (const input of [
    'x',
    Buffer.from('x'),
    new Blob(['x']),
    { file: 'x' },
    new URL('file:///x'),
  ]) {
    await run('x', { input });
  }
  await run('x', { input: process.stdin });

  for (const child of pipeline([['a']], { tree: true }).children) await child.killTree();

  const result = await pipeline([['a', 'b'], { command: 'c', options: { cwd: '/' } }], {
    pipefail: false,
    lines: true,
  });
  is<Equal<typeof result.stdout, string[]>>();
  is<Equal<typeof result.stage, number | undefined>>();
  fits<number | string | null | undefined>(result.stages[0]?.code);
  is<Equal<(typeof result.stages)[0]['stdout'], string[] | undefined>>();
  is<Equal<(typeof result.stages)[0]['stderr'], string[] | undefined>>();

  // An iterator of our own, and no generator, which some compilers take to be disposable.
  const pieces = promise[Symbol.asyncIterator]();
  is<Equal<typeof pieces, RunIterator<string>>>();
  await pieces.return();
}

export function onError(error: unknown) {
  if (error instanceof RunError) {
    fits<number | string | null>(error.code);
    fits<string | undefined>(error.step);
    fits<number | undefined>(error.stage);
    is<Equal<typeof error.args, string[] | undefined>>();
    is<Equal<typeof error.dropped, RunResult['dropped'] | undefined>>();
    is<Equal<typeof error.cause, unknown>>();
    fits<'RunError'>(error.name);
  }
}

export async function mistakes(options: RunOptions) {
  // @ts-expect-error: chunks, if the options say so
  for await (const line of run('x', options)) fits<string>(line);
  // @ts-expect-error: the same
  for await (const line of pipeline([['x']], options)) fits<string>(line);
  // @ts-expect-error: a Buffer
  fits<string>((await run('x', { encoding: 'buffer' })).stdout);
  // @ts-expect-error: not collected
  fits<string>((await run('x', { stdout: 'ignore' })).stdout);
  // @ts-expect-error: no such word
  run('x', { stdout: 'nowhere' });
  // @ts-expect-error: input is text, bytes, or brings them
  run('x', { input: 5 });
  // @ts-expect-error: the option is called input
  run('x', [], { inptu: 'x' });
  // @ts-expect-error: a stage has a command
  pipeline([[]]);
  // @ts-expect-error: that of the whole pipeline
  pipeline([{ command: 'x', options: { input: 'x' } }]);
}
