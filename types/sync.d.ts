// spawnSync, execSync and execFileSync: the ways to call them, each with what an editor shows of it. Strings come
// first, so that options that are any give them, as they do with Node's types.

import type * as node from 'node:child_process';
import type { OutputBuffer } from './async.js';
import type {
  ExecFileSyncOptions,
  ExecSyncOptions,
  SpawnSyncOptions,
  SyncOptionsWithFifo,
  SyncOptionsWithoutEncoding,
  SyncOptionsWithStringEncoding,
} from './options.js';

/** The ways to call `spawnSync()`. */
export interface SpawnSync {
  /**
   * Runs a program, waits for it, and returns its outputs as strings. What the program does is never
   * thrown: see `status`, `signal` and `error` of the result.
   *
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all
   * @returns `stdout` and `stderr` are null where `stdio` does not pipe them
   * @throws for wrong arguments as `spawn()` does, `ERR_IPC_SYNC_FORK` for `'ipc'`
   */
  (
    command: string,
    options: SyncOptionsWithStringEncoding<SpawnSyncOptions>,
  ): node.SpawnSyncReturns<string>;
  /**
   * Runs a program, waits for it, and returns its outputs as Buffers. What the program does is never
   * thrown: see `status`, `signal` and `error` of the result.
   *
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all
   * @returns `stdout` and `stderr` are null where `stdio` does not pipe them
   * @throws for wrong arguments as `spawn()` does, `ERR_IPC_SYNC_FORK` for `'ipc'`
   */
  (
    command: string,
    options?: SyncOptionsWithoutEncoding<SpawnSyncOptions>,
  ): node.SpawnSyncReturns<OutputBuffer>;
  /**
   * Runs a program, waits for it, and returns its outputs as the encoding says. What the program does is never
   * thrown: see `status`, `signal` and `error` of the result.
   *
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all
   * @returns `stdout` and `stderr` are null where `stdio` does not pipe them
   * @throws for wrong arguments as `spawn()` does, `ERR_IPC_SYNC_FORK` for `'ipc'`
   */
  (
    command: string,
    options: SyncOptionsWithFifo<SpawnSyncOptions>,
  ): node.SpawnSyncReturns<string | OutputBuffer>;
  /**
   * Runs a program, waits for it, and returns its outputs as strings. What the program does is never
   * thrown: see `status`, `signal` and `error` of the result.
   *
   * @param args given to the program as they are; no shell reads them, unless there is one
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all
   * @returns `stdout` and `stderr` are null where `stdio` does not pipe them
   * @throws for wrong arguments as `spawn()` does, `ERR_IPC_SYNC_FORK` for `'ipc'`
   */
  (
    command: string,
    args: readonly string[] | undefined,
    options: SyncOptionsWithStringEncoding<SpawnSyncOptions>,
  ): node.SpawnSyncReturns<string>;
  /**
   * Runs a program, waits for it, and returns its outputs as Buffers. What the program does is never
   * thrown: see `status`, `signal` and `error` of the result.
   *
   * @param args given to the program as they are; no shell reads them, unless there is one
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all
   * @returns `stdout` and `stderr` are null where `stdio` does not pipe them
   * @throws for wrong arguments as `spawn()` does, `ERR_IPC_SYNC_FORK` for `'ipc'`
   */
  (
    command: string,
    args?: readonly string[],
    options?: SyncOptionsWithoutEncoding<SpawnSyncOptions>,
  ): node.SpawnSyncReturns<OutputBuffer>;
  /**
   * Runs a program, waits for it, and returns its outputs as the encoding says. What the program does is never
   * thrown: see `status`, `signal` and `error` of the result.
   *
   * @param args given to the program as they are; no shell reads them, unless there is one
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all
   * @returns `stdout` and `stderr` are null where `stdio` does not pipe them
   * @throws for wrong arguments as `spawn()` does, `ERR_IPC_SYNC_FORK` for `'ipc'`
   */
  (
    command: string,
    args: readonly string[] | undefined,
    options: SyncOptionsWithFifo<SpawnSyncOptions>,
  ): node.SpawnSyncReturns<string | OutputBuffer>;
}

/** The ways to call `execSync()`. */
export interface ExecSync {
  /**
   * Runs a command in a shell, waits for it, and returns its stdout as a string.
   *
   * @param command a shell reads it: never put text into it that you did not write
   * @param options defaults: no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all; stderr is written to
   *   that of this process
   * @returns null where `stdio` does not pipe stdout
   * @throws unless the status is 0; the error has all that `spawnSync()` returns
   */
  (command: string, options: SyncOptionsWithStringEncoding<ExecSyncOptions>): string;
  /**
   * Runs a command in a shell, waits for it, and returns its stdout as a Buffer.
   *
   * @param command a shell reads it: never put text into it that you did not write
   * @param options defaults: no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all; stderr is written to
   *   that of this process
   * @returns null where `stdio` does not pipe stdout
   * @throws unless the status is 0; the error has all that `spawnSync()` returns
   */
  (command: string, options?: SyncOptionsWithoutEncoding<ExecSyncOptions>): OutputBuffer;
  /**
   * Runs a command in a shell, waits for it, and returns its stdout as the encoding says.
   *
   * @param command a shell reads it: never put text into it that you did not write
   * @param options defaults: no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all; stderr is written to
   *   that of this process
   * @returns null where `stdio` does not pipe stdout
   * @throws unless the status is 0; the error has all that `spawnSync()` returns
   */
  (command: string, options: SyncOptionsWithFifo<ExecSyncOptions>): string | OutputBuffer;
}

/** The ways to call `execFileSync()`. */
export interface ExecFileSync {
  /**
   * Runs a program without a shell, waits for it, and returns its stdout as a string.
   *
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all; stderr
   *   is written to that of this process
   * @returns null where `stdio` does not pipe stdout
   * @throws unless the status is 0; the error has all that `spawnSync()` returns
   */
  (file: string, options: SyncOptionsWithStringEncoding<ExecFileSyncOptions>): string;
  /**
   * Runs a program without a shell, waits for it, and returns its stdout as a Buffer.
   *
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all; stderr
   *   is written to that of this process
   * @returns null where `stdio` does not pipe stdout
   * @throws unless the status is 0; the error has all that `spawnSync()` returns
   */
  (file: string, options?: SyncOptionsWithoutEncoding<ExecFileSyncOptions>): OutputBuffer;
  /**
   * Runs a program without a shell, waits for it, and returns its stdout as the encoding says.
   *
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all; stderr
   *   is written to that of this process
   * @returns null where `stdio` does not pipe stdout
   * @throws unless the status is 0; the error has all that `spawnSync()` returns
   */
  (file: string, options: SyncOptionsWithFifo<ExecFileSyncOptions>): string | OutputBuffer;
  /**
   * Runs a program without a shell, waits for it, and returns its stdout as a string.
   *
   * @param args given to the program as they are; no shell reads them, unless there is one
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all; stderr
   *   is written to that of this process
   * @returns null where `stdio` does not pipe stdout
   * @throws unless the status is 0; the error has all that `spawnSync()` returns
   */
  (
    file: string,
    args: readonly string[] | undefined,
    options: SyncOptionsWithStringEncoding<ExecFileSyncOptions>,
  ): string;
  /**
   * Runs a program without a shell, waits for it, and returns its stdout as a Buffer.
   *
   * @param args given to the program as they are; no shell reads them, unless there is one
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all; stderr
   *   is written to that of this process
   * @returns null where `stdio` does not pipe stdout
   * @throws unless the status is 0; the error has all that `spawnSync()` returns
   */
  (
    file: string,
    args?: readonly string[],
    options?: SyncOptionsWithoutEncoding<ExecFileSyncOptions>,
  ): OutputBuffer;
  /**
   * Runs a program without a shell, waits for it, and returns its stdout as the encoding says.
   *
   * @param args given to the program as they are; no shell reads them, unless there is one
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all; stderr
   *   is written to that of this process
   * @returns null where `stdio` does not pipe stdout
   * @throws unless the status is 0; the error has all that `spawnSync()` returns
   */
  (
    file: string,
    args: readonly string[] | undefined,
    options: SyncOptionsWithFifo<ExecFileSyncOptions>,
  ): string | OutputBuffer;
}
