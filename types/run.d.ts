// run(), runSync() and pipeline(): a program, or several in a row, to the end, as a promise or at once.

import type * as node from 'node:child_process';
import type { OutputBuffer } from './async.js';
import type { ChildWithExtras } from './child.js';
import type { ChildResourceUsage } from './limits.js';
import type { SpawnOptions } from './options.js';

/** A file that becomes a stream of the program: no byte of it passes through JS. */
export interface RunFile {
  /** Path of the file, or a `file:` URL. An output is created or emptied, unless `append` is true. */
  file: string | URL | Uint8Array;
  /** For outputs: whether to write behind what is there. Default: false. */
  append?: boolean | undefined;
}

/** What stdin can be connected to where there is no `input`. */
export type RunStdin = 'pipe' | 'ignore' | 'inherit' | number | URL | RunFile | { fd: number };

/** What stdout and stderr can be connected to; only a `'pipe'` is collected. */
export type RunStdout = 'pipe' | 'ignore' | 'inherit' | number | URL | RunFile | { fd: number };

/** What a program can be given to read. */
export type RunInput =
  | string
  | NodeJS.ArrayBufferView
  | ArrayBuffer
  | Iterable<string | NodeJS.ArrayBufferView>
  | AsyncIterable<string | NodeJS.ArrayBufferView>
  | Blob
  | URL
  | RunFile;

/** How many bytes to keep of the beginning and of the end of an output that is longer. */
export interface RunEnds {
  /** Bytes to keep of the beginning. Default: 0. */
  head?: number | undefined;
  /** Bytes to keep of the end. Default: 0. */
  tail?: number | undefined;
}

/** Options of `run()`: those of `spawn()`, with what is said here. */
export interface RunOptions
  extends Omit<SpawnOptions, 'stdio' | 'serialization' | 'maxMessageSize' | 'signal' | 'timeout'> {
  /**
   * What the program reads from its stdin: text, bytes, a Blob, anything iterable (arrays, generators,
   * streams of Node and of the Web), or a file, which it reads itself. A program that does not read to
   * the end is no error. An input that fails ends the program. Default: nothing, `/dev/null`.
   */
  input?: RunInput | undefined;
  /** Instead of `input`. `'pipe'` makes `child.stdin` a stream, which must be ended. Default: `'ignore'`. */
  stdin?: RunStdin | undefined;
  /** Default: `'pipe'`, which is collected. Anything else leaves `stdout` of the result undefined. */
  stdout?: RunStdout | undefined;
  /**
   * Default: `'pipe'`, which is collected. The same file as that of `stdout` is opened once for both, as
   * `stdout` wants it.
   */
  stderr?: RunStdout | undefined;
  /** The three of them at once, and more: as in `spawn()`, but that files may stand in it. */
  stdio?:
    | node.IOType
    | 'fifo'
    | readonly (RunStdout | node.IOType | 'fifo' | null | undefined)[]
    | undefined;
  /**
   * One pipe under stdout and stderr, so that `all` has both in their true order. `stdout` and `stderr` of
   * the result are then undefined. Default: false.
   */
  all?: boolean | undefined;
  /** Outputs as arrays of lines, without their line ends. Default: false. */
  lines?: boolean | undefined;
  /** How outputs become strings; `'buffer'` for Buffers. Default: `'utf8'`. */
  encoding?: BufferEncoding | 'buffer' | undefined;
  /**
   * Bytes of each output that are collected. With more, the program is ended and the run has failed
   * (`cause.code` is `ERR_CHILD_PROCESS_STDIO_MAXBUFFER`). With `{ head, tail }` the program runs on; the
   * output is then the beginning and the end, with a line between them that says how much is missing. In
   * `runSync()` a number is for all outputs together. Default: 100 MiB; `Infinity` is allowed.
   */
  maxBuffer?: number | RunEnds | undefined;
  /** Removes one line end at the end of each output. Default: true. */
  stripFinalNewline?: boolean | undefined;
  /** Whether a failure rejects (throws, in `runSync()`). Default: true; else see `failed`. */
  reject?: boolean | undefined;
  /** Has `env` come on top of the environment of this process, instead of in its place. Default: false. */
  extendEnv?: boolean | undefined;
  /**
   * Milliseconds after which the program is sent `killSignal`, by a thread of its own: also while this one
   * is busy. Default: 0, none.
   */
  timeout?: number | undefined;
  /** Ends the program by `killSignal`. Where it is aborted already nothing is started. */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds from the signal of a timeout, an abort, or a `kill()` to SIGKILL, likewise sent by a thread
   * of its own. False for never. Default: 5000.
   */
  forceKillAfter?: number | boolean | undefined;
}

// Without `strict` undefined, as which an option counts that is not given, may stand for anything: so it is
// asked for first.

/** The type of an option, whether it is given or not. */
type OptionOf<O, Name> = Name extends keyof O ? O[Name] : undefined;

/** What one output of a run is, by the options. */
export type RunOutput<O, Name extends 'stdout' | 'stderr' | 'all'> =
  OptionOf<O, 'all'> extends false | undefined
    ? Name extends 'all'
      ? undefined
      : RunPiped<O, Name>
    : Name extends 'all'
      ? OptionOf<O, 'all'> extends true
        ? RunText<O>
        : RunText<O> | undefined
      : OptionOf<O, 'all'> extends true
        ? undefined
        : RunPiped<O, Name> | undefined;

/** The same, as far as it depends on where the output leads. */
type RunPiped<O, Name> =
  OptionOf<O, Name> extends 'pipe' | undefined
    ? OptionOf<O, 'stdio'> extends 'pipe' | undefined
      ? RunText<O>
      : RunText<O> | undefined
    : 'pipe' extends OptionOf<O, Name>
      ? RunText<O> | undefined
      : undefined;

/** What text is in a result: strings, lines or Buffers. */
export type RunText<O> =
  OptionOf<O, 'lines'> extends false | undefined
    ? RunItem<O>
    : OptionOf<O, 'lines'> extends true
      ? string[]
      : RunItem<O> | string[];

/** What comes of an output piece by piece: lines, or chunks of bytes. */
export type RunItem<O> =
  OptionOf<O, 'encoding'> extends BufferEncoding | undefined
    ? string
    : OptionOf<O, 'encoding'> extends 'buffer'
      ? OutputBuffer
      : string | OutputBuffer;

/** How a program came out; {@link RunError} has the same. */
export interface RunResult<O = RunOptions> {
  /** The program, as it was given. */
  command: string;
  /** Its arguments, as text. */
  args: string[];
  /** The directory that it was started in; undefined if that is gone. */
  cwd: string | undefined;
  /** Its process id; undefined if it was not started. */
  pid: number | undefined;
  /**
   * Its exit status; null if a signal ended it. Of a program that was not started, the name of the reason:
   * `'ENOENT'`, `'ABORT_ERR'`, ...
   */
  code: number | string | null;
  /** The signal that ended it, or null; `''` for a real-time signal, of which Node knows no name. */
  signal: NodeJS.Signals | null;
  /** Whether anything but exit status 0 came of it. */
  failed: boolean;
  /** What it wrote to stdout; undefined where that is no pipe, or was iterated over, or with `all`. */
  stdout: RunOutput<O, 'stdout'>;
  /** What it wrote to stderr; undefined where that is no pipe, or with `all`. */
  stderr: RunOutput<O, 'stderr'>;
  /** With the option of that name: what it wrote to either, in order. Else undefined. */
  all: RunOutput<O, 'all'>;
  /** How many bytes of each output are missing, with `maxBuffer: { head, tail }`. */
  dropped: { stdout: number; stderr: number; all: number };
  /** Whether it was ended for its `timeout`. */
  timedOut: boolean;
  /** Whether it was ended, or not started, for its `signal`. */
  aborted: boolean;
  /** Whether an output was longer than `maxBuffer`. */
  maxBufferExceeded: boolean;
  /** Whether it took SIGKILL to end it, after `forceKillAfter`. */
  forceKilled: boolean;
  /** Milliseconds from the call to the end. */
  durationMs: number;
  /** What it used, as `child.resourceUsage()` tells; undefined where that is not known. */
  usage: ChildResourceUsage | undefined;
  /** The step of the start that failed: `'exec'`, `'chdir'`, `'fd'`, ... */
  step: string | undefined;
  /** Where a script, or its loader, could not be found: what was missing. */
  interpreter: string | undefined;
  /** What went wrong, beside how the program ended. */
  cause: unknown;
}

/** The pieces of an output as they come, taken by `for await`. */
export interface RunIterator<Item> extends AsyncIterableIterator<Item> {
  /** The next piece; at the end of the output it waits for that of the program. */
  next(): Promise<IteratorResult<Item, any>>;
  /** Ends the program, and waits for it. */
  return(value?: any): Promise<IteratorResult<Item, any>>;
  /** The same, and rejects. */
  throw(error?: any): Promise<IteratorResult<Item, any>>;
  /** Itself. */
  [Symbol.asyncIterator](): RunIterator<Item>;
}

/** A run under way. */
export interface RunPromise<O = RunOptions>
  extends Promise<RunResult<O>>,
    AsyncIterable<RunItem<O>> {
  /**
   * The program while it runs. One that was not started has no `pid`. Its outputs are collected whoever
   * else listens to them.
   */
  readonly child: ChildWithExtras<node.ChildProcess>;
  /**
   * The lines of stdout (of both outputs, with `all`) as they come, without their line ends; with
   * `encoding: 'buffer'` its chunks. Nothing of it is collected then, and the program waits while the loop
   * does. Leaving the loop early ends the program; a failure is thrown at the end of the loop.
   *
   * @throws `ERR_INVALID_STATE` where stdout is no pipe, and the second time
   */
  [Symbol.asyncIterator](): RunIterator<RunItem<O>>;
}

/** The ways to call `run()`. */
export interface Run {
  /**
   * Runs a program to its end.
   *
   * @param args given to the program as they are; no shell reads them, unless there is one
   * @throws at once: what `spawn()` throws for wrong arguments. All else is a rejection, {@link RunError}.
   */
  <const O extends RunOptions = Record<never, never>>(
    command: string,
    args?: readonly string[] | null,
    options?: O,
  ): RunPromise<O>;
  /**
   * Runs a program without arguments to its end.
   *
   * @throws at once: what `spawn()` throws for wrong arguments. All else is a rejection, {@link RunError}.
   */
  <const O extends RunOptions>(command: string, options: O): RunPromise<O>;
}

/** The ways to call `runSync()`. */
export interface RunSync {
  /**
   * Runs a program to its end, and blocks this thread until then. `signal` and an asynchronous `input` are
   * refused.
   *
   * @throws {@link RunError} if it fails, unless `reject` is false; what `run()` throws at once
   */
  <const O extends RunOptions = Record<never, never>>(
    command: string,
    args?: readonly string[] | null,
    options?: O,
  ): RunResult<O>;
  /**
   * Runs a program without arguments to its end, and blocks this thread until then.
   *
   * @throws {@link RunError} if it fails, unless `reject` is false; what `run()` throws at once
   */
  <const O extends RunOptions>(command: string, options: O): RunResult<O>;
}

/** Options that a stage of a pipeline may have for itself. */
export type StageOptions = Omit<
  RunOptions,
  'all' | 'input' | 'lines' | 'reject' | 'signal' | 'stdin' | 'stdio' | 'stdout' | 'timeout'
>;

/** A program in a pipeline: its name and arguments, or the same with options of its own. */
export type Stage =
  | readonly [command: string, ...args: string[]]
  | {
      command: string;
      args?: readonly string[] | undefined;
      options?: StageOptions | undefined;
    };

/** Options of `pipeline()`: those of `run()` for all stages; `input` is for the first, `stdout` of the last. */
export interface PipelineOptions extends Omit<RunOptions, 'all' | 'stdio'> {
  /**
   * Whether the failure of any stage is one of the pipeline; else only the last one counts, and what could
   * not be started. A stage that SIGPIPE ends, since the next one had read enough, has not failed.
   * Default: true.
   */
  pipefail?: boolean | undefined;
}

/** How a stage of a pipeline came out. */
export interface StageResult<O = PipelineOptions> extends Omit<RunResult<O>, 'stdout' | 'stderr'> {
  /** Of the last stage what it wrote to stdout; undefined of those whose stdout is what the next one reads. */
  stdout: RunText<O> | undefined;
  /** What it wrote to stderr; undefined where that is no pipe, as by an option of its own. */
  stderr: RunText<O> | undefined;
}

/** How a pipeline came out; {@link RunError} has the same. */
export interface PipelineResult<O = PipelineOptions>
  extends Pick<
    RunResult<O>,
    | 'aborted'
    | 'cause'
    | 'code'
    | 'command'
    | 'durationMs'
    | 'failed'
    | 'forceKilled'
    | 'interpreter'
    | 'maxBufferExceeded'
    | 'signal'
    | 'stderr'
    | 'stdout'
    | 'step'
    | 'timedOut'
  > {
  /** How each stage came out. */
  stages: StageResult<O>[];
  /** The index of the stage that failed first, whose `code` and `signal` these are; else the last's. */
  stage: number | undefined;
}

/** A pipeline under way. */
export interface PipelinePromise<O = PipelineOptions>
  extends Promise<PipelineResult<O>>,
    AsyncIterable<RunItem<O>> {
  /** The programs while they run, in order. */
  readonly children: ChildWithExtras<node.ChildProcess>[];
  /** As that of `run()`, of the last stage. */
  [Symbol.asyncIterator](): RunIterator<RunItem<O>>;
}

/** The ways to call `pipeline()`. */
export interface Pipeline {
  /**
   * Runs several programs at once, each reading what the one before it writes.
   *
   * @throws at once: what `run()` throws. All else is a rejection, {@link RunError}.
   */
  (stages: readonly Stage[]): PipelinePromise<Record<never, never>>;
  /**
   * Runs several programs at once, each reading what the one before it writes, with options for all.
   *
   * @throws at once: what `run()` throws. All else is a rejection, {@link RunError}.
   */
  <const O extends PipelineOptions>(
    stages: readonly Stage[],
    options: O | undefined,
  ): PipelinePromise<O>;
}

/**
 * A failure of `run()`, `runSync()` or `pipeline()`: it has all that the result would have. That of a pipeline has
 * `stages`, and what is of one program alone (`args`, `pid`, `usage`, ...) is undefined.
 */
export interface RunError extends Error, Omit<RunResult, 'args' | 'cause' | 'dropped'> {
  name: 'RunError';
  /** The arguments, as text; undefined of a pipeline. */
  args?: string[];
  /** How many bytes of each output are missing, with `maxBuffer: { head, tail }`; undefined of a pipeline. */
  dropped?: RunResult['dropped'];
  /** What went wrong, beside how the program ended. */
  cause?: unknown;
  /** Of a pipeline: how each stage came out. */
  stages?: StageResult[];
  /** Of a pipeline: the index of the stage that failed first. */
  stage?: number;
}

/** The class of {@link RunError}, for `instanceof`. */
export interface RunErrorConstructor {
  /** What all of them have. */
  readonly prototype: RunError;
  /** Not for programs to call. */
  new (message: string, result: object): RunError;
}

/** The class of all failures of `run()`, `runSync()` and `pipeline()`. */
export const RunError: RunErrorConstructor;
