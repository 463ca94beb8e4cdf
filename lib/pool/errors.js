'use strict';
// What a pool rejects with, beside what the functions of the worker module throw.

/**
 * The process that a task ran in has ended. `code` is its exit code and `signal` what killed it; one of the
 * two is null.
 */
class WorkerExited extends Error {
  /**
   * @param {{ worker: number, pid: number | undefined, code: number | null, signal: string | null,
   *   oomKilled: boolean | undefined, reason: string, stderr: string, cause?: Error }} ending
   * @param {string} task name of the function
   */
  constructor(ending, task) {
    const { worker, pid, code, signal, oomKilled, reason, stderr, cause } = ending;
    const what = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
    const why = cause
      ? `: ${cause.message}`
      : (WHY[reason] ?? (oomKilled ? ': out of memory' : ''));
    const options = cause && { cause };
    super(`The worker process ${pid} ${what} while it had the task "${task}"${why}`, options);
    this.name = 'WorkerExited';
    this.code = code;
    this.signal = signal;
    this.oomKilled = oomKilled;
    this.reason = reason;
    this.stderr = stderr;
    this.pid = pid;
    this.worker = worker;
    this.task = task;
  }
}

const WHY = {
  timeout: ': another of its tasks took too long',
  abort: ': another of its tasks was aborted',
  stopped: ': it had been stopped (SIGSTOP) for too long',
  channel: ': it had closed its channel',
  hung: ': it did not end when it was told to',
};

class TaskTimeout extends Error {
  /** @param {string} task @param {number} timeout in milliseconds */
  constructor(task, timeout) {
    super(`The task "${task}" took longer than ${timeout} ms; its worker was killed`);
    this.name = 'TaskTimeout';
    this.code = 'ERR_SPROG_TASK_TIMEOUT';
    this.task = task;
    this.timeout = timeout;
  }
}

class QueueFull extends Error {
  /** @param {number} maxQueue */
  constructor(maxQueue) {
    super(`${maxQueue} tasks are waiting already; await pool.ready() before the next run()`);
    this.name = 'QueueFull';
    this.code = 'ERR_SPROG_QUEUE_FULL';
    this.maxQueue = maxQueue;
  }
}

/** `cause` is what the module threw, or why the process could not be started. */
class WorkerStartFailed extends Error {
  /** @param {string} script @param {number} attempts @param {any} cause @param {string} stderr */
  constructor(script, attempts, cause, stderr) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const times = attempts === 1 ? 'once' : `${attempts} times in a row`;
    super(`No worker of ${script} could be started, ${times}: ${reason}`, { cause });
    this.name = 'WorkerStartFailed';
    this.code = 'ERR_SPROG_WORKER_START_FAILED';
    this.script = script;
    this.attempts = attempts;
    this.stderr = stderr;
  }
}

class PoolClosed extends Error {
  /** @param {string} how 'closed' or 'terminated' */
  constructor(how) {
    super(`The pool has been ${how}`);
    this.name = 'PoolClosed';
    this.code = 'ERR_SPROG_POOL_CLOSED';
  }
}

module.exports = { WorkerExited, TaskTimeout, QueueFull, WorkerStartFailed, PoolClosed };
