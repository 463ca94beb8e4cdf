// spawnSync, execSync and execFileSync: the ways to call them, each with what an editor shows of it.

import type * as node from 'node:child_process';
import type { OutputBuffer, OutputOf } from './async.js';
import type {
  ExecFileSyncOptions,
  ExecSyncOptions,
  SpawnSyncOptions,
  SyncEncoding,
  SyncOptionsOf,
  SyncOptionsWithoutEncoding,
} from './options.js';

/** The ways to call `spawnSync()`. */
export interface SpawnSync {
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
   * Runs a program, waits for it, and returns its outputs in an encoding. What the program does is never
   * thrown: see `status`, `signal` and `error` of the result.
   *
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all
   * @returns `stdout` and `stderr` are null where `stdio` does not pipe them
   * @throws for wrong arguments as `spawn()` does, `ERR_IPC_SYNC_FORK` for `'ipc'`
   */
  <const E extends SyncEncoding>(
    command: string,
    options: SyncOptionsOf<SpawnSyncOptions, E>,
  ): node.SpawnSyncReturns<OutputOf<E>>;
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
   * Runs a program, waits for it, and returns its outputs in an encoding. What the program does is never
   * thrown: see `status`, `signal` and `error` of the result.
   *
   * @param args given to the program as they are; no shell reads them, unless there is one
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all
   * @returns `stdout` and `stderr` are null where `stdio` does not pipe them
   * @throws for wrong arguments as `spawn()` does, `ERR_IPC_SYNC_FORK` for `'ipc'`
   */
  <const E extends SyncEncoding>(
    command: string,
    args: readonly string[] | undefined,
    options: SyncOptionsOf<SpawnSyncOptions, E>,
  ): node.SpawnSyncReturns<OutputOf<E>>;
}

/** The ways to call `execSync()`. */
export interface ExecSync {
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
   * Runs a command in a shell, waits for it, and returns its stdout in an encoding.
   *
   * @param command a shell reads it: never put text into it that you did not write
   * @param options defaults: no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all; stderr is written to
   *   that of this process
   * @returns null where `stdio` does not pipe stdout
   * @throws unless the status is 0; the error has all that `spawnSync()` returns
   */
  <const E extends SyncEncoding>(
    command: string,
    options: SyncOptionsOf<ExecSyncOptions, E>,
  ): OutputOf<E>;
}

/** The ways to call `execFileSync()`. */
export interface ExecFileSync {
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
   * Runs a program without a shell, waits for it, and returns its stdout in an encoding.
   *
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all; stderr
   *   is written to that of this process
   * @returns null where `stdio` does not pipe stdout
   * @throws unless the status is 0; the error has all that `spawnSync()` returns
   */
  <const E extends SyncEncoding>(
    file: string,
    options: SyncOptionsOf<ExecFileSyncOptions, E>,
  ): OutputOf<E>;
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
   * Runs a program without a shell, waits for it, and returns its stdout in an encoding.
   *
   * @param args given to the program as they are; no shell reads them, unless there is one
   * @param options defaults: no `shell`, no `timeout`, a `maxBuffer` of 1024 * 1024 bytes in all; stderr
   *   is written to that of this process
   * @returns null where `stdio` does not pipe stdout
   * @throws unless the status is 0; the error has all that `spawnSync()` returns
   */
  <const E extends SyncEncoding>(
    file: string,
    args: readonly string[] | undefined,
    options: SyncOptionsOf<ExecFileSyncOptions, E>,
  ): OutputOf<E>;
}
