// Every type that node:child_process exports is exported here, and each may stand for the other.

import type * as node from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type * as sprog from 'sprog';
import { type Equal, is } from './check.js';

/** True if a value of either may be used as one of the other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

is<Same<sprog.ChildProcess, node.ChildProcess>>();
is<Same<sprog.ChildProcessWithoutNullStreams, node.ChildProcessWithoutNullStreams>>();
is<
  Same<
    sprog.ChildProcessByStdio<null, Readable, null>,
    node.ChildProcessByStdio<null, Readable, null>
  >
>();
is<Equal<sprog.Serializable, node.Serializable>>();
is<Equal<sprog.SendHandle, node.SendHandle>>();
is<Equal<sprog.IOType, node.IOType>>();
is<Equal<sprog.StdioOptions, node.StdioOptions>>();
is<Equal<sprog.StdioNull, node.StdioNull>>();
is<Equal<sprog.StdioPipe, node.StdioPipe>>();
is<Equal<sprog.StdioPipeNamed, node.StdioPipeNamed>>();
is<Equal<sprog.SerializationType, node.SerializationType>>();
is<Same<sprog.MessageOptions, node.MessageOptions>>();
is<Same<sprog.Control, node.Control>>();
is<Same<sprog.PromiseWithChild<Writable>, node.PromiseWithChild<Writable>>>();
is<Same<sprog.SpawnSyncReturns<string>, node.SpawnSyncReturns<string>>>();
is<Same<sprog.ExecException, node.ExecException>>();
is<Same<sprog.ExecFileException, node.ExecFileException>>();

is<Same<sprog.ProcessEnvOptions, node.ProcessEnvOptions>>();
is<Same<sprog.CommonOptions, node.CommonOptions>>();
is<Same<sprog.MessagingOptions, node.MessagingOptions>>();
is<Same<sprog.CommonSpawnOptions, node.CommonSpawnOptions>>();
is<Same<sprog.SpawnOptions, node.SpawnOptions>>();
is<Same<sprog.SpawnOptionsWithoutStdio, node.SpawnOptionsWithoutStdio>>();
is<
  Same<
    sprog.SpawnOptionsWithStdioTuple<'pipe', 'inherit', null>,
    node.SpawnOptionsWithStdioTuple<'pipe', 'inherit', null>
  >
>();
is<Same<sprog.ForkOptions, node.ForkOptions>>();
is<Same<sprog.ExecOptions, node.ExecOptions>>();
is<Same<sprog.ExecOptionsWithStringEncoding, node.ExecOptionsWithStringEncoding>>();
is<Same<sprog.ExecOptionsWithBufferEncoding, node.ExecOptionsWithBufferEncoding>>();
is<Same<sprog.ExecFileOptions, node.ExecFileOptions>>();
is<Same<sprog.ExecFileOptionsWithStringEncoding, node.ExecFileOptionsWithStringEncoding>>();
is<Same<sprog.ExecFileOptionsWithBufferEncoding, node.ExecFileOptionsWithBufferEncoding>>();
is<Same<sprog.ExecFileOptionsWithOtherEncoding, node.ExecFileOptionsWithOtherEncoding>>();
is<Same<sprog.SpawnSyncOptions, node.SpawnSyncOptions>>();
is<Same<sprog.SpawnSyncOptionsWithStringEncoding, node.SpawnSyncOptionsWithStringEncoding>>();
is<Same<sprog.SpawnSyncOptionsWithBufferEncoding, node.SpawnSyncOptionsWithBufferEncoding>>();
is<Same<sprog.CommonExecOptions, node.CommonExecOptions>>();
is<Same<sprog.ExecSyncOptions, node.ExecSyncOptions>>();
is<Same<sprog.ExecSyncOptionsWithStringEncoding, node.ExecSyncOptionsWithStringEncoding>>();
is<Same<sprog.ExecSyncOptionsWithBufferEncoding, node.ExecSyncOptionsWithBufferEncoding>>();
is<Same<sprog.ExecFileSyncOptions, node.ExecFileSyncOptions>>();
is<Same<sprog.ExecFileSyncOptionsWithStringEncoding, node.ExecFileSyncOptionsWithStringEncoding>>();
is<Same<sprog.ExecFileSyncOptionsWithBufferEncoding, node.ExecFileSyncOptionsWithBufferEncoding>>();
