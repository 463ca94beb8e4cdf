// What a child of ours has, and can be asked for, beyond Node's. Each concern is declared in a file of
// its own, and joined here.

import type { DieWithParentOptions } from './die-with-parent.js';
import type { LimitOptions, UsageMethods } from './limits.js';
import type { TreeMethods, TreeOptions } from './trees.js';

/** Methods of a child that Node's `ChildProcess` does not have; there where `native` is true. */
export interface ChildExtras extends TreeMethods, UsageMethods {}

/** A child of a type of Node's, with what ours has beyond it. */
export type ChildWithExtras<Child> = Child & ChildExtras;

/** Options beyond Node's of `spawn()`, `fork()`, `exec()` and `execFile()`; used where `native` is true. */
export interface ExtraOptions extends TreeOptions, LimitOptions, DieWithParentOptions {}
