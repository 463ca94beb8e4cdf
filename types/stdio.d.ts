// The `stdio` option as a type, and what it makes of the streams of a child.

import type {
  ChildProcess,
  ChildProcessByStdio,
  ChildProcessWithoutNullStreams,
  IOType,
} from 'node:child_process';
import type { Readable, Stream, Writable } from 'node:stream';
import type { ChildWithExtras } from './child.js';

/**
 * What one descriptor of a child is connected to:
 * - `'pipe'`, `'overlapped'`, `null`, `undefined`: a stream of ours (from index 3 up, the last two
 *   mean `'ignore'`)
 * - `'fifo'`: the same over a pipe instead of a socket, so that the child can open `/dev/stdin`; where
 *   the addon is not in use it is refused (`ERR_INVALID_ARG_VALUE`)
 * - `'ignore'`: `/dev/null`
 * - `'inherit'`, a number, a stream with a descriptor: shared with this process
 * - `'ipc'`: the message channel, at most one
 */
export type StdioElement =
  | IOType
  | 'fifo'
  | 'ipc'
  | Stream
  | { fd: number }
  | number
  | null
  | undefined;

/** The whole `stdio` option: one word for the first three descriptors, or an element for each. */
export type StdioOption = IOType | 'fifo' | readonly StdioElement[];

/** Elements that give a stream on our side. A negative number, which means a pipe too, is not here. */
type PipeElement = 'pipe' | 'overlapped' | 'fifo' | null | undefined;

/** The element at `Index` of a `stdio` option. A word stands at each; what an array lacks is undefined. */
type ElementAt<S, Index extends '0' | '1' | '2'> = S extends readonly unknown[]
  ? Index extends keyof S
    ? S[Index]
    : number extends S['length']
      ? S[number] | undefined
      : undefined
  : S;

/** The tuples for which Node's own types say that a stream is null. */
type KnownTuple = readonly [KnownElement, KnownElement, KnownElement];
type KnownElement = PipeElement | 'ignore' | 'inherit' | Stream;

/**
 * What stands in `child.stdio` for an element: the stream where there is sure to be one. Where there is
 * sure to be none it is `Absent`: `child.stdout?.on(...)` must compile wherever it does with Node's types.
 */
type EndOf<Element, Pipe, Absent> = Element extends PipeElement
  ? Pipe
  : Element extends number
    ? `${Element}` extends `-${string}`
      ? Pipe
      : Absent
    : Absent;

// Without `strict` null may stand for a stream, so that it is asked first whether a stream may stand here.
type ByEnds<
  In extends Writable | null,
  Out extends Readable | null,
  Err extends Readable | null,
> = [Writable, Readable, Readable] extends [In, Out, Err]
  ? [In, Out, Err] extends [Writable, Readable, Readable]
    ? ChildWithExtras<ChildProcessWithoutNullStreams>
    : [Writable | null, Readable | null, Readable | null] extends [In, Out, Err]
      ? ChildWithExtras<ChildProcess>
      : ChildWithExtras<ChildProcessByStdio<In, Out, Err>>
  : ChildWithExtras<ChildProcessByStdio<In, Out, Err>>;

/**
 * The child that a `stdio` option makes: `stdin`, `stdout` and `stderr` are streams where it says so,
 * null where it says so in the form in which Node's types tell it too (`['ignore', 'pipe', 'inherit']`),
 * and else either.
 */
export type ChildProcessOf<S> = [S] extends [KnownTuple]
  ? ByEnds<
      EndOf<ElementAt<S, '0'>, Writable, null>,
      EndOf<ElementAt<S, '1'>, Readable, null>,
      EndOf<ElementAt<S, '2'>, Readable, null>
    >
  : OpenChildProcessOf<S>;

/**
 * The same, for fork, whose streams Node's types never say to be null. A conditional type, by whose name a compiler
 * calls it in declarations as long as `S` is not known.
 */
export type OpenChildProcessOf<S> = [S] extends [unknown]
  ? ByEnds<
      EndOf<ElementAt<S, '0'>, Writable, Writable | null>,
      EndOf<ElementAt<S, '1'>, Readable, Readable | null>,
      EndOf<ElementAt<S, '2'>, Readable, Readable | null>
    >
  : never;
