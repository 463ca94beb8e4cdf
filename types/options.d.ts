// The options of every function, with Node's names and Node's types. Each interface extends the one
// of @types/node, so that either may stand for the other; what is added here is what the option does.

import type * as node from 'node:child_process';
import type { ExtraOptions } from './child.js';
import type { StdioElement, StdioOption } from './stdio.js';

/** Where a child runs, and as whom. */
export interface ProcessEnvOptions extends node.ProcessEnvOptions {
  /**
   * Directory that the child starts in; a path, or a `file:` URL. Default: that of this process. One
   * that does not exist is reported like a missing program: `ENOENT` with the program's name.
   */
  cwd?: node.ProcessEnvOptions['cwd'];
  /**
   * The whole environment of the child; values that are `undefined` are left out. Default:
   * `process.env`. The program is looked up in the `PATH` of this environment.
   */
  env?: NodeJS.ProcessEnv | undefined;
  /** User id of the child, with no supplementary groups. Default: that of this process. */
  uid?: number | undefined;
  /** Group id of the child, with no supplementary groups. Default: that of this process. */
  gid?: number | undefined;
}

/** Options of every function. */
export interface CommonOptions extends ProcessEnvOptions, node.CommonOptions {
  /** Without effect on Linux. Default: false. */
  windowsHide?: boolean | undefined;
  /**
   * Milliseconds after which the child is sent `killSignal`; a whole number. Default: none, and 0 means
   * none. `spawn()` and `fork()` emit no 'error' for it, the other functions report it.
   */
  timeout?: number | undefined;
}

/** What every function takes beyond Node's options. */
interface ForceKillOptions {
  /**
   * Milliseconds from the signal of `timeout`, `signal` or `kill()` to SIGKILL, if the child, or with
   * `tree: true` any process of its tree, has not ended by then; true for 5000, false for never. Signals that
   * ask for no end (SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH and their like) are not followed by it. Timeout and
   * SIGKILL are then sent by a thread of their own, while this one may be busy.
   * `kill(signal, { forceKillAfter })` is the same for one call. No option of Node's: without effect where
   * `native` is false. Default: never.
   */
  forceKillAfter?: number | boolean | null | undefined;
}

/** Options of the functions that can open a message channel. */
export interface MessagingOptions extends ForceKillOptions, node.MessagingOptions {
  /**
   * How messages travel: `'json'`, or `'advanced'` for all that structured cloning knows (Map, Date,
   * bigint, typed arrays, ...). Default: `'json'`.
   */
  serialization?: node.SerializationType | undefined;
  /**
   * Bytes of the longest message that is taken from the child: of its JSON text, or of what V8 makes of
   * it. A positive integer or `Infinity`. Default, and never more: 500 MiB for `'json'`, 2 GiB for
   * `'advanced'`. A longer one ends the channel: 'error' with a RangeError (`ERR_SPROG_MESSAGE_TOO_LARGE`),
   * then 'disconnect'; the child goes on. No option of Node's: without effect where `native` is false, in
   * synchronous calls, and without a channel.
   */
  maxMessageSize?: number | null | undefined;
  /**
   * Kills the child when it is aborted; then 'error' has an AbortError (`ABORT_ERR`) with the reason as
   * its `cause`. Where it is aborted already, the child is started all the same and killed at once.
   */
  signal?: AbortSignal | undefined;
  /** What `timeout` and `signal` send: a signal's name or number. Default: `'SIGTERM'`. */
  killSignal?: NodeJS.Signals | number | undefined;
  /** Milliseconds after which the child is sent `killSignal`. Default: none. */
  timeout?: number | undefined;
}

/** Options of `spawn()` and `spawnSync()`. */
export interface CommonSpawnOptions
  extends CommonOptions,
    MessagingOptions,
    node.CommonSpawnOptions {
  /** What the child sees as `argv[0]`. Default: the command. */
  argv0?: string | undefined;
  /**
   * What the descriptors of the child are connected to: one word for the first three, or an array with
   * an element for each. Default: `'pipe'`. An array of fewer than three elements is filled up in place.
   */
  stdio?: node.StdioOptions | undefined;
  /**
   * Runs the command in a shell: `/bin/sh` for true, or the one that is named. Command and arguments
   * are joined by blanks and not escaped: never let in text that you did not write. Default: false.
   */
  shell?: boolean | string | undefined;
  /** Without effect on Linux. Default: false. */
  windowsVerbatimArguments?: boolean | undefined;
}

/** Options of `spawn()`. */
export interface SpawnOptions extends CommonSpawnOptions, ExtraOptions, node.SpawnOptions {
  /** Makes the child the leader of a session and process group of its own. Default: false. */
  detached?: boolean | undefined;
}

/** Options of `spawn()` that leave all three streams piped. */
export interface SpawnOptionsWithoutStdio extends SpawnOptions {
  /** Default: `'pipe'`. */
  stdio?: node.SpawnOptionsWithoutStdio['stdio'];
}

/** Options of `spawn()` with a `stdio` whose type is kept, so that the streams get their types. */
export interface SpawnOptionsWithStdio<S extends StdioOption | undefined>
  extends Omit<SpawnOptions, 'stdio'> {
  /**
   * What the descriptors of the child are connected to: one word for the first three, or an array with
   * an element for each. An array of fewer than three elements is filled up in place.
   */
  stdio: S;
}

/** Options of `spawn()` with any `stdio`, in which `'fifo'` may stand. */
export interface SpawnOptionsWithFifo extends Omit<SpawnOptions, 'stdio'> {
  /** One word for the first three descriptors, or an array. Default: `'pipe'`. */
  stdio?: StdioOption | undefined;
}

/** Options of `fork()`. */
export interface ForkOptions
  extends ProcessEnvOptions,
    MessagingOptions,
    ExtraOptions,
    node.ForkOptions {
  /** Makes the child the leader of a session and process group of its own. Default: false. */
  detached?: boolean | undefined;
  /** The program that runs the script. Default: `process.execPath`, this Node. */
  execPath?: string | undefined;
  /**
   * Arguments for that program, ahead of the script. Default: `process.execArgv`, without the code of
   * `--eval` or `--print`.
   */
  execArgv?: string[] | undefined;
  /** Pipes for stdin, stdout and stderr instead of those of this process. Default: false. */
  silent?: boolean | undefined;
  /** Takes the place of `silent`. An array must hold `'ipc'` once; a word has it added. */
  stdio?: node.StdioOptions | undefined;
  /** Without effect on Linux. Default: false. */
  windowsVerbatimArguments?: boolean | undefined;
}

/** Options of `fork()` with pipes for all three streams. */
export interface SilentForkOptions extends ForkOptions {
  silent: true;
  stdio?: undefined;
}

/** Options of `fork()` with a `stdio` whose type is kept, so that the streams get their types. */
export interface ForkOptionsWithStdio<S extends ForkStdio> extends Omit<ForkOptions, 'stdio'> {
  /** Takes the place of `silent`. An array must hold `'ipc'` once; a word has it added. */
  stdio: S;
}

/** Options of `fork()` with an array for `stdio` in which `'fifo'` may stand. */
export interface ForkOptionsWithFifo extends Omit<ForkOptions, 'stdio'> {
  /** Must hold `'ipc'`. */
  stdio: readonly StdioElement[];
}

/** What `fork()` takes as `stdio`: a word, to which the channel is added, or an array with `'ipc'`. */
export type ForkStdio = node.IOType | readonly StdioElement[];

/** Options of `exec()` and `execFile()` about the output that is collected. */
interface CollectOptions extends ExtraOptions, ForceKillOptions {
  /** Kills the child when it is aborted, by SIGTERM; the error is an AbortError (`ABORT_ERR`). */
  signal?: AbortSignal | undefined;
  /**
   * Bytes of each output that are collected; `Infinity` is allowed. Default: 1024 * 1024. With more, the
   * child is sent `killSignal`, and the error is `ERR_CHILD_PROCESS_STDIO_MAXBUFFER`, along with what
   * came until then.
   */
  maxBuffer?: number | undefined;
  /** What `timeout` and `maxBuffer` send: a signal's name or number. Default: `'SIGTERM'`. */
  killSignal?: NodeJS.Signals | number | undefined;
  /** How output becomes strings. Default: `'utf8'`. `'buffer'`, null or an unknown name give Buffers. */
  encoding?: string | null | undefined;
}

/** Options of `exec()`. */
export interface ExecOptions extends CommonOptions, CollectOptions, node.ExecOptions {
  /** Path of the shell. Default: `/bin/sh`. */
  shell?: string | undefined;
}

/** Options of `exec()` that give strings. */
export interface ExecOptionsWithStringEncoding extends ExecOptions {
  /** Default: `'utf8'`. */
  encoding?: BufferEncoding | undefined;
}

/** Options of `exec()` that give Buffers. */
export interface ExecOptionsWithBufferEncoding extends ExecOptions {
  encoding: 'buffer' | null;
}

/** Options of `execFile()`. */
export interface ExecFileOptions extends CommonOptions, CollectOptions, node.ExecFileOptions {
  /**
   * Runs the file in a shell: `/bin/sh` for true, or the one that is named. File and arguments are joined
   * by blanks and not escaped. Default: false.
   */
  shell?: boolean | string | undefined;
  /** Without effect on Linux. Default: false. */
  windowsVerbatimArguments?: boolean | undefined;
}

/** Options of `execFile()` that give strings. */
export interface ExecFileOptionsWithStringEncoding extends ExecFileOptions {
  /** Default: `'utf8'`. */
  encoding?: BufferEncoding | undefined;
}

/** Options of `execFile()` that give Buffers. */
export interface ExecFileOptionsWithBufferEncoding extends ExecFileOptions {
  encoding: 'buffer' | null;
}

/** Options of the synchronous functions about input and output. */
interface SyncOptions extends ForceKillOptions {
  /** What the child reads from its stdin, if that is a pipe. Default: nothing. */
  input?: string | NodeJS.ArrayBufferView | undefined;
  /**
   * Bytes of all outputs together; `Infinity` and 0 are no limit. Default: 1024 * 1024. With more, the
   * child is sent `killSignal`, and the error is `ENOBUFS`.
   */
  maxBuffer?: number | undefined;
  /** What `timeout` and `maxBuffer` send: a signal's name or number. Default: `'SIGTERM'`. */
  killSignal?: NodeJS.Signals | number | undefined;
  /** How output becomes strings. Default: `'buffer'`, which gives Buffers. */
  encoding?: BufferEncoding | 'buffer' | null | undefined;
}

/** Options of `spawnSync()`. */
export interface SpawnSyncOptions extends SyncOptions, CommonSpawnOptions, node.SpawnSyncOptions {}

/** Options of `spawnSync()` that give strings. */
export interface SpawnSyncOptionsWithStringEncoding extends SpawnSyncOptions {
  encoding: BufferEncoding;
}

/** Options of `spawnSync()` that give Buffers. */
export interface SpawnSyncOptionsWithBufferEncoding extends SpawnSyncOptions {
  /** Default: `'buffer'`. */
  encoding?: 'buffer' | null | undefined;
}

/** Options of `execSync()` and `execFileSync()`. */
export interface CommonExecOptions extends SyncOptions, CommonOptions, node.CommonExecOptions {
  /**
   * What the descriptors of the child are connected to. Default: `'pipe'`, and then what the child wrote
   * to stderr is written to that of this process at the end.
   */
  stdio?: node.StdioOptions | undefined;
}

/** Options of `execSync()`. */
export interface ExecSyncOptions extends CommonExecOptions, node.ExecSyncOptions {
  /** Path of the shell. Default: `/bin/sh`. */
  shell?: string | undefined;
}

/** Options of `execSync()` that give a string. */
export interface ExecSyncOptionsWithStringEncoding extends ExecSyncOptions {
  encoding: BufferEncoding;
}

/** Options of `execSync()` that give a Buffer. */
export interface ExecSyncOptionsWithBufferEncoding extends ExecSyncOptions {
  /** Default: `'buffer'`. */
  encoding?: 'buffer' | null | undefined;
}

/** Options of `execFileSync()`. */
export interface ExecFileSyncOptions extends CommonExecOptions, node.ExecFileSyncOptions {
  /**
   * Runs the file in a shell: `/bin/sh` for true, or the one that is named. File and arguments are joined
   * by blanks and not escaped. Default: false.
   */
  shell?: boolean | string | undefined;
}

/** Options of `execFileSync()` that give a string. */
export interface ExecFileSyncOptionsWithStringEncoding extends ExecFileSyncOptions {
  encoding: BufferEncoding;
}

/** Options of `execFileSync()` that give a Buffer. */
export interface ExecFileSyncOptionsWithBufferEncoding extends ExecFileSyncOptions {
  /** Default: `'buffer'`. */
  encoding?: 'buffer' | null | undefined;
}

/** Options `O` of a synchronous function, with room for `'fifo'` in `stdio`. */
export type SyncOptionsWithFifo<O> = Omit<O, 'stdio'> & {
  /** What the descriptors of the child are connected to; `'ipc'` is refused. Default: `'pipe'`. */
  stdio?: StdioOption | undefined;
};

/** The same with an encoding that gives strings. */
export type SyncOptionsWithStringEncoding<O> = Omit<SyncOptionsWithFifo<O>, 'encoding'> & {
  /** How output becomes strings. */
  encoding: BufferEncoding;
};

/** The same without an encoding, which gives Buffers. */
export type SyncOptionsWithoutEncoding<O> = Omit<SyncOptionsWithFifo<O>, 'encoding'> & {
  /** Default: `'buffer'`. */
  encoding?: 'buffer' | null | undefined;
};
