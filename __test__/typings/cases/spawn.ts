// spawn(): which streams there are follows from the literal `stdio`.

import { openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import {
  type ChildProcess,
  type ChildProcessByStdio,
  type ChildProcessWithoutNullStreams,
  type ChildWithExtras,
  type SpawnOptions,
  type SpawnOptionsWithoutStdio,
  type StdioElement,
  type StdioOption,
  spawn,
} from 'sprog';
import { type Equal, fits, is } from './check.js';

type All = ChildWithExtras<ChildProcessWithoutNullStreams>;
type By<
  I extends Writable | null,
  O extends Readable | null,
  E extends Readable | null,
> = ChildWithExtras<ChildProcessByStdio<I, O, E>>;
type Input = Writable | null;
type Output = Readable | null;
type Streams<C extends ChildProcess> = [C['stdin'], C['stdout'], C['stderr']];

// Without a `stdio` all three are there, by whichever arguments.
export const plain = spawn('x');
is<Equal<typeof plain, All>>();
fits<Writable>(spawn('x', {}).stdin);
fits<Readable>(spawn('x', ['a']).stdout);
fits<Readable>(spawn('x', [], { cwd: '/', env: {}, timeout: 1, uid: 1 }).stderr);
fits<Readable>(spawn('x', undefined, { shell: '/bin/bash', killSignal: 'SIGKILL' }).stdout);
fits<Readable>(spawn('x', ['a'] as const, { signal: new AbortController().signal }).stdout);
fits<Readable>(spawn('x', { cwd: new URL('file:///'), serialization: 'advanced' }).stdout);
fits<Readable>(spawn('x', [], undefined).stdout);

// Words.
export const words = {
  pipe: spawn('x', { stdio: 'pipe' }),
  overlapped: spawn('x', [], { stdio: 'overlapped' }),
  fifo: spawn('x', { stdio: 'fifo' }),
  fifoArgs: spawn('x', [], { stdio: 'fifo' }),
  inherit: spawn('x', { stdio: 'inherit' }),
  ignore: spawn('x', [], { stdio: 'ignore' }),
  undefined: spawn('x', [], { stdio: undefined }),
};
is<Equal<typeof words.pipe, All>>();
is<Equal<typeof words.overlapped, All>>();
is<Equal<typeof words.fifo, All>>();
is<Equal<typeof words.fifoArgs, All>>();
is<Equal<typeof words.inherit, ChildWithExtras<ChildProcess>>>();
is<Equal<typeof words.ignore, ChildWithExtras<ChildProcess>>>();
is<Equal<typeof words.undefined, All>>();

// Literal arrays, without `as const`: every combination of a stream and none.
export const tuples = {
  ppp: spawn('x', [], { stdio: ['pipe', 'fifo', 'overlapped'] }),
  ppn: spawn('x', [], { stdio: ['pipe', 'pipe', 'inherit'] }),
  pnp: spawn('x', { stdio: ['pipe', 'ignore', 'pipe'] }),
  pnn: spawn('x', { stdio: ['pipe', 'inherit', process.stderr] }),
  npp: spawn('x', [], { stdio: ['ignore', 'pipe', 'pipe'] }),
  npn: spawn('x', [], { stdio: ['ignore', 'pipe', 'inherit'] }),
  nnp: spawn('x', [], { stdio: ['ignore', 'inherit', 'pipe'] }),
  nnn: spawn('x', [], { stdio: ['ignore', 'inherit', 'ignore'] }),
};
is<Equal<typeof tuples.ppp, All>>();
is<Equal<typeof tuples.ppn, By<Writable, Readable, null>>>();
is<Equal<typeof tuples.pnp, By<Writable, null, Readable>>>();
is<Equal<typeof tuples.pnn, By<Writable, null, null>>>();
is<Equal<typeof tuples.npp, By<null, Readable, Readable>>>();
is<Equal<typeof tuples.npn, By<null, Readable, null>>>();
is<Equal<typeof tuples.nnp, By<null, null, Readable>>>();
is<Equal<typeof tuples.nnn, By<null, null, null>>>();

// Every form of an element.
export declare const handle: { fd: number };
export const elements = {
  numbers: spawn('x', [], { stdio: [0, 'pipe', 2] }),
  negative: spawn('x', [], { stdio: [-1, 1, -1] }),
  opened: spawn('x', [], { stdio: ['pipe', openSync('/dev/null', 'w'), 'pipe'] }),
  streams: spawn('x', [], { stdio: [process.stdin, 'pipe', process.stderr] }),
  handles: spawn('x', [], { stdio: [handle, 'pipe', 'pipe'] }),
  nullish: spawn('x', [], { stdio: [null, undefined, 'ignore'] }),
  fifos: spawn('x', [], { stdio: ['fifo', 'fifo', 'inherit'] }),
  channel: spawn('x', [], { stdio: ['ipc', 'pipe', 'pipe'] }),
  extras: spawn('x', [], { stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe', 5, null] }),
  short: spawn('x', [], { stdio: ['ignore'] }),
  shorter: spawn('x', [], { stdio: ['ignore', 'inherit'] }),
  empty: spawn('x', [], { stdio: [] }),
  constant: spawn('x', [], { stdio: ['ignore', 'pipe', 'inherit'] } as const),
};
is<Equal<Streams<typeof elements.numbers>, [Input, Readable, Output]>>();
is<Equal<Streams<typeof elements.negative>, [Writable, Output, Readable]>>();
is<Equal<Streams<typeof elements.opened>, [Writable, Output, Readable]>>();
is<Equal<Streams<typeof elements.streams>, [null, Readable, null]>>();
is<Equal<Streams<typeof elements.handles>, [Input, Readable, Readable]>>();
is<Equal<Streams<typeof elements.nullish>, [Writable, Readable, null]>>();
is<Equal<Streams<typeof elements.fifos>, [Writable, Readable, null]>>();
is<Equal<Streams<typeof elements.channel>, [Input, Readable, Readable]>>();
is<Equal<Streams<typeof elements.extras>, [Input, Readable, Readable]>>();
is<Equal<Streams<typeof elements.short>, [Input, Readable, Readable]>>();
is<Equal<Streams<typeof elements.shorter>, [Input, Output, Readable]>>();
is<Equal<Streams<typeof elements.empty>, [Writable, Readable, Readable]>>();
is<Equal<Streams<typeof elements.constant>, [null, Readable, null]>>();

// What is not known leaves both open.
export declare const quiet: boolean;
export declare const some: {
  node: SpawnOptions;
  piped: SpawnOptionsWithoutStdio;
  array: StdioElement[];
  option: StdioOption;
  maybe: { stdio?: 'inherit' };
};
export const open = {
  word: spawn('x', [], { stdio: quiet ? 'ignore' : 'pipe' }),
  element: spawn('x', [], { stdio: ['ignore', quiet ? 'pipe' : 'inherit', 'pipe'] }),
  maybe: spawn('x', [], { stdio: quiet ? 'inherit' : undefined }),
  node: spawn('x', some.node),
  nodeArgs: spawn('x', [], some.node),
  piped: spawn('x', [], some.piped),
  array: spawn('x', [], { stdio: some.array }),
  option: spawn('x', { stdio: some.option }),
  optional: spawn('x', [], some.maybe),
};
is<Equal<typeof open.word, ChildWithExtras<ChildProcess>>>();
is<Equal<Streams<typeof open.element>, [null, Readable | null, Readable]>>();
is<Equal<typeof open.maybe, ChildWithExtras<ChildProcess>>>();
is<Equal<typeof open.node, ChildWithExtras<ChildProcess>>>();
is<Equal<typeof open.nodeArgs, ChildWithExtras<ChildProcess>>>();
is<Equal<typeof open.piped, All>>();
is<Equal<typeof open.array, ChildWithExtras<ChildProcess>>>();
is<Equal<typeof open.option, ChildWithExtras<ChildProcess>>>();
is<Equal<typeof open.optional, ChildWithExtras<ChildProcess>>>();

// What compiles with Node's types compiles here: a stream is null only where it is null there.
words.inherit.stdout?.on('data', () => {});
words.ignore.stdin?.end();
elements.numbers.stdin?.end();
elements.channel.stdin?.end();

// Whatever comes back is a ChildProcess, in its stdio array too.
fits<ChildProcess>(tuples.npn);
fits<null>(tuples.npn.stdio[0]);
fits<Readable>(tuples.npn.stdio[1]);
fits<number | null>(tuples.npn.exitCode);
tuples.npn.on('close', (code, signal) => {
  is<Equal<typeof code, number | null>>();
  is<Equal<typeof signal, NodeJS.Signals | null>>();
});

// @ts-expect-error: stdin is null
tuples.npn.stdin.end();
// @ts-expect-error: stderr is null
tuples.npn.stderr.on('data', () => {});
// @ts-expect-error: nobody knows from Node's types that it is null
words.inherit.stdout.pipe(process.stdout);
// @ts-expect-error: it may be null
open.word.stdout.resume();
// @ts-expect-error: it may be null
open.optional.stdout.resume();
// @ts-expect-error: no such word
spawn('x', [], { stdio: 'pipes' });
// @ts-expect-error: no such element
spawn('x', [], { stdio: ['ignore', 'pipes', 'inherit'] });
// @ts-expect-error: 'ipc' is an element, not a word
spawn('x', [], { stdio: 'ipc' });
// @ts-expect-error: bytes are no element
spawn('x', { stdio: [new Uint8Array(1)] });
// @ts-expect-error: the option is called timeout
spawn('x', [], { timout: 5 });
// @ts-expect-error: also next to a stdio
spawn('x', [], { stdio: ['ignore', 'pipe', 'inherit'], timout: 5 });
// @ts-expect-error: milliseconds are a number
spawn('x', { timeout: '5' });
// @ts-expect-error: arguments are an array
spawn('x', 'y');
// @ts-expect-error: arguments are strings
spawn('x', [1]);
// @ts-expect-error: a command is a string
spawn(['x']);
// @ts-expect-error: there is no callback
spawn('x', [], () => {});
// @ts-expect-error: no such signal
spawn('x', { killSignal: 'SIGNOT' });
// @ts-expect-error: no such serialization
spawn('x', { serialization: 'yaml' });
