// The option `dieWithParent`.

/** The option of `spawn()`, `fork()`, `exec()` and `execFile()` that ties a child to this process. */
export interface DieWithParentOptions {
  /**
   * Ends the child and its whole tree by SIGKILL when this process ends, however it does: by exit, by a
   * crash, by SIGKILL. A worker thread that ends does not count. Default: false.
   *
   * A guard sees to it: a process of its own, `sprog-guard`, one for the program, which is started with
   * the first such child and ends with the program. It is told of a child before that executes anything,
   * and replaced when it dies. The child gets a variable `SPROG_TREE`. Without `tree`, `kill()` and
   * all else act on the child alone.
   *
   * Refused with `ERR_INVALID_ARG_TYPE` where it is no boolean, and with `ERR_INVALID_ARG_VALUE` together
   * with `detached`. Where no guard can be had, `ERR_SPROG_GUARD` is thrown and nothing is started: `step`
   * says what failed (`'tree'`, `'image'`, `'socket'`, `'exec'`, `'ready'`,
   * `'thread'` or `'enrol'`), `cause` why.
   */
  dieWithParent?: boolean | null | undefined;
}
