// What a child of ours has, and can be asked for, beyond Node's. Each concern is declared in a file of
// its own, and joined here.

import type { DieWithParentOptions } from './die-with-parent.js';
import type { LimitOptions, UsageMethods } from './limits.js';
import type { TreeMethods, TreeOptions } from './trees.js';

/** What `kill()` is given beyond the signal. */
export interface KillOptions {
  /**
   * Milliseconds from the signal to SIGKILL, if the child, or with `tree: true` any process of its tree, has
   * not ended by then; true for 5000, false for never. It is sent by a thread of its own. Default: the
   * option `forceKillAfter` that the child was started with, for signals that ask for an end.
   */
  forceKillAfter?: number | boolean | undefined;
}

/** Methods of a child that Node's `ChildProcess` does not have; there where `native` is true. */
export interface ChildExtras extends TreeMethods, UsageMethods {
  /**
   * Sends a signal (default: `'SIGTERM'`), with `tree: true` to all processes of the tree, also after the exit
   * of the child.
   *
   * @returns whether it was sent
   * @throws `ERR_UNKNOWN_SIGNAL`; `ERR_INVALID_ARG_TYPE` and `ERR_OUT_OF_RANGE` for wrong options
   */
  kill(signal?: NodeJS.Signals | number, options?: KillOptions): boolean;
}

/** A child of a type of Node's, with what ours has beyond it. */
export type ChildWithExtras<Child> = Child & ChildExtras;

/** Options beyond Node's of `spawn()`, `fork()`, `exec()` and `execFile()`; used where `native` is true. */
export interface ExtraOptions extends TreeOptions, LimitOptions, DieWithParentOptions {}
