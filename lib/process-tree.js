'use strict';
// The option `tree`: a child and all its descendants, signalled and ended as one. The processes are
// found by the addon; here is what of a ChildProcess that changes.

const os = require('node:os');
const { kTree } = require('./tree-key.js');
const { variablesOf } = require('./environment.js');
const { errnoException, invalidArgValue } = require('./errors.js');
const { sleep } = require('./host-timers.js');
const { environment, own, EVENT } = require('./native.js');
const { treeRemains, treeUnavailable } = require('./tree-errors.js');
const { validateBoolean } = require('./validate.js');

/** Marks every process of a tree: all trees that it is in, separated by colons. crates/tree has the same name. */
const MARKER = 'SPROG_TREE';

const { ECHILD, EMFILE } = os.constants.errno;
const { SIGKILL } = os.constants.signals;

/** How often it is looked who is left, where nobody tells. */
const LOOK_EVERY_MS = 20;

/** Where a request keeps its tree, which more than one option may want. */
const kRequestTree = Symbol('sprog.requestTree');

/** The part of the option `tree`; see extra-options.js. */
function settle(request) {
  validateBoolean(request.tree, 'options.tree');
  if (!request.tree) return undefined;
  if (request.detached) {
    const reason =
      'must not be true together with options.tree: what is detached is meant to live on';
    throw invalidArgValue('options.detached', true, reason);
  }
  /** @type {ProcessTree | undefined} */
  let tree;
  return {
    prepare(request, plan) {
      tree = openTree(request, plan);
    },
    undo() {
      tree?.release();
    },
    started(child) {
      tree?.started(child.pid);
      Object.defineProperty(child, kTree, { value: tree });
    },
    kill(number) {
      const count = tree?.signal(number);
      // Nobody to signal: what is left of the child, if anything, is a matter of its own handle.
      return count === undefined || count === 0 ? undefined : Math.min(count, 0);
    },
    exited() {
      tree?.exited();
    },
  };
}

/**
 * The tree of the child that a request describes; to be called before it is started. Made once for a
 * request: its marker goes into the environment of the child, its group into the plan.
 * @returns {ProcessTree}
 */
function openTree(request, plan) {
  if (request[kRequestTree] !== undefined) return request[kRequestTree];
  // Before anything is made: somebody may have given the request pairs that are no strings.
  const variables = variablesOf(request);
  const outer = variables.get(MARKER);
  // A process is in one group of a hierarchy: where that is one that limits it, the tree is walked.
  const tree = new ProcessTree(plan.cgroup ? 'walk' : process.env.SPROG_TREE_MODE);
  variables.set(MARKER, outer ? `${outer}:${tree.marker}` : tree.marker);
  if (tree.group !== null) plan.cgroup = tree.group;
  Object.defineProperty(request, kRequestTree, { value: tree });
  return tree;
}

/**
 * What became of a tree.
 * @typedef {object} EndedTree
 * @property {{ pid: number, command: string }[]} ended
 * @property {string} signal
 * @property {boolean} escalated
 * @property {'cgroup' | 'walk'} mode
 */

class ProcessTree {
  /** @type {import('../binding.js').Tree} */
  #native;
  #isExited = false;
  /** The child, as long as the addon could not find out who that is. */
  #unidentified = 0;
  /** @type {(() => void)[]} */
  #awaitingExit = [];

  /** @param {string | undefined} mode `cgroup` or `walk`; anything else leaves the choice to the addon */
  constructor(mode) {
    try {
      this.#native = environment().openTree(mode);
    } catch (error) {
      throw treeUnavailable(/** @type {any} */ (error));
    }
  }

  get marker() {
    return this.#native.marker;
  }

  /** The directory of its control group, or null where it is walked. */
  get group() {
    return this.#native.group ?? null;
  }

  /** @returns {'cgroup' | 'walk'} */
  get mode() {
    return this.group === null ? 'walk' : 'cgroup';
  }

  started(pid) {
    this.#unidentified = pid;
    // It runs: what is missing, such as a descriptor, may be there when it is to be found.
    this.#identify();
  }

  /** 0, or a negative errno. */
  #identify() {
    if (this.#unidentified === 0) return 0;
    const status = this.#native.started(this.#unidentified);
    if (status === 0) this.#unidentified = 0;
    return status;
  }

  /** The child has exited; what it started may live on. */
  exited() {
    this.#isExited = true;
    // From now on the number may be another's.
    this.#unidentified = 0;
    this.#native.release();
    for (const resolve of this.#awaitingExit) resolve();
  }

  release() {
    this.#native.release();
  }

  /** How many got the signal, or a negative errno; 0 too where the child itself may not have got it. */
  signal(number) {
    const isKnown = this.#identify() === 0;
    const count = this.#native.signal(number);
    return isKnown ? count : Math.min(count, 0);
  }

  /**
   * `killLater` of a handle, for all: the timeout is over when the child has exited, SIGKILL goes to
   * whoever is left.
   * @param {number} token of the child, or -1 once it has exited
   * @param {{ signal?: number, timeout?: number, forceAfter?: number }} times
   */
  killLater(token, { signal = 0, timeout = -1, forceAfter = -1 }) {
    this.#identify();
    environment().killTreeLater(this.#native, token, signal, timeout, forceAfter);
  }

  /** What `killLater` has done by now; see `lateKills` of a handle. */
  get lateKills() {
    return this.#native.lateKills();
  }

  /** The pids of all that live, or null where that cannot be found out. */
  members() {
    return this.#identify() === 0 ? (this.#native.members() ?? null) : null;
  }

  /**
   * Ends all: the signal, `grace` milliseconds later SIGKILL; resolves when the last one is gone and
   * the exit of the child has been reported.
   * @param {number} number
   * @param {string} signal its name
   * @param {number} grace
   * @returns {Promise<EndedTree>}
   */
  async end(number, signal, grace) {
    const { errno, ended, remaining, escalated } = await this.#end(number, grace);
    if (errno !== 0) throw errnoException(errno, 'killTree');
    const result = { ended, signal, escalated, mode: this.mode };
    if (remaining.length > 0) throw treeRemains(result, remaining);
    await this.#exit();
    return result;
  }

  /** @returns {Promise<ReturnType<typeof parse>>} */
  #end(number, grace) {
    return new Promise((resolve, reject) => {
      const status = this.#identify();
      const token = status || environment().endTree(this.#native, number, grace);
      if (token >= 0) {
        own(token, { onevent: (event, text) => event === EVENT.DONE && resolve(parse(text)) });
      } else if (token === -EMFILE && status === 0) {
        this.#endFromHere(number, grace).then(resolve, reject);
      } else {
        reject(errnoException(token, 'killTree'));
      }
    });
  }

  /** There is no descriptor by which another thread could tell that it has done it. Names are not known then. */
  async #endFromHere(number, grace) {
    const deadline = performance.now() + grace;
    const pids = new Set();
    let [next, escalated] = [number, false];
    for (;;) {
      for (const pid of this.#native.members() ?? []) pids.add(pid);
      const count = this.#native.signal(next);
      if (count < 0) throw errnoException(count, 'killTree');
      if (count === 0) break;
      escalated ||= next !== number && next === SIGKILL;
      await sleep(LOOK_EVERY_MS);
      if (next !== SIGKILL) next = performance.now() < deadline ? 0 : SIGKILL;
    }
    const ended = [...pids].map((pid) => ({ pid, command: '' }));
    return { errno: 0, ended, remaining: [], escalated };
  }

  #exit() {
    if (this.#isExited) return undefined;
    return /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        this.#awaitingExit.push(resolve);
      })
    );
  }
}

/** The outcome of a job as src/bindings/tree.rs writes it. */
function parse(text) {
  const [errno, escalated, count, ...rest] = text.split('\0');
  const processes = [];
  for (let i = 0; i + 1 < rest.length; i += 2) {
    processes.push({ pid: Number(rest[i]), command: rest[i + 1] });
  }
  return {
    // Without any text the thread was lost.
    errno: text === '' ? -ECHILD : -Number(errno),
    escalated: escalated === 'escalated',
    ended: processes.slice(0, Number(count)),
    remaining: processes.slice(Number(count)),
  };
}

module.exports = { settle, openTree, MARKER };
