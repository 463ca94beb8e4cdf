// spawn, fork, exec and execFile: the ways to call them, each with what an editor shows of it. For exec and
// execFile Buffers come first, so that options that are any give them, as they do with Node's types.

import type * as node from 'node:child_process';
import type { ChildWithExtras } from './child.js';
import type { ForkedProcess } from './messages.js';
import type {
  ExecFileOptions,
  ExecFileOptionsWithBufferEncoding,
  ExecFileOptionsWithStringEncoding,
  ExecOptions,
  ExecOptionsWithBufferEncoding,
  ExecOptionsWithStringEncoding,
  ForkOptions,
  ForkOptionsWithFifo,
  ForkOptionsWithStdio,
  ForkStdio,
  SilentForkOptions,
  SpawnOptions,
  SpawnOptionsWithFifo,
  SpawnOptionsWithoutStdio,
  SpawnOptionsWithStdio,
} from './options.js';
import type { ChildProcessOf, OpenChildProcessOf, StdioOption } from './stdio.js';

/** A Buffer as Node's own functions give it. */
export type OutputBuffer = Exclude<ReturnType<typeof node.execSync>, string>;

/** The ways to call `spawn()`. */
export interface Spawn {
  /**
   * Starts a program with pipes for stdin, stdout and stderr, and returns at once.
   *
   * @param options defaults: `cwd` and `env` of this process, no `shell`, no `timeout`
   * @throws what {@link Spawn} with `stdio` throws. A missing program is an 'error' event.
   */
  (
    command: string,
    options?: SpawnOptionsWithoutStdio,
  ): ChildWithExtras<node.ChildProcessWithoutNullStreams>;
  /**
   * Starts a program with the given `stdio`, and returns at once. The streams that it pipes are there,
   * in the types too: `stdio: ['ignore', 'pipe', 'inherit']` makes `stdout` a Readable, and the others
   * null.
   *
   * @throws TypeError or RangeError for wrong arguments, `ERR_ACCESS_DENIED` under the permission model,
   *   the system's error (`E2BIG`, `EPERM`, `EBADF`, ...) where the program cannot be started. A program
   *   that is missing or may not be run (`ENOENT`, `EACCES`) is an 'error' event.
   */
  <const S extends StdioOption | undefined>(
    command: string,
    options: SpawnOptionsWithStdio<S>,
  ): ChildProcessOf<S>;
  /**
   * Starts a program, and returns at once. What its streams are depends on options whose types do not
   * tell.
   *
   * @throws what {@link Spawn} with `stdio` throws. A missing program is an 'error' event.
   */
  (
    command: string,
    options: SpawnOptions | SpawnOptionsWithFifo,
  ): ChildWithExtras<node.ChildProcess>;
  /**
   * Starts a program with pipes for stdin, stdout and stderr, and returns at once.
   *
   * @param args given to the program as they are; no shell reads them, unless there is one
   * @param options defaults: `cwd` and `env` of this process, no `shell`, no `timeout`
   * @throws what {@link Spawn} with `stdio` throws. A missing program is an 'error' event.
   */
  (
    command: string,
    args?: readonly string[],
    options?: SpawnOptionsWithoutStdio,
  ): ChildWithExtras<node.ChildProcessWithoutNullStreams>;
  /**
   * Starts a program with the given `stdio`, and returns at once. The streams that it pipes are there,
   * in the types too: `stdio: ['ignore', 'pipe', 'inherit']` makes `stdout` a Readable, and the others
   * null.
   *
   * @param args given to the program as they are; no shell reads them, unless there is one
   * @throws TypeError or RangeError for wrong arguments, `ERR_ACCESS_DENIED` under the permission model,
   *   the system's error (`E2BIG`, `EPERM`, `EBADF`, ...) where the program cannot be started. A program
   *   that is missing or may not be run (`ENOENT`, `EACCES`) is an 'error' event.
   */
  <const S extends StdioOption | undefined>(
    command: string,
    args: readonly string[] | undefined,
    options: SpawnOptionsWithStdio<S>,
  ): ChildProcessOf<S>;
  /**
   * Starts a program, and returns at once. What its streams are depends on options whose types do not
   * tell.
   *
   * @param args given to the program as they are; no shell reads them, unless there is one
   * @throws what {@link Spawn} with `stdio` throws. A missing program is an 'error' event.
   */
  (
    command: string,
    args: readonly string[] | undefined,
    options: SpawnOptions | SpawnOptionsWithFifo,
  ): ChildWithExtras<node.ChildProcess>;
}

/** The ways to call `fork()`. */
export interface Fork {
  /**
   * Starts a Node script with a message channel and with pipes for stdin, stdout and stderr.
   *
   * @throws what `spawn()` throws
   */
  (
    modulePath: string | URL,
    options: SilentForkOptions,
  ): ChildWithExtras<node.ChildProcessWithoutNullStreams>;
  /**
   * Starts a Node script with a message channel and with pipes for stdin, stdout and stderr.
   *
   * @param args `process.argv` of the script, from index 2 on
   * @throws what `spawn()` throws
   */
  (
    modulePath: string | URL,
    args: readonly string[] | undefined,
    options: SilentForkOptions,
  ): ChildWithExtras<node.ChildProcessWithoutNullStreams>;
  /**
   * Starts a Node script with a message channel and the given `stdio`. The streams that it pipes are
   * there, the others are null.
   *
   * @throws `ERR_CHILD_PROCESS_IPC_REQUIRED` for an array without `'ipc'`, and what `spawn()` throws
   */
  <const S extends ForkStdio>(
    modulePath: string | URL,
    options: ForkOptionsWithStdio<S>,
  ): OpenChildProcessOf<S>;
  /**
   * Starts a Node script with a message channel and the given `stdio`. The streams that it pipes are
   * there, the others are null.
   *
   * @param args `process.argv` of the script, from index 2 on
   * @throws `ERR_CHILD_PROCESS_IPC_REQUIRED` for an array without `'ipc'`, and what `spawn()` throws
   */
  <const S extends ForkStdio>(
    modulePath: string | URL,
    args: readonly string[] | undefined,
    options: ForkOptionsWithStdio<S>,
  ): OpenChildProcessOf<S>;
  /**
   * Starts a Node script with a message channel: `child.send()` here, `process.send()` there.
   *
   * @param options defaults: this Node and its `execArgv`, stdin, stdout and stderr of this process
   * @throws what `spawn()` throws
   */
  (
    modulePath: string | URL,
    options?: ForkOptions | ForkOptionsWithFifo,
  ): ChildWithExtras<node.ChildProcess>;
  /**
   * Starts a Node script with a message channel: `child.send()` here, `process.send()` there.
   *
   * @param args `process.argv` of the script, from index 2 on
   * @param options defaults: this Node and its `execArgv`, stdin, stdout and stderr of this process
   * @throws what `spawn()` throws
   */
  (
    modulePath: string | URL,
    args?: readonly string[],
    options?: ForkOptions | ForkOptionsWithFifo,
  ): ChildWithExtras<node.ChildProcess>;
  /**
   * Starts a Node script with a message channel whose messages have types; nothing is checked at run time.
   *
   * @typeParam Incoming what 'message' listeners get
   * @typeParam Outgoing what `child.send()` takes
   * @throws what `spawn()` throws
   */
  <Incoming, Outgoing extends node.Serializable = node.Serializable>(
    modulePath: string | URL,
    options?: ForkOptions | ForkOptionsWithFifo,
  ): ForkedProcess<Incoming, Outgoing>;
  /**
   * Starts a Node script with a message channel whose messages have types; nothing is checked at run time.
   *
   * @typeParam Incoming what 'message' listeners get
   * @typeParam Outgoing what `child.send()` takes
   * @param args `process.argv` of the script, from index 2 on
   * @throws what `spawn()` throws
   */
  <Incoming, Outgoing extends node.Serializable = node.Serializable>(
    modulePath: string | URL,
    args?: readonly string[],
    options?: ForkOptions | ForkOptionsWithFifo,
  ): ForkedProcess<Incoming, Outgoing>;
}

/** What `exec()` calls back with. */
type ExecCallback<Output> = (
  error: node.ExecException | null,
  stdout: Output,
  stderr: Output,
) => void;

/** What Node's types have `execFile()` report; the name that they give it differs between lines. */
type ExecFileError = Parameters<NonNullable<Parameters<typeof node.execFile>[3]>>[0];

/** What `execFile()` calls back with. */
type ExecFileCallback<Output> = (error: ExecFileError, stdout: Output, stderr: Output) => void;

/** What the promisified forms give: the output, when it is all there, and the child at once. */
export type ExecPromise<Output> = node.PromiseWithChild<{ stdout: Output; stderr: Output }> & {
  child: ChildWithExtras<node.ChildProcess>;
};

/** The ways to call `exec()`. */
export interface Exec {
  /** What `util.promisify(exec)` gives; the error that it rejects with has `stdout` and `stderr`. */
  __promisify__: {
    (command: string): ExecPromise<string>;
    (command: string, options: ExecOptionsWithBufferEncoding): ExecPromise<OutputBuffer>;
    (command: string, options: ExecOptionsWithStringEncoding): ExecPromise<string>;
    (command: string, options: ExecOptions | null | undefined): ExecPromise<string | OutputBuffer>;
  };
  /**
   * Runs a command in `/bin/sh` and calls back with all of its output, as strings.
   *
   * @param command a shell reads it: never put text into it that you did not write
   * @param callback called once; the error has `code` (the status), `signal`, `killed` and `cmd`
   * @throws what `spawn()` throws
   */
  (command: string, callback?: ExecCallback<string>): ChildWithExtras<node.ChildProcess>;
  /**
   * Runs a command in a shell and calls back with all of its output, as Buffers.
   *
   * @param command a shell reads it: never put text into it that you did not write
   * @param options defaults: no `timeout`, a `maxBuffer` of 1024 * 1024 bytes for each output
   * @param callback called once; the error has `code` (the status), `signal`, `killed` and `cmd`
   * @throws what `spawn()` throws
   */
  (
    command: string,
    options: ExecOptionsWithBufferEncoding,
    callback?: ExecCallback<OutputBuffer>,
  ): ChildWithExtras<node.ChildProcess>;
  /**
   * Runs a command in a shell and calls back with all of its output, as strings.
   *
   * @param command a shell reads it: never put text into it that you did not write
   * @param options defaults: no `timeout`, a `maxBuffer` of 1024 * 1024 bytes for each output
   * @param callback called once; the error has `code` (the status), `signal`, `killed` and `cmd`
   * @throws what `spawn()` throws
   */
  (
    command: string,
    options: ExecOptionsWithStringEncoding,
    callback?: ExecCallback<string>,
  ): ChildWithExtras<node.ChildProcess>;
  /**
   * Runs a command in a shell and calls back with all of its output.
   *
   * @param command a shell reads it: never put text into it that you did not write
   * @param options defaults: no `timeout`, a `maxBuffer` of 1024 * 1024 bytes for each output
   * @param callback called once; the error has `code` (the status), `signal`, `killed` and `cmd`
   * @throws what `spawn()` throws
   */
  (
    command: string,
    options: ExecOptions | null | undefined,
    callback?: ExecCallback<string | OutputBuffer>,
  ): ChildWithExtras<node.ChildProcess>;
}

/** The ways to call `execFile()`. */
export interface ExecFile {
  /** What `util.promisify(execFile)` gives; the error that it rejects with has `stdout` and `stderr`. */
  __promisify__: {
    (file: string): ExecPromise<string>;
    (file: string, args: readonly string[] | null | undefined): ExecPromise<string>;
    (file: string, options: ExecFileOptionsWithBufferEncoding): ExecPromise<OutputBuffer>;
    (
      file: string,
      args: readonly string[] | null | undefined,
      options: ExecFileOptionsWithBufferEncoding,
    ): ExecPromise<OutputBuffer>;
    (file: string, options: ExecFileOptionsWithStringEncoding): ExecPromise<string>;
    (
      file: string,
      args: readonly string[] | null | undefined,
      options: ExecFileOptionsWithStringEncoding,
    ): ExecPromise<string>;
    (file: string, options: ExecFileOptions | null | undefined): ExecPromise<string | OutputBuffer>;
    (
      file: string,
      args: readonly string[] | null | undefined,
      options: ExecFileOptions | null | undefined,
    ): ExecPromise<string | OutputBuffer>;
  };
  /**
   * Runs a program without a shell and calls back with all of its output, as strings.
   *
   * @param callback called once; the error has `code` (the status), `signal`, `killed` and `cmd`
   * @throws what `spawn()` throws
   */
  (file: string, callback?: ExecFileCallback<string>): ChildWithExtras<node.ChildProcess>;
  /**
   * Runs a program without a shell and calls back with all of its output, as strings.
   *
   * @param callback called once; the error has `code` (the status), `signal`, `killed` and `cmd`
   * @throws what `spawn()` throws
   */
  (
    file: string,
    args: readonly string[] | null | undefined,
    callback?: ExecFileCallback<string>,
  ): ChildWithExtras<node.ChildProcess>;
  /**
   * Runs a program and calls back with all of its output, as Buffers.
   *
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes for each output
   * @param callback called once; the error has `code` (the status), `signal`, `killed` and `cmd`
   * @throws what `spawn()` throws
   */
  (
    file: string,
    options: ExecFileOptionsWithBufferEncoding,
    callback?: ExecFileCallback<OutputBuffer>,
  ): ChildWithExtras<node.ChildProcess>;
  /**
   * Runs a program and calls back with all of its output, as Buffers.
   *
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes for each output
   * @param callback called once; the error has `code` (the status), `signal`, `killed` and `cmd`
   * @throws what `spawn()` throws
   */
  (
    file: string,
    args: readonly string[] | null | undefined,
    options: ExecFileOptionsWithBufferEncoding,
    callback?: ExecFileCallback<OutputBuffer>,
  ): ChildWithExtras<node.ChildProcess>;
  /**
   * Runs a program and calls back with all of its output, as strings.
   *
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes for each output
   * @param callback called once; the error has `code` (the status), `signal`, `killed` and `cmd`
   * @throws what `spawn()` throws
   */
  (
    file: string,
    options: ExecFileOptionsWithStringEncoding,
    callback?: ExecFileCallback<string>,
  ): ChildWithExtras<node.ChildProcess>;
  /**
   * Runs a program and calls back with all of its output, as strings.
   *
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes for each output
   * @param callback called once; the error has `code` (the status), `signal`, `killed` and `cmd`
   * @throws what `spawn()` throws
   */
  (
    file: string,
    args: readonly string[] | null | undefined,
    options: ExecFileOptionsWithStringEncoding,
    callback?: ExecFileCallback<string>,
  ): ChildWithExtras<node.ChildProcess>;
  /**
   * Runs a program and calls back with all of its output.
   *
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes for each output
   * @param callback called once; the error has `code` (the status), `signal`, `killed` and `cmd`
   * @throws what `spawn()` throws
   */
  (
    file: string,
    options: ExecFileOptions | null | undefined,
    callback?: ExecFileCallback<string | OutputBuffer> | null | undefined,
  ): ChildWithExtras<node.ChildProcess>;
  /**
   * Runs a program and calls back with all of its output.
   *
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes for each output
   * @param callback called once; the error has `code` (the status), `signal`, `killed` and `cmd`
   * @throws what `spawn()` throws
   */
  (
    file: string,
    args: readonly string[] | null | undefined,
    options: ExecFileOptions | null | undefined,
    callback?: ExecFileCallback<string | OutputBuffer> | null | undefined,
  ): ChildWithExtras<node.ChildProcess>;
}
