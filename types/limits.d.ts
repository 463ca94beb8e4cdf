// What a child is held to, and what it used: the options and the methods that Node does not have.
// docs/limits-and-bills.md tells by what means each limit is kept.

/**
 * Limits of a child; what is left out is that of this process. Whole numbers.
 *
 * `memory` and `processes` hold for the child with all its descendants, the others for each process by
 * itself.
 */
export interface Limits {
  /**
   * Bytes, at least 1 MiB. The kernel kills a process of the child's family (`SIGKILL`, `child.oomKilled`) that
   * needs more than this for all of them together; there is no swap beyond. Needs a control group.
   *
   * A Node or Go program knows nothing of it by itself: give `--max-old-space-size` or `GOMEMLIMIT` too.
   */
  memory?: number | null | undefined;
  /**
   * How many processes there may be at once, the child among them. Threads count: a Node needs about a dozen.
   * One more cannot be started (`EAGAIN`). Needs a control group, or a child that is not root; then all
   * processes of its user count.
   */
  processes?: number | null | undefined;
  /** Seconds of CPU time; then `SIGXCPU`, and a second later `SIGKILL`. Infinity: none. */
  cpuTime?: number | null | undefined;
  /** Descriptors that may be open: one more than the highest number. */
  openFiles?: number | null | undefined;
  /** Bytes of the longest file that may be written; then `SIGXFSZ`, or `EFBIG`. Infinity: any. */
  fileSize?: number | null | undefined;
  /** Bytes of a core file; 0 for none. Infinity: any. */
  core?: number | null | undefined;
  /** Bytes of the stack of the first thread; a quarter of it is what arguments may take. Infinity: any. */
  stack?: number | null | undefined;
}

/** Options by which a child is held to less than its parent. No options of Node's. */
export interface LimitOptions {
  /**
   * Default: none.
   *
   * An unknown name is refused with `ERR_INVALID_ARG_VALUE`, a value that cannot be meant with
   * `ERR_OUT_OF_RANGE`; a limit for which this machine has no means with `ERR_SPROG_LIMIT_UNAVAILABLE`, whose
   * `limit` and `reason` say which and why. Nothing is started then. What the kernel refuses (raising a
   * limit that only root may raise) is thrown as `EPERM`.
   */
  limits?: Limits | null | undefined;
  /**
   * Priority from -20 (first) to 19 (last), as nice(1). Default: that of this process. Less than that only root
   * may have: `EPERM`.
   */
  nice?: number | null | undefined;
  /**
   * Numbers of the processors that the child may run on. Default: those of this process. One that the machine
   * does not have is refused with `ERR_OUT_OF_RANGE`, one that this process may not have with `EINVAL`.
   */
  affinity?: readonly number[] | null | undefined;
  /**
   * Permissions that files are made without; a number from 0 to 0o777, or its octal digits. Default: that of
   * this process.
   */
  umask?: number | string | null | undefined;
  /**
   * Keeps the child and its descendants from getting more privileges by exec: set-id bits and file capabilities
   * count for nothing. Default: false.
   */
  noNewPrivileges?: boolean | null | undefined;
  /**
   * `'exact'`: the peak memory in `child.resourceUsage()` is the child's to the page. The child is then started
   * by a small program between, which costs 0.2 to 0.4 ms. Where that cannot be made in memory,
   * `ERR_SPROG_EXACT_USAGE_UNAVAILABLE` is thrown and nothing is started. Default: what can be known without.
   */
  usage?: 'exact' | null | undefined;
}

/** How the peak in {@link ChildResourceUsage} was had. */
export type PeakMemorySource =
  /** The control group counted (`limits.memory`): all processes in it together, with their file cache. */
  | 'cgroup'
  /** The kernel's bill: the largest of the child and of the descendants that were waited for. */
  | 'rusage'
  /** As `'rusage'`, with `usage: 'exact'`. */
  | 'exact'
  /** The child had less than this process, which hides it; the most that `child.usage()` saw. */
  | 'sampled'
  /** The child had less than this process, and nobody looked: `maxRSS` is 0. */
  | 'unknown';

/** What a child used, with its descendants that were waited for. Fields as in `process.resourceUsage()`. */
export interface ChildResourceUsage extends NodeJS.ResourceUsage {
  /** KiB: the most memory that was used at once; `peakMemorySource` tells by whom. 0 where unknown. */
  maxRSS: number;
  /** How `maxRSS` was had. */
  peakMemorySource: PeakMemorySource;
}

/** What a child uses at this moment. */
export interface ChildUsage {
  /** Microseconds of CPU time, in steps of 10 ms; with that of its children that ended and were waited for. */
  cpu: { user: number; system: number };
  /** Bytes of memory. */
  rss: number;
  /** Of all those processes together. */
  threads: number;
  /** 1, or with `tree: true` how many there are. */
  processes: number;
}

/** What a ChildProcess has beyond Node's, about what it uses. */
export interface UsageMethods {
  /**
   * What the child uses now, with `tree: true` all of its tree; undefined where nothing runs. Each call reads
   * /proc.
   */
  usage(): ChildUsage | undefined;
  /**
   * What the child used; from its 'exit' on. Undefined before, and where the child was not started or somebody
   * else has reaped it.
   */
  resourceUsage(): ChildResourceUsage | undefined;
  /**
   * Whether a process was killed because `limits.memory` was met. Undefined before the exit, and without that
   * limit: then nobody tells why there was a SIGKILL.
   */
  readonly oomKilled: boolean | undefined;
}
