'use strict';
// The faults, and how each operation ends under them: as without, where nothing else is said. An outcome
// with ' / ' is that of the first time and that of later ones.

/** clone(2) as it is called first: CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD. */
const SHARING = 'arg0=20753';
/** mmap(2) of a stack for the child: MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE. */
const STACK = 'arg3=147490';
/** waitid(2) of a pidfd: P_PIDFD. */
const PIDFD = 'arg0=3';
/** Every second call is interrupted, and so has to be made again. */
const INTERRUPTED = 'EINTR every=2';

/** Everything that starts a program fails in one way; Node's: a few errors are events, others thrown. */
function nothingStarts(asEvent, asThrown = asEvent) {
  return {
    spawn: asEvent,
    'spawn, stdio ignored': asEvent,
    'spawn and kill': asEvent,
    exec: asEvent,
    'execFile of 1 MB': asEvent,
    fork: asEvent,
    spawnSync: asThrown,
  };
}

/** The same for what needs a pair of sockets: streams and channels. */
function noStreams(asEvent, asThrown) {
  const { spawn, exec, fork, spawnSync, ...others } = nothingStarts(asEvent, asThrown);
  return { spawn, exec, 'execFile of 1 MB': others['execFile of 1 MB'], fork, spawnSync };
}

/** Only what is watched fails, and the very first operation finds no set to break. */
function unwatched(code) {
  const { spawnSync, ...others } = nothingStarts(`throws ${code}`);
  return { ...others, spawn: `hello0 / throws ${code}` };
}

/**
 * @typedef {object} Fault
 * @property {string[]} rules for crates/inject
 * @property {Record<string, string>} [env]
 * @property {Record<string, string>} [expected] by operation, where it is not as without the fault
 * @property {string[]} [operations] all, if not given
 * @property {string} means what is to happen, for the table
 */

/** @type {Record<string, Fault>} */
const FAULTS = {
  'no descriptor for a stream (EMFILE)': {
    rules: ['socketpair EMFILE'],
    expected: noStreams('error EMFILE'),
    means: "Node's error",
  },
  'no descriptor for the second stream': {
    rules: ['socketpair EMFILE from=2'],
    expected: noStreams('error EMFILE'),
    means: "Node's error",
  },
  'no descriptor in the whole system (ENFILE)': {
    rules: ['socketpair ENFILE from=2'],
    expected: noStreams('error ENFILE'),
    means: "Node's error",
  },
  'no memory for a stream (ENOMEM)': {
    rules: ['socketpair ENOMEM'],
    expected: noStreams('throws ENOMEM', 'error ENOMEM'),
    means: "Node's error",
  },
  'no more processes (EAGAIN)': {
    rules: ['clone EAGAIN'],
    expected: nothingStarts('error EAGAIN'),
    means: "Node's error",
  },
  'no memory for a process (ENOMEM)': {
    rules: ['clone ENOMEM'],
    expected: nothingStarts('throws ENOMEM', 'error ENOMEM'),
    means: "Node's error",
  },
  'no memory for the stack of a child': {
    rules: [`mmap ENOMEM ${STACK}`],
    // A thread that has a stack keeps it.
    operations: ['spawn'],
    expected: { spawn: 'throws ENOMEM / hello0' },
    means: "Node's error, the first time",
  },
  'a sandbox that refuses to share memory (EPERM)': {
    rules: [`clone EPERM ${SHARING}`],
    means: 'the memory is copied',
  },
  'a kernel without such a clone (EINVAL)': {
    rules: [`clone EINVAL ${SHARING}`],
    means: 'the memory is copied',
  },
  'a copy of the memory, and no pipe to report by': {
    rules: [`clone ENOSYS ${SHARING}`, 'pipe2 EMFILE'],
    expected: nothingStarts('error EMFILE'),
    means: "Node's error",
  },
  'no descriptor for the stdio of the child (EMFILE from dup3)': {
    rules: ['dup3 EMFILE who=child'],
    expected: nothingStarts('error EMFILE'),
    means: "Node's error",
  },
  'no memory for exec (ENOMEM)': {
    rules: ['execve ENOMEM who=child'],
    expected: nothingStarts('throws ENOMEM', 'error ENOMEM'),
    means: "Node's error",
  },
  'pidfds that cannot be waited for (Linux 5.2, 5.3)': {
    rules: [`waitid EINVAL ${PIDFD}`],
    means: 'a thread waits',
  },
  'no pidfd_open, no pidfds (ENOSYS)': {
    rules: ['pidfd_open ENOSYS', `waitid EINVAL ${PIDFD}`],
    means: 'a thread waits',
  },
  'no thread that waits (EAGAIN)': {
    rules: ['clone3 EAGAIN', `waitid EINVAL ${PIDFD}`],
    operations: ['spawn', 'spawn, stdio ignored', 'spawn and kill', 'exec', 'spawnSync'],
    expected: nothingStarts('error EAGAIN'),
    means: 'an error, and what was started is ended',
  },
  'a sandbox without pidfd_send_signal (EPERM)': {
    rules: ['pidfd_send_signal EPERM'],
    means: 'kill(2)',
  },
  'a kernel without pidfd_send_signal (ENOSYS)': {
    rules: ['pidfd_send_signal ENOSYS'],
    means: 'kill(2)',
  },
  'no thread of ours (EAGAIN)': {
    rules: ['clone3 EAGAIN'],
    means: 'the loop does the work',
  },
  'no descriptor for an eventfd': {
    rules: ['eventfd2 EMFILE'],
    means: 'the loop does the work',
  },
  'no epoll set (EMFILE)': {
    rules: ['epoll_create1 EMFILE'],
    operations: ['spawn', 'exec'],
    expected: { spawn: 'error EMFILE / hello0', exec: 'error EMFILE / hi' },
    means: "Node's error, until there is one",
  },
  'a watch that cannot be set (ENOMEM)': {
    rules: ['epoll_ctl ENOMEM arg0=$EPOLL'],
    expected: unwatched('ENOMEM'),
    means: 'an error, and what was started is ended',
  },
  'a watch too many (ENOSPC)': {
    rules: ['epoll_ctl ENOSPC arg0=$EPOLL'],
    expected: unwatched('ENOSPC'),
    means: 'an error, and what was started is ended',
  },
  'interrupted reads': {
    rules: [`recvfrom ${INTERRUPTED}`, `recvmsg ${INTERRUPTED}`],
    means: 'they are made again',
  },
  'interrupted writes': {
    rules: [`sendto ${INTERRUPTED}`, `sendmsg ${INTERRUPTED}`],
    means: 'they are made again',
  },
  'interrupted waiting': {
    rules: ['waitid', 'poll', 'ppoll', 'epoll_wait', 'epoll_pwait', 'epoll_pwait2'].map(
      (name) => `${name} ${INTERRUPTED}`,
    ),
    means: 'it goes on',
  },
  'sockets that seem full': {
    rules: ['sendto EAGAIN count=10', 'sendmsg EAGAIN count=10'],
    means: 'it is written when there is room',
  },
  'a socket that cannot be enlarged': {
    rules: ['setsockopt EPERM'],
    means: 'as it is',
  },
  'run and trees without pidfd_send_signal (EPERM)': {
    rules: ['pidfd_send_signal EPERM'],
    env: { SPROG_TREE_MODE: 'walk' },
    operations: ['run', 'tree'],
    means: 'kill(2)',
  },
  'trees without pidfd_send_signal (ENOSYS)': {
    rules: ['pidfd_send_signal ENOSYS'],
    env: { SPROG_TREE_MODE: 'walk' },
    operations: ['tree'],
    means: 'kill(2)',
  },
  'trees without pidfds (ENOSYS)': {
    rules: ['pidfd_open ENOSYS', `waitid EINVAL ${PIDFD}`],
    env: { SPROG_TREE_MODE: 'walk' },
    operations: ['run', 'tree'],
    means: 'by number and start time',
  },
  'nobody can be born in a control group (ENOSYS from clone3)': {
    rules: ['clone3 ENOSYS'],
    operations: ['run', 'tree', 'dieWithParent'],
    means: 'the child enters it by itself',
  },
  'a sandbox that forbids to be born in a control group (EPERM from clone3)': {
    // glibc starts no thread then, so only this one is told so.
    rules: ['clone3 EPERM count=1'],
    operations: ['tree'],
    means: 'the child enters it by itself',
  },
  'no programs in memory (ENOSYS from memfd_create)': {
    rules: ['memfd_create ENOSYS'],
    operations: ['dieWithParent', 'usage: exact'],
    expected: { 'usage: exact': 'throws ERR_SPROG_EXACT_USAGE_UNAVAILABLE / hello0' },
    means: 'the guard is run from a file; no exact peak the first time',
  },
  'a guard that cannot close all descriptors at once (ENOSYS from close_range)': {
    rules: ['close_range ENOSYS who=any'],
    operations: ['dieWithParent'],
    means: 'one by one',
  },
  'no socket to the guard (EMFILE)': {
    rules: ['socketpair EMFILE'],
    operations: ['dieWithParent'],
    expected: { dieWithParent: 'throws ERR_SPROG_GUARD / error EMFILE' },
    means: 'an error, the first time for want of the guard',
  },
  'no more processes for run, trees and guards (EAGAIN)': {
    rules: ['clone EAGAIN', 'clone3 EAGAIN'],
    operations: ['run', 'tree', 'dieWithParent', 'usage: exact'],
    expected: {
      run: 'throws EAGAIN',
      tree: 'error EAGAIN',
      dieWithParent: 'throws ERR_SPROG_GUARD / error EAGAIN',
      'usage: exact': 'error EAGAIN',
    },
    means: 'an error',
  },
};

module.exports = { FAULTS };
