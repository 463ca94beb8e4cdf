// fork(): as Node's without type arguments; with them, messages have types.

import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  type ChildWithExtras,
  type ForkedProcess,
  type ForkOptions,
  fork,
  type SendHandle,
  type Serializable,
} from 'sprog';
import { type Equal, fits, is } from './check.js';

export const plain = fork('w.js');
is<Equal<typeof plain, ChildWithExtras<ChildProcess>>>();
is<Equal<ReturnType<typeof plain.send>, boolean>>();
fits<ChildProcess>(fork(new URL('file:///w.js'), ['a'], { execArgv: ['--no-warnings'] }));
fits<ChildProcess>(fork('w.js', undefined, { serialization: 'advanced', detached: true }));
plain.on('message', (message, sendHandle) => {
  is<Equal<typeof message, Serializable>>();
  is<Equal<typeof sendHandle, SendHandle>>();
});

// Streams.
export declare const options: ForkOptions;
export declare const isSilent: boolean;
export const silent = fork('w.js', [], { silent: true });
export const silentShort = fork('w.js', { silent: true });
export const tuple = fork('w.js', [], { stdio: ['ignore', 'pipe', 'fifo', 'ipc'] });
export const word = fork('w.js', { stdio: 'ignore' });
is<Equal<typeof silent, ChildWithExtras<ChildProcessWithoutNullStreams>>>();
is<Equal<typeof silentShort, ChildWithExtras<ChildProcessWithoutNullStreams>>>();
is<Equal<typeof tuple.stdin, Writable | null>>();
is<Equal<typeof tuple.stdout, Readable>>();
is<Equal<typeof tuple.stderr, Readable>>();
is<Equal<typeof word, ChildWithExtras<ChildProcess>>>();
is<Equal<ReturnType<typeof one>, ChildWithExtras<ChildProcess>>>();
export function one() {
  return fork('w.js', [], options);
}
fits<Writable | null>(fork('w.js', { silent: isSilent }).stdin);

// Messages.
type Job = { id: number; path: string };
type Result = { id: number; ok: boolean } | 'ready';
export const typed = fork<Result, Job>('w.js', ['a'], { serialization: 'advanced' });
is<Equal<typeof typed, ForkedProcess<Result, Job>>>();
fits<ChildProcess>(typed);
fits<boolean>(typed.send({ id: 1, path: '/' }));
typed.send({ id: 1, path: '/' }, (error) => is<Equal<typeof error, Error | null>>());
export declare const socket: Socket;
typed.send({ id: 1, path: '/' }, socket);
typed.send({ id: 1, path: '/' }, socket, { keepOpen: true }, () => {});
typed
  .on('message', (message, sendHandle) => {
    is<Equal<typeof message, Result>>();
    is<Equal<typeof sendHandle, SendHandle>>();
  })
  .once('message', (message) => is<Equal<typeof message, Result>>())
  .prependListener('message', (message) => is<Equal<typeof message, Result>>())
  .prependOnceListener('message', (message) => is<Equal<typeof message, Result>>())
  .addListener('exit', (code, signal) => {
    is<Equal<typeof code, number | null>>();
    is<Equal<typeof signal, NodeJS.Signals | null>>();
  })
  .on('error', (error) => is<Equal<typeof error, Error>>())
  .on('disconnect', () => {})
  .on('another', (first, second) => fits<unknown[]>([first, second]))
  .send({ id: 2, path: '/' });
typed.on(Symbol.for('x'), () => {});
typed.off('message', () => {});

export const incomingOnly = fork<Result>('w.js');
incomingOnly.send({ anything: true });
incomingOnly.on('message', (message) => is<Equal<typeof message, Result>>());
fits<ForkedProcess<number[], string>>(fork<number[], string>('w.js', { silent: true }));

// @ts-expect-error: not a Job
typed.send({ id: 'one' });
// @ts-expect-error: nothing to send
typed.send();
// @ts-expect-error: not what comes in
typed.on('message', (message: Job) => message);
// @ts-expect-error: a listener of 'exit' gets a number or null
typed.once('exit', (code: string) => code);
// @ts-expect-error: what is sent must be serialisable
fork<Result, symbol>('w.js');
// @ts-expect-error: no message is undefined
plain.send(undefined);
// @ts-expect-error: a module is a path or a URL
fork(1);
// @ts-expect-error: no such word
fork('w.js', [], { stdio: 'pipes' });
// @ts-expect-error: fork() has no 'fifo' for all three
fork('w.js', [], { stdio: 'fifo' });
// @ts-expect-error: the option is called execArgv
fork('w.js', [], { execArgs: [] });
// @ts-expect-error: it may be null, and is
tuple.stdin.end();
// @ts-expect-error: it may be null
plain.stdout.resume();
