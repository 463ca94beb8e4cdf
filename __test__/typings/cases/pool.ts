// Pool: the functions of a worker module, by their types.

import { Pool, type PoolStats, type TaskStream, type WorkerExited } from 'sprog';
import { currentTask, emit, type isWorker } from 'sprog/worker';
import { type Equal, is } from './check.js';

interface Functions {
  resize: (image: Uint8Array, width: number) => Promise<Uint8Array>;
  add: (a: number, b: number) => number;
  count: (to: number) => AsyncGenerator<number, string>;
  letters: (text: string) => Generator<string>;
  version: string;
}

const pool = new Pool<Functions>('worker.js', { max: 2, fork: { env: {} } });
is<Equal<typeof pool, Pool<Functions>>>();
export const resized = pool.run('resize', [new Uint8Array(1), 300], { priority: 1 });
is<Equal<typeof resized, Promise<Uint8Array>>>();
export const sum = pool.methods.add(1, 2);
is<Equal<typeof sum, Promise<number>>>();
export const counted = pool.stream('count', [5], { highWaterMark: 2 });
is<Equal<typeof counted, TaskStream<number>>>();
export const letters = pool.stream('letters', ['abc']);
is<Equal<typeof letters, TaskStream<string>>>();
// @ts-expect-error a generator is not run()
pool.run('count', [5]);
// @ts-expect-error no function
pool.run('version');
// @ts-expect-error the wrong arguments
pool.run('add', [1, 'two']);
// @ts-expect-error no generator
pool.stream('add', [1, 2]);
// @ts-expect-error a name that is not there
pool.methods.missing();
// @ts-expect-error what the pool decides
new Pool('worker.js', { fork: { stdio: 'pipe' } });

pool.on('workerExit', ({ pid, signal }) => {
  is<Equal<typeof pid, number>>();
  is<Equal<typeof signal, NodeJS.Signals | null>>();
});
pool.on('taskRetry', ({ error }) => {
  is<Equal<typeof error, WorkerExited>>();
});
export const stats = pool.stats();
is<Equal<typeof stats, PoolStats>>();
export const closed = pool.close({ timeout: 5 });
is<Equal<typeof closed, Promise<void>>>();

const untyped = new Pool(new URL('file:///worker.js'));
export const anything = untyped.run('whatever', [1, 'two']);
is<Equal<typeof anything, Promise<any>>>();
untyped.stream('whatever');
untyped.methods.whatever(1, 2, 3);

export function explain(error: unknown): string | undefined {
  if (error instanceof Pool.WorkerExited) return `${error.signal} ${error.stderr}`;
  if (error instanceof Pool.TaskTimeout) return `${error.task} ${error.timeout}`;
  if (error instanceof Pool.QueueFull) return `${error.maxQueue}`;
  if (error instanceof Pool.WorkerStartFailed) return `${error.attempts} ${error.cause}`;
  if (error instanceof Pool.PoolClosed) return error.code;
  return undefined;
}

export const heard: boolean = emit({ percent: 5 });
is<Equal<typeof isWorker, boolean>>();
export const signal: AbortSignal | undefined = currentTask()?.signal;
