// What a library exports without saying its type: a compiler that writes declarations can name all of it.

import {
  type ForkStdio,
  fork,
  Pool,
  pipeline,
  RunError,
  type RunOptions,
  run,
  runSync,
  type StdioOption,
  spawn,
} from 'sprog';

interface Functions {
  add: (a: number, b: number) => number;
  count: (to: number) => AsyncGenerator<number>;
}

export const pool = new Pool<Functions>('worker.js');
export const untyped = new Pool('worker.js');
export const methods = [pool.methods, untyped.methods, { ...untyped.methods }] as const;
export const items = pool.stream('count', [1]);
export const classes = { Pool, RunError, ...Pool };
export const figures = () => [pool.stats(), pool.top()] as const;
export class Own extends Pool<Functions> {}

export const child = spawn('x', { stdio: ['ignore', 'pipe', 'inherit'] });
export const typed = fork<string, number>('x');
export function forked<const S extends ForkStdio>(stdio: S) {
  return fork('x', [], { stdio });
}
export function spawned<const S extends StdioOption>(stdio: S) {
  return spawn('x', [], { stdio });
}
export function started<O extends RunOptions>(options: O) {
  return [run('x', options), pipeline([['x']], options)] as const;
}
export function any<Others>(others: Pool<Others>) {
  return [others.methods, others, others.run, others.stream] as const;
}

export const running = [run('x', { lines: true }), pipeline([['x']])] as const;
export const result = () => runSync('x', { encoding: 'buffer' });
export const failure = (error: unknown) =>
  error instanceof RunError || error instanceof Pool.TaskTimeout ? error : undefined;
