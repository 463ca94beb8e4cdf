'use strict';
// pipeline(): several programs at once, each reading what the one before it writes, by pipes of the
// kernel's that no byte leaves.

const { kTree } = require('../tree-key.js');
const { Execution } = require('./execution.js');
const { iterate } = require('./lines.js');
const { OpenFiles } = require('./open-files.js');
const { settlePipeline } = require('./pipeline-options.js');
const { toOutcome } = require('./outcome.js');
const { Pipes } = require('./pipes.js');
const { toPipelineError, toPipelineResult } = require('./pipeline-result.js');
const { callSite, toResult } = require('./result.js');

/** @param {Function} callee what the caller has called: the error's stack begins below it */
function pipeline(callee, stages, options) {
  const settled = settlePipeline(stages, options);
  const line = new Line(settled, callSite(callee));
  const { promise } = line;
  line.start();
  promise.children = line.executions.map(({ child }) => child);
  promise[Symbol.asyncIterator] = () => iterate(line.last, promise, () => line.stop());
  return promise;
}

/** The stages of a pipeline, while they run. */
class Line {
  /** @type {any} */
  promise;
  /** @type {InstanceType<typeof Execution>[]} */
  executions;
  #settled;
  #site;
  #startedAt = performance.now();
  #running;
  /** @type {any[]} by stage, once it is over */
  #results;
  /** The stage that failed first, in time. @type {number | undefined} */
  #failed;
  #resolve;
  #reject;

  constructor(settled, site) {
    this.#settled = settled;
    this.#site = site;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.executions = settled.stages.map(
      (settings, index) =>
        new Execution(settings, {
          onexit: () => this.#judge(index),
          onend: () => this.#end(index),
        }),
    );
    this.#running = this.executions.length;
    this.#results = new Array(this.#running);
  }

  get last() {
    return /** @type {InstanceType<typeof Execution>} */ (this.executions.at(-1));
  }

  start() {
    const pipes = new Pipes(this.executions.length);
    const files = new OpenFiles();
    try {
      this.executions.forEach((execution, index) => {
        const error = pipes.open(index, execution.settings.stdio);
        if (error) execution.fail(error);
        else execution.start(files);
      });
    } catch (error) {
      // The caller's mistake, found late: that is thrown, and nobody gets the promise.
      this.promise.catch(() => {});
      this.stop();
      throw error;
    } finally {
      pipes.close();
      files.close();
    }
  }

  /** A stage that fails ends the rest, unless only the last one counts. */
  #judge(index) {
    if (this.#failed !== undefined || !this.#isFailure(index)) return;
    this.#failed = index;
    this.stop();
  }

  #isFailure(index) {
    const { code, signal, cause, timedOut, settings, wasStarted } = this.executions[index];
    if (!wasStarted || cause !== undefined || timedOut) return true;
    if (code === 0) return false;
    const isLast = index === this.executions.length - 1;
    if (!isLast && !this.#settled.pipefail) return false;
    // Its reader had enough: that is how a pipeline like `yes | head` ends. A shell says it by a number.
    return isLast || !(signal === 'SIGPIPE' || (code === 128 + 13 && settings.request.shell));
  }

  /** What has exited may have left some of its tree. */
  stop() {
    for (const execution of this.executions) {
      const { child } = execution;
      if ((child.exitCode === null && child.signalCode === null) || child[kTree]) {
        execution.stop(undefined);
      }
    }
  }

  #end(index) {
    const execution = this.executions[index];
    const result = toResult(execution.settings, toOutcome(execution));
    result.failed = this.#isFailure(index);
    this.#results[index] = result;
    if (--this.#running > 0) return;
    const ends = this.executions.map((execution) => execution.whenTreeEnded());
    if (ends.some((ended) => ended)) Promise.all(ends).then(() => this.#settle());
    else this.#settle();
  }

  #settle() {
    // What came to light only at the end, such as too much output.
    if (this.#failed === undefined) {
      const failed = this.#results.findIndex(({ failed }) => failed);
      if (failed !== -1) this.#failed = failed;
    }
    const durationMs = performance.now() - this.#startedAt;
    const outcome = toPipelineResult(this.#results, this.#failed, durationMs, this.#settled);
    if (outcome.failed && this.#settled.reject) {
      this.#reject(toPipelineError(outcome, this.#settled, this.#site));
    } else {
      this.#resolve(outcome);
    }
  }
}

module.exports = { pipeline };
