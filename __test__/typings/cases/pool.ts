// Pool: the functions of a worker module, by their types.

import type { Readable } from 'node:stream';
import {
  Pool,
  type PoolStats,
  type StreamItem,
  type StreamName,
  type TaskArguments,
  type TaskName,
  type TaskResult,
  type TaskStream,
  type WorkerExited,
} from 'sprog';
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

/** What the worker decides by what comes back from a function. */
interface Kinds {
  text: () => string;
  later: () => Promise<string>;
  list: () => string[];
  map: () => Promise<Map<string, number>>;
  iterable: () => Iterable<number>;
  iterator: () => IterableIterator<number>;
  items: () => AsyncIterable<number>;
  itemsLater: () => Promise<AsyncIterable<number>>;
  readable: () => Readable;
  generator: () => Generator<number>;
  perhaps: () => number | AsyncIterable<number>;
  textOrList: () => string | string[];
  nothing: () => void;
  throws: () => never;
  any: () => any;
  unknown: () => unknown;
}

const kinds = new Pool<Kinds>('worker.js');
type Runs = 'text' | 'later' | 'list' | 'map' | 'iterable' | 'textOrList';
is<Equal<TaskName<Kinds>, Runs | 'nothing' | 'throws' | 'any' | 'unknown'>>();
type Iterables = 'list' | 'map' | 'iterable' | 'iterator' | 'items' | 'itemsLater' | 'readable';
is<Equal<StreamName<Kinds>, Iterables | 'generator' | 'throws' | 'any'>>();
export const list = kinds.run('list');
is<Equal<typeof list, Promise<string[]>>>();
export const pairs = kinds.stream('map');
is<Equal<typeof pairs, TaskStream<[string, number]>>>();
export const numbers = kinds.stream('itemsLater');
is<Equal<typeof numbers, TaskStream<number>>>();
// @ts-expect-error a text is no stream
kinds.stream('text');
// @ts-expect-error nor is one that comes later
kinds.stream('later');
// @ts-expect-error it may be a text
kinds.stream('textOrList');
// @ts-expect-error a stream, though no generator
kinds.run('items');
// @ts-expect-error the same, later
kinds.run('itemsLater');
// @ts-expect-error the same, of Node
kinds.run('readable');
// @ts-expect-error what a generator may be declared to return
kinds.run('iterator');
// @ts-expect-error a generator
kinds.run('generator');
// @ts-expect-error it may be a stream
kinds.run('perhaps');
// @ts-expect-error or a number
kinds.stream('perhaps');
// @ts-expect-error there is no method for it
kinds.methods.items();

interface Arities {
  none: () => number;
  one: (a: number) => number;
  optional: (a?: number, b?: string) => number;
  rest: (...all: number[]) => number;
  both: (a: number, b?: string) => number;
  orUndefined: (a: number | undefined) => number;
  overloaded: { (): number; (a: string): number };
  generic: <Value>(value: Value) => Value;
  items: (to: number) => AsyncGenerator<number>;
  allItems: (to?: number) => AsyncGenerator<number>;
}

const given = new Pool<Arities>('worker.js');
export const without = [
  given.run('none'),
  given.run('optional'),
  given.run('rest'),
  given.run('overloaded'),
  given.run('none', undefined, { timeout: 5 }),
  given.run('optional', [], { onProgress: (value) => value.percent }),
];
is<Equal<typeof without, Promise<number>[]>>();
given.run('optional', [1]);
given.run('optional', [1, 'two']);
given.run('rest', [1, 2, 3] as const);
given.run('both', [1], { onProgress: (value) => value.percent });
given.run('orUndefined', [undefined]);
given.run('overloaded', ['text']);
given.run('generic', ['text']);
given.stream('allItems');
given.stream('allItems', [1], { highWaterMark: 2 });
given.stream('items', [1], { highWaterMark: 2 });
// @ts-expect-error without its argument
given.run('one');
// @ts-expect-error as its method
given.methods.one();
// @ts-expect-error an empty list has none either
given.run('one', []);
// @ts-expect-error nor has undefined
given.run('one', undefined, { timeout: 5 });
// @ts-expect-error the second one is optional only
given.run('both');
// @ts-expect-error it is to be given
given.run('orUndefined');
// @ts-expect-error any value, but one
given.run('generic');
// @ts-expect-error too many
given.run('none', [1]);
// @ts-expect-error the wrong one
given.run('optional', ['one']);
// @ts-expect-error without its argument
given.stream('items');
// @ts-expect-error the wrong option
given.run('none', [], { highWaterMark: 2 });

/** Wrappers know no more of a function than its name. */
export function again<Name extends TaskName<Arities>>(
  name: Name,
  ...args: TaskArguments<Arities[Name]>
): Promise<TaskResult<Arities[Name]>> {
  return given.run(name, args).catch(() => given.run(name, args, { retries: 1 }));
}
export function all<Functions, Name extends StreamName<Functions>>(
  from: Pool<Functions>,
  name: Name,
  args: TaskArguments<Functions[Name]>,
): TaskStream<StreamItem<Functions[Name]>> {
  return from.stream(name, args);
}
export const one = given.run(Math.random() < 0.5 ? 'none' : 'optional');
is<Equal<typeof one, Promise<number>>>();

// @ts-expect-error what the pool decides
new Pool('worker.js', { fork: { stdio: 'pipe' } });

pool.on('workerStart', ({ pid }) => is<Equal<typeof pid, number | undefined>>());
pool.on('workerReady', ({ pid }) => is<Equal<typeof pid, number>>());
pool.on('workerStartFailed', ({ error }) => is<Equal<typeof error, unknown>>());
pool.on('workerExit', ({ pid, signal }) => {
  is<Equal<typeof pid, number | undefined>>();
  is<Equal<typeof signal, NodeJS.Signals | null>>();
});
pool.on('taskRetry', ({ error }) => {
  is<Equal<typeof error, WorkerExited>>();
});
export const stats = pool.stats();
is<Equal<typeof stats, PoolStats>>();
// What is undefined is not given.
new Pool('worker.js', { max: undefined, fork: undefined, prefix: undefined });
pool.close({ timeout: undefined });
pool.top({ interval: undefined, stream: undefined }).stop();
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
