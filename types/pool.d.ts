// Worker pools: Pool, its options, what it tells, and the errors of its own.

import type { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type { ForkOptions } from './options.js';

type AnyFunction = (...args: any[]) => any;

// By these a worker tells results from streams. All that a function may return counts; one that only throws
// (`never`) is for both.

/**
 * What `run()` refuses: what is iterated over asynchronously, and what a generator returns, which many declare as an
 * IterableIterator (others of that kind cannot be cloned). Without `strict` null and undefined would be all of that.
 */
type NoResult<Returned> = Extract<
  Exclude<Returned, null | undefined>,
  AsyncIterable<any> | IterableIterator<any>
>;

/** What `stream()` refuses: a text, and what cannot be iterated over. */
type NoStream<Returned> =
  | Extract<Returned, string>
  | Exclude<Returned, AsyncIterable<any> | Iterable<any>>;

/** The functions of a worker module, by name. */
export type WorkerFunctions = Record<string, AnyFunction>;

/**
 * Names of the functions that `run()` is for: all but generators and those that return an async iterable, such as
 * a `Readable`.
 */
export type TaskName<Functions> = {
  [Name in keyof Functions & string]: Functions[Name] extends AnyFunction
    ? NoResult<Awaited<ReturnType<Functions[Name]>>> extends never
      ? Name
      : never
    : never;
}[keyof Functions & string];

/** Names of the functions that `stream()` is for: those that return something to iterate over, but for a text. */
export type StreamName<Functions> = {
  [Name in keyof Functions & string]: Functions[Name] extends AnyFunction
    ? NoStream<Awaited<ReturnType<Functions[Name]>>> extends never
      ? Name
      : never
    : never;
}[keyof Functions & string];

/** Names of the functions that may be called without arguments: they have none, or optional ones only. */
export type NameWithoutArguments<Functions> = {
  [Name in keyof Functions & string]: Functions[Name] extends () => any ? Name : never;
}[keyof Functions & string];

/** What a function of a worker module resolves with. */
export type TaskResult<Task> = Task extends AnyFunction ? Awaited<ReturnType<Task>> : never;

/** What the stream of a function gives. */
export type StreamItem<Task> = Task extends AnyFunction ? ItemOf<Awaited<ReturnType<Task>>> : never;

/** Of what is not known it is not known either: what would be inferred from any is unknown. */
type ItemOf<Returned> = 0 extends 1 & Returned
  ? any
  : Returned extends AsyncIterable<infer Item> | Iterable<infer Item>
    ? Item
    : never;

/** The arguments of a function of a worker module. */
export type TaskArguments<Task> = Task extends AnyFunction ? Parameters<Task> : never;

/** What `pool.methods` has by the names that the language calls by itself, whichever functions there are. */
interface NoTasks {
  readonly then?: undefined;
  readonly toJSON?: undefined;
  toString(): string;
  toLocaleString(): string;
  valueOf(): object;
}

/**
 * `pool.methods`: a function for each that `run()` is for, but for the names that the language calls by itself:
 * `then`, `toJSON`, `toString`, `toLocaleString` and `valueOf`.
 */
export type PoolMethods<Functions> = {
  readonly [Name in Exclude<TaskName<Functions>, keyof NoTasks>]: (
    ...args: TaskArguments<Functions[Name]>
  ) => Promise<TaskResult<Functions[Name]>>;
} & (string extends TaskName<Functions> ? NoTasks : unknown);

/** Options of a pool. Times are in milliseconds. */
export interface PoolOptions {
  /** Workers that there are at least. Default: 0. */
  min?: number | undefined;
  /** Workers that there are at most, but for those that are about to be replaced. Default: the cores. */
  max?: number | undefined;
  /** Idle workers that are kept beside the busy ones, within `max`. Default: 0. */
  spares?: number | undefined;
  /** Whether `min` and `spares` wait for the first task. Default: false. */
  lazy?: boolean | undefined;
  /** Time after which an idle worker goes, down to `min` and `spares`; `Infinity`: never. Default: 30,000. */
  idleTimeout?: number | undefined;
  /** Tasks that a worker runs at a time. Default: 1. */
  concurrency?: number | undefined;
  /** Tasks that may wait, beyond those that can be run at once. Default: `Infinity`. */
  maxQueue?: number | undefined;
  /** How often a task is run again when its worker has ended; a task may say otherwise. Default: 0. */
  retries?: number | undefined;
  /** Time that a task may run before its worker is killed; a task may say otherwise. Default: `Infinity`. */
  timeout?: number | undefined;
  /** Time that an aborted task has to end by itself before its worker is killed. Default: 0. */
  abortGrace?: number | undefined;
  /** Time that a worker with tasks may be stopped (SIGSTOP) before it is replaced. Default: 5,000. */
  stoppedAfter?: number | undefined;
  /** Time that a worker has to load its module. Default: 60,000. */
  startTimeout?: number | undefined;
  /** Failures in a row to start a worker after which what waits is rejected. Default: 3. */
  startAttempts?: number | undefined;
  /** Time that a worker has to end when it is told to. Default: 5,000. */
  killGrace?: number | undefined;
  /** Tasks after which a worker is replaced. Default: `Infinity`. */
  maxTasks?: number | undefined;
  /** Age at which a worker is replaced. Default: `Infinity`. */
  maxAge?: number | undefined;
  /** Resident memory, in bytes, beyond which a worker is replaced. Default: `Infinity`. */
  maxRss?: number | undefined;
  /**
   * Where a worker's stdout goes: `'inherit'`, that of this program; `'pipe'`, `pool.stdout`; or `'ignore'`.
   * Default: `'inherit'`.
   */
  stdout?: 'inherit' | 'pipe' | 'ignore' | undefined;
  /** Where its stderr goes. The end of it is in `WorkerExited` in any case. Default: `'inherit'`. */
  stderr?: 'inherit' | 'pipe' | 'ignore' | undefined;
  /**
   * What is put before each line that a worker writes: a text, a function that gives one, or true for
   * `worker 1 | `. Default: nothing.
   */
  prefix?: boolean | string | ((worker: WorkerIdentity) => string) | undefined;
  /** Whether the pool keeps the program alive when it has nothing to do. Default: false. */
  ref?: boolean | undefined;
  /** Arguments of the worker processes, `process.argv` from the third on. Default: none. */
  args?: readonly string[] | undefined;
  /**
   * How the worker processes are forked: `env`, `cwd`, `execArgv`, `execPath`, `uid`, `limits`, ... What the
   * pool decides (`stdio`, `silent`, `serialization`, `detached`, `signal`, `timeout`) is refused.
   *
   * `tree` (a worker is killed with all that it has started) and `dieWithParent` (workers end with this
   * program, also when that is killed by SIGKILL) are on by default, as far as the system has the means. With
   * `true` they are a condition: without the means no worker can be started. With `false` they are off.
   */
  fork?:
    | Omit<ForkOptions, 'stdio' | 'silent' | 'serialization' | 'detached' | 'signal' | 'timeout'>
    | undefined;
}

/** Options of a task. */
export interface TaskOptions {
  /** Takes the task back: it is rejected at once, and if it runs its worker is killed (`abortGrace`). */
  signal?: AbortSignal | undefined;
  /** Milliseconds that it may run before its worker is killed. Default: that of the pool. */
  timeout?: number | undefined;
  /** The higher, the earlier; among equals, first come, first served. Default: 0. */
  priority?: number | undefined;
  /** How often it is run again when its worker has ended. Default: that of the pool. */
  retries?: number | undefined;
  /** Called with what the task emits (`sprog/worker`), in the async context of `run()`. */
  onProgress?: ((value: any) => void) | undefined;
}

/** Options of a stream. It is not retried once it has begun. */
export interface StreamOptions extends Omit<TaskOptions, 'retries'> {
  /** Items that the worker may be ahead of the reader. Default: 16. */
  highWaterMark?: number | undefined;
}

/** Which worker. */
export interface WorkerIdentity {
  /** 1 for the first of a pool. */
  id: number;
  /** Of its process. */
  pid: number;
}

/** How a worker ended. */
export interface WorkerEnding extends Pick<WorkerStats, 'id' | 'pid'> {
  /** Exit code, or null. */
  code: number | null;
  /** What killed it, or null. */
  signal: NodeJS.Signals | null;
  /** Whether the kernel killed it for want of memory; undefined where that cannot be told. */
  oomKilled: boolean | undefined;
  /**
   * Why: by itself (`'exit'`, `'signal'`, `'oom'`), since the pool killed it (`'timeout'`, `'abort'`,
   * `'stopped'`, `'channel'`, `'hung'`, `'startTimeout'`, `'prefix'`: that function threw), or because it was
   * let go (`'idle'`, `'maxTasks'`, `'maxAge'`, `'maxRss'`, `'closed'`, `'terminated'`).
   */
  reason: string;
  /** The last of what it wrote to stderr. */
  stderr: string;
  /** With the reason `'channel'`: what was wrong with the channel, where it is known. */
  cause: Error | undefined;
}

/** The events of a pool, with what their listeners get. */
export interface PoolEvents {
  /** A worker's process has been started; without a `pid` it could not be, and `workerStartFailed` follows. */
  workerStart: [worker: Pick<WorkerStats, 'id' | 'pid'>];
  /** It has loaded its module. */
  workerReady: [worker: WorkerIdentity];
  /** It has ended. */
  workerExit: [ending: WorkerEnding];
  /** It could not be started, or ended before it had loaded its module. The error is whatever that threw. */
  workerStartFailed: [failure: { attempt: number; error: unknown }];
  /** A task is run again: its worker ended while it had it. */
  taskRetry: [retry: { task: string; attempt: number; error: WorkerExited }];
  /** A worker's program has called `process.send()`. */
  message: [message: any, worker: WorkerIdentity];
  /** All tasks are settled. */
  idle: [];
}

/** Durations, in milliseconds, right to about a tenth. */
export interface Durations {
  /** How many. */
  count: number;
  /** Their mean. */
  mean: number;
  /** Half of them are shorter. */
  p50: number;
  /** 95 of 100 are shorter. */
  p95: number;
  /** 99 of 100 are shorter. */
  p99: number;
  /** The longest. */
  max: number;
}

/** What a worker is doing. */
export interface WorkerStats {
  /** 1 for the first of a pool. */
  id: number;
  /** Of its process; undefined where that could not be started. */
  pid: number | undefined;
  /** `retiring`: it gets no more tasks; `ending`: it has been told to end. */
  state: 'starting' | 'idle' | 'busy' | 'retiring' | 'ending';
  /** Tasks that it runs. */
  running: number;
  /** Tasks that it has and does not run yet. */
  waiting: number;
  /** Tasks that it has done. */
  tasks: number;
  /** Milliseconds since it was started. */
  age: number;
  /** How much of its life it has spent on tasks, 0 to 1. */
  utilisation: number;
  /** Resident memory in bytes, as the system counts it. */
  rss: number;
}

/** What `stats()` returns. */
export interface PoolStats {
  /** Tasks that wait in the pool. */
  queued: number;
  /** Tasks that run. */
  running: number;
  /** Tasks that are not settled. */
  pending: number;
  /** Tasks that were resolved. */
  completed: number;
  /** Tasks that were rejected. */
  failed: number;
  /** How often a task was run again. */
  retried: number;
  /** Workers started. */
  started: number;
  /** Workers that ended unasked. */
  restarts: number;
  /** Workers replaced by `maxTasks`, `maxAge` or `maxRss`. */
  recycled: number;
  /** The mean of the workers. */
  utilisation: number;
  /** Resident memory of all workers in bytes. */
  rss: number;
  /** From `run()` until the task begins. */
  waitTime: Durations;
  /** From there to its end, as its worker measures it. */
  runTime: Durations;
  /** Each of them. */
  workers: WorkerStats[];
}

/** A live table, until `stop()`. */
export interface PoolTop {
  /** Draws it now. */
  show(): void;
  /** Draws it no more. */
  stop(): void;
}

/** What workers do, taken by `for await`. */
export interface TaskStream<Item> extends AsyncIterableIterator<Item> {
  /** The next item; the first call begins the task. */
  next(): Promise<IteratorResult<Item, any>>;
  /** Ends the generator in the worker. */
  return(value?: any): Promise<IteratorResult<Item, any>>;
  /** The same, and rejects. */
  throw(error?: any): Promise<IteratorResult<Item, any>>;
  /** Itself. */
  [Symbol.asyncIterator](): TaskStream<Item>;
}

/** The process that a task ran in has ended. */
export interface WorkerExited extends Error {
  /** Which class it is of, also where `instanceof` cannot tell. */
  name: 'WorkerExited';
  /** Exit code, or null. */
  code: number | null;
  /** What killed it, or null. */
  signal: NodeJS.Signals | null;
  /** Whether the kernel killed it for want of memory; undefined where that cannot be told. */
  oomKilled: boolean | undefined;
  /** Why; see `WorkerEnding`. */
  reason: string;
  /** With the reason `'channel'`: what was wrong with the channel, where it is known. */
  cause?: Error;
  /** The last of what it wrote to stderr, 4 KiB at most. */
  stderr: string;
  /** Of the process. */
  pid: number;
  /** Number of the worker. */
  worker: number;
  /** Name of the function. */
  task: string;
}

/** A task took longer than its `timeout`. */
export interface TaskTimeout extends Error {
  /** Which class it is of, also where `instanceof` cannot tell. */
  name: 'TaskTimeout';
  /** For programs that go by codes. */
  code: 'ERR_SPROG_TASK_TIMEOUT';
  /** Name of the function. */
  task: string;
  /** In milliseconds. */
  timeout: number;
}

/** As many tasks wait as may. */
export interface QueueFull extends Error {
  /** Which class it is of, also where `instanceof` cannot tell. */
  name: 'QueueFull';
  /** For programs that go by codes. */
  code: 'ERR_SPROG_QUEUE_FULL';
  /** How many that is. */
  maxQueue: number;
}

/** No worker could be started; `cause` says why. */
export interface WorkerStartFailed extends Error {
  /** Which class it is of, also where `instanceof` cannot tell. */
  name: 'WorkerStartFailed';
  /** For programs that go by codes. */
  code: 'ERR_SPROG_WORKER_START_FAILED';
  /** What the module threw, or why the process could not be started. */
  cause?: unknown;
  /** The worker module. */
  script: string;
  /** Failures in a row. */
  attempts: number;
  /** The last of what it wrote to stderr. */
  stderr: string;
}

/** The pool has been closed or terminated. */
export interface PoolClosed extends Error {
  /** Which class it is of, also where `instanceof` cannot tell. */
  name: 'PoolClosed';
  /** For programs that go by codes. */
  code: 'ERR_SPROG_POOL_CLOSED';
}

/** A class of errors, for `instanceof`. */
export interface ErrorClass<Instance extends Error> {
  new (...args: any[]): Instance;
  /** What its instances inherit from. */
  prototype: Instance;
}

/**
 * Worker processes that run the functions of a module. A worker may die in any way; its tasks are
 * rejected or run again, and another worker takes its place. `new Pool<typeof import('./worker.js')>('./worker.js')`
 * knows its functions.
 */
export interface Pool<Functions = WorkerFunctions> extends EventEmitter, AsyncDisposable {
  /** `pool.methods.resize(...args)` is `pool.run('resize', args)`. */
  readonly methods: PoolMethods<Functions>;
  /** What the workers write, with `stdout: 'pipe'`; else null. */
  readonly stdout: Readable | null;
  /** What the workers write, with `stderr: 'pipe'`; else null. */
  readonly stderr: Readable | null;
  /** Whether `close()` or `terminate()` has been called. */
  readonly closed: boolean;
  /**
   * Runs an exported function in a worker. Arguments and result are structured clones.
   *
   * Rejects with what the function throws, and with `WorkerExited`, `TaskTimeout`, an AbortError
   * (`ABORT_ERR`), `QueueFull`, `WorkerStartFailed` or `PoolClosed`; with a TypeError where the module exports
   * no such function (`ERR_SPROG_NO_SUCH_FUNCTION`), or what it returns is for `stream()`
   * (`ERR_SPROG_IS_A_STREAM`).
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`
   */
  run<Name extends TaskName<Functions> & NameWithoutArguments<Functions>>(
    name: Name,
    args?: Readonly<TaskArguments<Functions[Name]>>,
    options?: TaskOptions,
  ): Promise<TaskResult<Functions[Name]>>;
  /** The same, of a function that has to be given its arguments. */
  run<Name extends TaskName<Functions>>(
    name: Name,
    args: Readonly<TaskArguments<Functions[Name]>>,
    options?: TaskOptions,
  ): Promise<TaskResult<Functions[Name]>>;
  /**
   * The items of a generator in a worker, async or not. It begins with the first `next()`, holds its worker
   * until it ends, and ends early when the reader leaves.
   *
   * `next()` rejects for the reasons that `run()` has; where the function returns nothing to iterate over, with a
   * TypeError `ERR_SPROG_NOT_A_STREAM`.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`
   */
  stream<Name extends StreamName<Functions> & NameWithoutArguments<Functions>>(
    name: Name,
    args?: Readonly<TaskArguments<Functions[Name]>>,
    options?: StreamOptions,
  ): TaskStream<StreamItem<Functions[Name]>>;
  /** The same, of a function that has to be given its arguments. */
  stream<Name extends StreamName<Functions>>(
    name: Name,
    args: Readonly<TaskArguments<Functions[Name]>>,
    options?: StreamOptions,
  ): TaskStream<StreamItem<Functions[Name]>>;
  /**
   * Resolves when there is room in the queue (`maxQueue`). A place is kept for a `run()` that follows at once, before
   * anything else is waited for.
   */
  ready(): Promise<void>;
  /** Figures of now. */
  stats(): PoolStats;
  /**
   * Prints a live table of the workers.
   *
   * @param options `interval` in milliseconds (default: 1000), `stream` (default: `process.stdout`)
   */
  top(options?: {
    interval?: number | undefined;
    stream?: { write(text: string): any } | undefined;
  }): PoolTop;
  /**
   * Takes no more tasks, does those that it has, and resolves when no process is left.
   *
   * @param options `timeout`: milliseconds after which it terminates (default: never)
   */
  close(options?: { timeout?: number | undefined }): Promise<void>;
  /** Rejects all tasks, kills all workers, and resolves when no process is left. */
  terminate(): Promise<void>;
  /** `close()`. */
  [Symbol.asyncDispose](): Promise<void>;

  /** Adds a listener. */
  on<Name extends keyof PoolEvents>(
    event: Name,
    listener: (...args: PoolEvents[Name]) => void,
  ): this;
  /** Adds a listener for the next event only. */
  once<Name extends keyof PoolEvents>(
    event: Name,
    listener: (...args: PoolEvents[Name]) => void,
  ): this;
  /** Removes a listener. */
  off<Name extends keyof PoolEvents>(
    event: Name,
    listener: (...args: PoolEvents[Name]) => void,
  ): this;
}

/** The class. */
export interface PoolConstructor {
  /**
   * @param script the worker module: a path, relative to the current directory, or a `file:` URL;
   *   CommonJS, an ES module, or TypeScript where Node runs it
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`, `ERR_UNKNOWN_SIGNAL`;
   *   `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` without the addon
   */
  new <Functions = WorkerFunctions>(script: string | URL, options?: PoolOptions): Pool<Functions>;
  /** What all pools inherit from. */
  prototype: Pool;
  /** The process that a task ran in has ended. */
  readonly WorkerExited: ErrorClass<WorkerExited>;
  /** A task took longer than its `timeout`. */
  readonly TaskTimeout: ErrorClass<TaskTimeout>;
  /** As many tasks wait as may. */
  readonly QueueFull: ErrorClass<QueueFull>;
  /** No worker could be started. */
  readonly WorkerStartFailed: ErrorClass<WorkerStartFailed>;
  /** The pool has been closed or terminated. */
  readonly PoolClosed: ErrorClass<PoolClosed>;
}

/**
 * Worker processes that run the functions of a module: `await new Pool('./worker.js').run('resize', [image])`.
 * See docs/pool.md.
 */
export const Pool: PoolConstructor;
