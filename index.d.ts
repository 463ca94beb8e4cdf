/// <reference types="node" />

/**
 * `node:child_process`, rebuilt on a native addon. Everything that Node's module exports is here
 * under the same name, and may stand wherever Node's is wanted, in the types too. What is said below
 * holds for both, except where it says otherwise.
 *
 * Beyond Node's types, the literal type of `stdio` decides which streams are null, and `fork()` takes the
 * types of its messages. `types/` has one file for each concern.
 */

import type * as node from 'node:child_process';
import type { Exec, ExecFile, Fork, Spawn } from './types/async.js';
import type { Pipeline, Run, RunSync } from './types/run.js';
import type { ExecFileSync, ExecSync, SpawnSync } from './types/sync.js';

export * from 'node:child_process';
export type { Exec, ExecFile, ExecPromise, Fork, OutputBuffer, Spawn } from './types/async.js';
export type { ChildExtras, ChildWithExtras, ExtraOptions, KillOptions } from './types/child.js';
export type { DieWithParentOptions } from './types/die-with-parent.js';
export type {
  ChildResourceUsage,
  ChildUsage,
  LimitOptions,
  Limits,
  PeakMemorySource,
  UsageMethods,
} from './types/limits.js';
export type { ForkEvents, ForkedProcess, ForkListener } from './types/messages.js';
export type {
  CommonExecOptions,
  CommonOptions,
  CommonSpawnOptions,
  ExecFileOptions,
  ExecFileOptionsWithBufferEncoding,
  ExecFileOptionsWithStringEncoding,
  ExecFileSyncOptions,
  ExecFileSyncOptionsWithBufferEncoding,
  ExecFileSyncOptionsWithStringEncoding,
  ExecOptions,
  ExecOptionsWithBufferEncoding,
  ExecOptionsWithStringEncoding,
  ExecSyncOptions,
  ExecSyncOptionsWithBufferEncoding,
  ExecSyncOptionsWithStringEncoding,
  ForkOptions,
  ForkOptionsWithFifo,
  ForkOptionsWithStdio,
  ForkStdio,
  MessagingOptions,
  ProcessEnvOptions,
  SilentForkOptions,
  SpawnOptions,
  SpawnOptionsWithFifo,
  SpawnOptionsWithoutStdio,
  SpawnOptionsWithStdio,
  SpawnSyncOptions,
  SpawnSyncOptionsWithBufferEncoding,
  SpawnSyncOptionsWithStringEncoding,
  SyncOptionsWithFifo,
  SyncOptionsWithoutEncoding,
  SyncOptionsWithStringEncoding,
} from './types/options.js';
export type {
  Durations,
  ErrorClass,
  NameWithoutArguments,
  PoolClosed,
  PoolConstructor,
  PoolEvents,
  PoolMethods,
  PoolOptions,
  PoolStats,
  PoolTop,
  QueueFull,
  StreamItem,
  StreamName,
  StreamOptions,
  TaskArguments,
  TaskName,
  TaskOptions,
  TaskResult,
  TaskStream,
  TaskTimeout,
  WorkerEnding,
  WorkerExited,
  WorkerFunctions,
  WorkerIdentity,
  WorkerStartFailed,
  WorkerStats,
} from './types/pool.js';
// Classes, each a value and a type: as one name of the package, by which a compiler can call them in a user's
// declarations.
export { Pool } from './types/pool.js';
export type {
  Pipeline,
  PipelineOptions,
  PipelinePromise,
  PipelineResult,
  Run,
  RunEnds,
  RunErrorConstructor,
  RunFile,
  RunInput,
  RunItem,
  RunIterator,
  RunOptions,
  RunOutput,
  RunPromise,
  RunResult,
  RunStdin,
  RunStdout,
  RunSync,
  RunText,
  Stage,
  StageOptions,
  StageResult,
} from './types/run.js';
export { RunError } from './types/run.js';
export type {
  ChildProcessOf,
  OpenChildProcessOf,
  StdioElement,
  StdioOption,
} from './types/stdio.js';
export type { ExecFileSync, ExecSync, SpawnSync } from './types/sync.js';
export type {
  EndedProcess,
  EndedTree,
  KillTreeOptions,
  TreeMethods,
  TreeOptions,
} from './types/trees.js';
export type { CurrentTask } from './worker.js';

/**
 * Whether the addon is in use. Where it cannot be loaded, the functions of this module are those of
 * `node:child_process` itself, and `nativeError` says why.
 */
export const native: boolean;

/** Why the addon could not be loaded; `undefined` if it was. */
export const nativeError: Error | undefined;

/**
 * Starts a program and returns at once; its output comes through streams.
 *
 * Options: `cwd` (default: that of this process), `env` (default: `process.env`; also where PATH
 * is taken from), `argv0` (default: the command), `stdio` (default: `'pipe'`), `detached` (default:
 * false), `uid`, `gid`, `shell` (default: false; with one, command and arguments are joined by
 * blanks and not escaped), `timeout` in milliseconds (default: none), `killSignal` (default:
 * `'SIGTERM'`), `signal` to abort it, `serialization` of the channel (default: `'json'`),
 * `maxMessageSize` in bytes (default: what V8 can hold), `tree` for all descendants along with the child
 * (default: false), `forceKillAfter` in milliseconds for SIGKILL after a signal that was of no use (default:
 * never), `dieWithParent` to have it end with this process (default: false), `limits`, `nice`, `affinity`,
 * `umask` and `noNewPrivileges` for what it may use, `usage` for what is to be known of that.
 *
 * Throws a TypeError or RangeError (`ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`,
 * `ERR_OUT_OF_RANGE`, `ERR_UNKNOWN_SIGNAL`) or an Error (`ERR_IPC_ONE_PIPE`) for what cannot be meant,
 * `ERR_ACCESS_DENIED` under the permission model, and the system's error (`E2BIG`, `EPERM`, ...) where the
 * program cannot be started. A program that is missing or may not be run (`ENOENT`, `EACCES`), as well as a lack of
 * processes or descriptors (`EAGAIN`, `EMFILE`, `ENFILE`), is an `'error'` event instead.
 */
export const spawn: Spawn & typeof node.spawn;

/**
 * Starts a Node script with a message channel: `child.send()` here, `process.send()` there.
 *
 * Options beside those of `spawn()`: `execPath` (default: this Node), `execArgv` (default: that of
 * this process), `silent` (default: false; true gives pipes instead of inherited descriptors),
 * `stdio`, which takes the place of `silent` and must hold `'ipc'` if it is an array. `shell` is ignored.
 *
 * `fork<Incoming, Outgoing>(...)` gives types to the messages: 'message' listeners get an `Incoming`, and
 * `send()` takes an `Outgoing`.
 *
 * Throws what `spawn()` throws, and `ERR_CHILD_PROCESS_IPC_REQUIRED`.
 */
export const fork: Fork & typeof node.fork;

/**
 * Runs a command in a shell and calls back with all of its output.
 *
 * Options: `encoding` (default: `'utf8'`; `'buffer'` for Buffers), `timeout` in milliseconds
 * (default: 0, none), `maxBuffer` in bytes per output (default: 1024 * 1024; past it the child is
 * killed and the error is `ERR_CHILD_PROCESS_STDIO_MAXBUFFER`), `killSignal` (default:
 * `'SIGTERM'`), `shell` (default: `/bin/sh`), `cwd`, `env`, `uid`, `gid`, `signal` (an abort sends
 * SIGTERM, whatever `killSignal` is). An `encoding` that is given as undefined gives Buffers, although its
 * type says strings.
 *
 * The error of a command that fails has `code` (its status), `signal`, `killed` and `cmd`; where it could
 * not be started, or is killed for `maxBuffer` or `signal`, `code` is the name of the reason.
 * `util.promisify(exec)` resolves with `{ stdout, stderr }` and puts both on the error it rejects
 * with. Never pass text to it that you did not write: a shell reads it.
 */
export const exec: Exec & typeof node.exec;

/**
 * Runs a program without a shell and calls back with all of its output. Options, error and
 * `util.promisify()` are those of `exec()`, but for `shell` (default: false). `stdio`, `detached`
 * and `argv0` are not passed on.
 */
export const execFile: ExecFile & typeof node.execFile;

/**
 * Runs a program and blocks this thread until it has ended. Never throws for what the program does:
 * the result has `status`, `signal`, `output`, `stdout` and `stderr`, and `error` if it could not be
 * started, took longer than `timeout` milliseconds (`ETIMEDOUT`) or wrote more than `maxBuffer` bytes
 * to all its outputs together (`ENOBUFS`; default: 1024 * 1024; `Infinity`, 0, null or undefined, if
 * given, are no limit). `input` is what it reads. `encoding` (default: `'buffer'`).
 *
 * What `stdio` does not pipe is null in `stdout`, `stderr` and `output`. Where nothing was started, `pid`
 * is 0, `output` is null, and `stdout` and `stderr` are undefined (null before Node 22).
 *
 * Throws as `spawn()` does for wrong arguments, `ERR_IPC_SYNC_FORK` for `'ipc'`, and
 * `ERR_UNKNOWN_ENCODING`.
 */
export const spawnSync: SpawnSync & typeof node.spawnSync;

/**
 * Runs a command in a shell, blocks until it has ended and returns its output (a Buffer unless
 * `encoding` is given; null where `stdio` does not pipe its stdout). Without a `stdio`, its stderr is
 * written to that of this process at the end.
 *
 * Throws where the command cannot be started, ends with a status other than 0 or by a signal, takes
 * longer than `timeout` milliseconds or writes more than `maxBuffer` bytes; the error has all that
 * `spawnSync()` returns.
 */
export const execSync: ExecSync & typeof node.execSync;

/** `execSync()` without a shell, unless `shell` is given: a program and its arguments. */
export const execFileSync: ExecFileSync & typeof node.execFileSync;

/**
 * Runs a program to its end, and resolves with what it wrote and how it ended: when it has exited and all
 * that was written by then has been read, whoever else may hold its pipes. Outputs are collected off the
 * event loop; a timeout and what follows it come while that is blocked.
 *
 * `child` of the promise is the ChildProcess, and `for await` goes through the lines of its output.
 *
 * Options: those of `spawn()` (for `stdio` see there), and `input`, `stdin` (default: `'ignore'`), `stdout` and
 * `stderr` (default: `'pipe'`), `all`, `lines`, `encoding` (default: `'utf8'`), `maxBuffer` in bytes (default:
 * 100 MiB), `stripFinalNewline` (default: true), `timeout` in milliseconds, `forceKillAfter` in milliseconds
 * (default: 5000), `signal`, `extendEnv`, `reject` (default: true).
 *
 * Rejects with a `RunError`. Throws for wrong arguments what `spawn()` throws, and
 * `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` where `native` is false.
 */
export const run: Run;

/** `run()` that blocks this thread until the program has ended, and returns or throws what came of it. */
export const runSync: RunSync;

/**
 * Runs several programs at once, each reading what the one before it writes, through pipes of the kernel's.
 * A stage that fails ends the rest. Resolves with the output of the last stage and the result of each;
 * rejects with a `RunError` that names the stage that failed first. Throws as `run()` does.
 */
export const pipeline: Pipeline;

/** Node's own: opens the channel of a forked process. Not meant to be called. */
export const _forkChild: (fd: number, serializationMode: number) => void;
