'use strict';
// One program, from its start to the moment when it has exited and all that was written by then has been
// read; and everything that may end it before: a timeout, an AbortSignal, too much output, an input that
// fails.

const { addAbortListener } = require('node:events');
const { ChildProcess } = require('../child.js');
const { kTree } = require('../tree-key.js');
const { abortError } = require('../errors.js');
const { getReady, killLater, setForceKillAfter } = require('../force-kill.js');
const { feed, release } = require('./input.js');
const { collect } = require('./outputs.js');
const { collectUnread } = require('./unread.js');

/** Bits of `lateKills` of a handle. */
const TIMED_OUT = 1;
const FORCED = 2;

/**
 * @typedef {object} Hooks
 * @property {() => void} [onexit] it has exited, or was never started; its output may
 *   not be complete
 * @property {() => void} onend all is known
 */

class Execution {
  child = /** @type {any} */ (new ChildProcess());
  settings;
  /** @type {number | null} */
  code = null;
  /** @type {string | null} */
  signal = null;
  /** The first thing that went wrong, beside how the program ended. @type {any} */
  cause;
  wasStarted = false;
  aborted = false;
  timedOut = false;
  maxBufferExceeded = false;
  forceKilled = false;
  /** Its lines are taken one by one, and not collected. */
  isIterated = false;
  #isStopped = false;
  #isClosed = false;
  /** @type {Promise<void> | undefined} */
  #treeEnd;
  durationMs = 0;
  #hooks;
  #startedAt = 0;
  /** @type {any} */
  #handle = this.child._handle;
  /** @type {(() => void)[]} what is to be undone at the exit */
  #atExit = [];
  /** @type {any} */
  stdout;
  /** @type {any} */
  stderr;

  /**
   * @param {import('./options.js').Settings} settings
   * @param {Hooks} hooks called later, never during `start()`
   */
  constructor(settings, hooks) {
    this.settings = settings;
    this.#hooks = hooks;
  }

  /**
   * Throws what is the caller's mistake; what is the system's is an end like another.
   * @param {InstanceType<typeof import('./open-files.js').OpenFiles>} files that the caller closes
   */
  start(files) {
    const { signal, timeout } = this.settings;
    this.#startedAt = performance.now();
    if (signal?.aborted) {
      this.aborted = true;
      this.fail(abortError(signal.reason));
      return;
    }
    try {
      if (timeout > 0) getReady('spawn');
      this.#spawn(files);
    } catch (error) {
      if (typeof (/** @type {any} */ (error).errno) !== 'number') throw error;
      this.fail(error);
      return;
    }
    this.wasStarted = this.child.pid !== undefined;
    this.#collect();
    if (!this.wasStarted) {
      release(this.settings.source);
      return;
    }
    try {
      this.#watch();
    } catch (error) {
      // A signal that is none, after all.
      release(this.settings.source);
      this.stop(error);
      throw error;
    }
  }

  #spawn(files) {
    const { request, stdio } = this.settings;
    request.stdio = files.open(stdio);
    this.child.spawn(request);
    this.child.on('error', (error) => {
      this.cause ??= error;
      if (!this.wasStarted) this.#hooks.onexit?.();
    });
    this.child.on('exit', (code, signal) => this.#exit(code, signal));
    this.child.on('close', () => this.#close());
  }

  /** Ends it before it began. */
  fail(error) {
    this.cause ??= error;
    release(this.settings.source);
    process.nextTick(() => {
      this.#hooks.onexit?.();
      this.#end();
    });
  }

  #collect() {
    const { child } = this;
    const onoverflow = (error) => {
      this.maxBufferExceeded = true;
      this.stop(error);
    };
    if (child.stdout) this.stdout = collect(child.stdout, 'stdout', this.settings, onoverflow);
    if (child.stderr) this.stderr = collect(child.stderr, 'stderr', this.settings, onoverflow);
    // Whether the child reads what it is sent is the child's affair.
    child.stdin?.on('error', () => {});
  }

  #watch() {
    const { child } = this;
    const { forceKillAfter: forceAfter, killSignal, signal, source, timeout } = this.settings;
    setForceKillAfter(child, forceAfter);
    if (timeout > 0) killLater(child, { signal: killSignal, timeout, forceAfter });
    if (signal) {
      const listening = addAbortListener(signal, () => {
        this.aborted = true;
        this.stop(abortError(signal.reason));
      });
      this.#atExit.push(() => listening[/** @type {any} */ (Symbol).dispose]());
    }
    if (source !== undefined && child.stdin) {
      this.#atExit.push(feed(child.stdin, source, (error) => this.stop(error)));
    }
  }

  /** Has the program end, and `cause` be why. */
  stop(cause) {
    this.cause ??= cause;
    this.#isStopped = true;
    const { forceKillAfter, killSignal } = this.settings;
    try {
      this.child.kill(killSignal, { forceKillAfter: forceKillAfter ?? false });
    } catch {
      // No thread for what comes later, or a signal that this kernel does not know.
      this.child.kill('SIGKILL');
    }
  }

  #exit(code, signal) {
    // What a real-time signal ends has exit code 0 and no signal by Node; it has not succeeded.
    const hasNoName = signal === null && this.#handle.wasKilled;
    this.code = hasNoName ? null : code;
    this.signal = hasNoName ? '' : signal;
    this.timedOut = (this.#handle.lateKills & TIMED_OUT) !== 0;
    this.forceKilled = (this.#handle.lateKills & FORCED) !== 0;
    for (const undo of this.#atExit) undo();
    // A grandchild may hold them open for as long as it likes.
    for (const stream of this.child.stdio.slice(1)) stream?.endSoon?.();
    if (this.child.channel) require('../ipc/open.js').endChannelSoon(this.child);
    collectUnread(this.child, [this.stdout, this.stderr], () => this.#close());
    this.#hooks.onexit?.();
  }

  /** Nothing of a tree that was told to end is left when that is reported. */
  #close() {
    // Of streams that were left to others the end may come later.
    if (this.#isClosed) return;
    this.#isClosed = true;
    const ended = this.whenTreeEnded();
    if (ended) ended.then(() => this.#end());
    else this.#end();
  }

  /**
   * The end of the tree, where the program was stopped, and will be by force if it must: only then is it
   * sure to come.
   * @returns {Promise<void> | undefined}
   */
  whenTreeEnded() {
    const tree = this.child[kTree];
    const grace = this.settings.forceKillAfter;
    if (!tree || grace === undefined || !(this.#isStopped || this.timedOut)) return undefined;
    this.#treeEnd ??= this.#endTree(tree, grace);
    return this.#treeEnd;
  }

  /** They have got their signal. */
  async #endTree(tree, grace) {
    try {
      const { escalated } = await tree.end(0, '', grace);
      this.forceKilled ||= escalated;
    } catch {
      // Not ours to kill, or no thread to wait: what can be done has been.
    }
    this.forceKilled ||= (tree.lateKills & FORCED) !== 0;
  }

  #end() {
    this.durationMs = performance.now() - this.#startedAt;
    this.#hooks.onend();
  }
}

module.exports = { Execution };
