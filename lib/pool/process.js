'use strict';
// The process of a worker: started, spoken to, ended, and its end told once, when everything that it
// sent and wrote has been read.

const path = require('node:path');
const { AsyncResource } = require('node:async_hooks');
const { clearTimeout, setTimeout } = require('../host-timers.js');
const { processVitals } = require('../native.js');
const { Claims } = require('./claims.js');
const { endTree, endTreeNow, forkTree } = require('./lineage.js');
const { countOomKills, wasOomKilled } = require('./oom.js');
const { CMD } = require('./protocol.js');
const { salvage } = require('./salvage.js');
const { endChannelSoon } = require('../ipc/open.js');
const { UNREADABLE } = require('../ipc/unreadable.js');

const ENTRY = path.join(__dirname, 'child', 'entry.js');
/** How long an end of the channel may come before that of the process, or after it, where somebody else holds it. */
const CHANNEL_MS = 500;

/** Processes that must not outlive this one. @type {Set<WorkerProcess>} */
const alive = new Set();
let isWatching = false;

function watchExit() {
  if (isWatching) return;
  isWatching = true;
  process.on('exit', () => {
    for (const each of alive) each.killNow();
  });
}

/**
 * @typedef {object} Owner
 * @property {(frame: any) => void} onframe
 * @property {(head: any, error: any) => void} onunreadable a frame of which only the numbers can be read
 * @property {(message: any) => void} onmessage what the program sends by process.send()
 * @property {(ending: any) => void} onend called once
 */

class WorkerProcess {
  #options;
  #id;
  #owner;
  #outputs;
  #child;
  #tail;
  /** What was wrong with its channel. @type {Error | undefined} */
  #cause;
  #oomKills;
  #hasEnded = false;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  claims = new Claims();
  /** Whether it can be seen what it has begun; the worker may not see the page. */
  hasClaims = this.claims.fd !== -1;
  /** Settled when nothing is left of what it started; undefined while it runs. @type {Promise<void> | undefined} */
  gone;
  /** Why we killed it. */
  reason = '';
  /** What is wrong with it from the start. @type {{ error: any } | undefined} */
  failure;
  /** @type {number | undefined} */
  pid;
  startedAt = performance.now();

  /**
   * @param {any} options of the pool
   * @param {number} id
   * @param {InstanceType<typeof import('./output.js').Outputs>} outputs
   * @param {Owner} owner
   */
  constructor(options, id, outputs, owner) {
    this.#options = options;
    this.#id = id;
    this.#owner = owner;
    this.#outputs = outputs;
  }

  /** Throws what fork() throws. @returns {this} */
  start() {
    const { args, fork: given } = this.#options;
    this.#oomKills = countOomKills();
    const claims = this.hasClaims ? this.claims.fd : 'ignore';
    try {
      const child = forkTree(ENTRY, args, {
        ...given,
        serialization: 'advanced',
        stdio: ['ignore', ...this.#outputs.stdio, 'ipc', claims],
      });
      this.#attach(child);
    } finally {
      this.claims.lent();
    }
    return this;
  }

  #attach(child) {
    this.#child = child;
    this.pid = child.pid;
    alive.add(this);
    watchExit();
    this.#tail = this.#outputs.tail(child);
    // The pool itself keeps the program alive, as long as it has something to do.
    for (const part of [child, child.channel, child.stdout, child.stderr]) part?.unref?.();
    child.on('internalMessage', (frame) => {
      if (frame.cmd === CMD) this.#owner.onframe(frame);
    });
    child[UNREADABLE] = ({ error, source }) => {
      const head = salvage(source);
      if (head) this.#owner.onunreadable(head, error);
      else this.#brokenBy(error);
      return true;
    };
    child.on('message', (message) => this.#owner.onmessage(message));
    child.on('error', (error) => {
      // It was never started; other failures are followed by its end, and that of the channel tells why.
      if (child.pid === undefined) this.#end({ code: null, signal: null, error });
      else if (error.code === 'ERR_SPROG_MESSAGE_TOO_LARGE') this.#brokenBy(error);
    });
    child.on('disconnect', () => {
      if (child.exitCode === null && child.signalCode === null) this.#lostChannel();
    });
    child.on('exit', () => {
      alive.delete(this);
      this.gone ??= endTree(child);
      // Somebody else may hold its outputs too.
      for (const output of [child.stdout, child.stderr]) output?.endSoon();
      this.#timer = setTimeout(() => endChannelSoon(child), CHANNEL_MS);
    });
    child.on('close', (code, signal) => this.#end({ code, signal }));
    this.#passOutputs();
  }

  /** A process is there already: whatever the program's `prefix` does, its end is still waited for. */
  #passOutputs() {
    if (this.pid === undefined) return;
    try {
      this.#outputs.attach(this.#child, this.#id);
    } catch (error) {
      this.failure = { error };
      this.#child.stdout?.resume();
    }
  }

  /** It would end by itself now, as if nothing had been wrong. */
  #brokenBy(error) {
    if (this.reason || this.#hasEnded) return;
    this.#cause = error;
    this.kill('channel');
  }

  /** Its channel closes with it: only if it then lives on has the channel been broken. */
  #lostChannel() {
    const timer = setTimeout(() => this.kill('channel'), CHANNEL_MS);
    this.#child.once('exit', () => clearTimeout(timer));
  }

  /**
   * @param {any} frame
   * @param {(error?: any) => void} [written] called when it is with the kernel, or has failed
   * @returns {boolean} whether that is so, or soon will be
   */
  send(frame, written = ignore) {
    const child = this.#child;
    if (!child.connected) return true;
    // First of all: what cannot be read is known by it.
    return child.send({ cmd: CMD, ...frame }, undefined, undefined, written);
  }

  /** How it is at this moment, as the kernel tells it; null once it has exited. */
  get vitals() {
    return this.pid !== undefined && alive.has(this) ? processVitals(this.pid) : null;
  }

  /** Ends it at once, and what it has started. @param {string} reason */
  kill(reason) {
    if (this.#hasEnded) return;
    this.reason ||= reason;
    this.gone ??= endTree(this.#child);
  }

  /** The same before this call returns, as far as one look reaches: there is no time for another. */
  killNow() {
    endTreeNow(this.#child);
  }

  #end({ code, signal, error = undefined }) {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    alive.delete(this);
    clearTimeout(this.#timer);
    const begun = this.hasClaims ? this.claims.begun : Infinity;
    const oomKilled = this.reason ? false : wasOomKilled(this.#child, signal, this.#oomKills);
    const { reason, pid } = this;
    const stderr = this.#tail.toString();
    const cause = this.#cause;
    const ending = { worker: this.#id, pid, code, signal, oomKilled, reason, stderr, begun };
    Object.assign(ending, { cause, error: error ?? cause });
    if (!reason) ending.reason = oomKilled ? 'oom' : signal ? 'signal' : 'exit';
    this.#owner.onend(ending);
  }
}

function ignore() {}

/** Runs `start` outside of the async context of whichever task needs a worker. */
function makeOutside() {
  const resource = new AsyncResource('SPROG_POOL', { requireManualDestroy: true });
  return (start) => resource.runInAsyncScope(start);
}

module.exports = { WorkerProcess, makeOutside };
