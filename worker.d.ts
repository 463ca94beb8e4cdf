/// <reference types="node" />

// `sprog/worker`: for the functions of a pool's worker module, the task that they run for.

/** The task that a function runs for. */
export interface CurrentTask {
  /** Name of the function. */
  readonly name: string;
  /** 0, or how often it has been run before by a worker that ended. */
  readonly attempt: number;
  /** Aborted when the program aborts the task (`abortGrace`) or leaves its stream, while it runs. */
  readonly signal: AbortSignal;
}

/**
 * Tells the program of progress: `onProgress` of its `run()` is called with the value.
 *
 * @returns false if nobody listens (any more, to a task that was aborted or a stream that was left), or outside of
 *   a task; what a task has left running is outside of it once it has ended
 * @throws what the structured clone cannot serialise
 */
export function emit(value: any): boolean;

/**
 * The task that the calling function runs for; undefined outside of one, and so in what a task has left running
 * once it has ended. What was returned before stays as it was then.
 */
export function currentTask(): CurrentTask | undefined;

/** Whether this process is a worker of a pool. */
export const isWorker: boolean;
