// The option `tree` and what it gives to a child.

/** The option of `spawn()`, `fork()`, `exec()` and `execFile()` for whole process trees. */
export interface TreeOptions {
  /**
   * Makes one thing of the child and all its descendants, also those that change their group or session,
   * or are forked twice: `kill()`, `timeout`, `signal` and disposing then act on all of them, and
   * `killTree()` ends them. Default: false.
   *
   * They are held by a control group (v2) where one can be made, else found by a walk over /proc; the
   * environment variable `SPROG_TREE_MODE` chooses (`cgroup` or `walk`). The child gets a variable
   * `SPROG_TREE`.
   *
   * Refused with `ERR_INVALID_ARG_VALUE` together with `detached`, and with `ERR_SPROG_TREE_UNAVAILABLE`
   * where neither way is to be had.
   */
  tree?: boolean | null | undefined;
}

/** How `killTree()` is to end the processes. */
export interface KillTreeOptions {
  /** What is sent first: a signal's name or number. Default: `'SIGTERM'`. */
  signal?: NodeJS.Signals | number | undefined;
  /**
   * Milliseconds that all together have to end by that signal; what is left then gets SIGKILL. 0 leaves no
   * time, `Infinity` all. Default: 5000.
   */
  grace?: number | undefined;
}

/** A process that was ended. */
export interface EndedProcess {
  /** Its pid, which may be another's by now. */
  pid: number;
  /** The name of its program when it was found, at most 15 bytes of it. */
  command: string;
}

/** What `killTree()` did. */
export interface EndedTree {
  /** Every process that was found alive, by pid; all have ended. */
  ended: EndedProcess[];
  /** What was sent first. */
  signal: NodeJS.Signals;
  /** Whether some were left after the grace, and got SIGKILL. */
  escalated: boolean;
  /** How they were found. */
  mode: 'cgroup' | 'walk';
}

/** What the option `tree` is for. */
export interface TreeMethods {
  /**
   * Ends the child and all its descendants: sends the signal to each, waits for the grace, and sends
   * SIGKILL to those that are left. Resolves when the last one is gone and the exit of the child has
   * been reported. Goes on while JS is blocked. Works also after the child itself has exited.
   *
   * Rejects with a TypeError `ERR_SPROG_NO_TREE` where the child was started without `tree: true`, with
   * `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE` or `ERR_UNKNOWN_SIGNAL` for wrong options, and with
   * `ERR_SPROG_TREE_REMAINS` where there are processes that this one may not signal: `remaining` has them.
   */
  killTree(options?: KillTreeOptions): Promise<EndedTree>;
  /**
   * What `await using child = spawn(...)` does at the end of the block. Ends the tree, or where there is
   * none the child (SIGTERM, after 5 seconds SIGKILL), closes all streams and the channel, and resolves when
   * 'close' has come.
   */
  [Symbol.asyncDispose](): Promise<void>;
}
