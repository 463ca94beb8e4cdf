'use strict';
// The options of spawn() that are ours and not Node's: which area each belongs to, and what the areas do
// about a spawn. Where none of them is given, a spawn pays for one look at their names.

const { kExtras } = require('./child-extras.js');
const { invalidArgValue } = require('./errors.js');
const { isNullish } = require('./validate.js');

/**
 * The part that one area has in one spawn.
 * @typedef {object} Part
 * @property {(request: any, plan: import('../binding.js').SpawnExtras) => void} [prepare] just before the
 *   start: opens what is needed, adds to the environment (variablesOf() of environment.js) and to what
 *   crosses into the addon. What it throws is thrown by spawn().
 * @property {() => void} [undo] takes back what `prepare` did, where nothing was started after all
 * @property {(child: any) => void} [started] the child runs; `child.pid` is set
 * @property {(signal: number) => number | undefined} [kill] sends a signal in the place of the handle: 0,
 *   a negative errno, or undefined for "let the handle do it". Also after the exit of the child.
 * @property {(child: any) => void} [exited] the child has exited; just before 'exit'
 */

/**
 * The areas, in the order in which they are checked and prepared. Each is loaded at its first use and
 * exports `settle(request)`, which checks the options and returns a Part, or undefined where they
 * ask for nothing (`tree: false`). What `settle` throws is thrown before anything is started.
 * @type {{ names: string[], load: () => { settle(request: any): Part | undefined } }[]}
 */
const AREAS = [
  {
    names: ['limits', 'nice', 'affinity', 'umask', 'noNewPrivileges'],
    load: () => require('./limits/options.js'),
  },
  { names: ['tree'], load: () => require('./process-tree.js') },
  { names: ['usage'], load: () => require('./limits/exact-usage.js') },
  { names: ['forceKillAfter'], load: () => require('./force-kill.js') },
  // Last: the guard is told of what the others have made.
  { names: ['dieWithParent'], load: () => require('./die-with-parent.js') },
];

const NAMES = AREAS.flatMap(({ names }) => names);

/**
 * Checks the options of ours in a request, and notes for the start what they ask for.
 * @param {any} request complete but for this
 */
function settleExtras(request) {
  for (let i = 0; i < NAMES.length; i++) {
    if (!isNullish(request[NAMES[i]])) {
      request[kExtras] = settle(request);
      return;
    }
  }
}

/** @returns {Extras | undefined} */
function settle(request) {
  const parts = [];
  for (const { names, load } of AREAS) {
    if (names.every((name) => isNullish(request[name]))) continue;
    const part = load().settle(request);
    if (part) parts.push(part);
  }
  return parts.length > 0 ? new Extras(parts) : undefined;
}

/** The options of ours among `options`, for a function that passes on only what it names. */
function pickExtras(options) {
  const picked = {};
  for (const name of NAMES) if (!isNullish(options[name])) picked[name] = options[name];
  return picked;
}

/** Options of ours that a call which blocks can serve. */
const IN_SYNC = ['forceKillAfter'];

/** Refuses the options of ours that need this thread, or somebody who asks later: a synchronous call has neither. */
function refuseInSync(request) {
  for (const name of NAMES) {
    const value = request[name];
    if (isNullish(value) || value === false || IN_SYNC.includes(name)) continue;
    throw invalidArgValue(`options.${name}`, value, 'is not available in synchronous calls');
  }
}

/** What all areas do about one spawn. */
class Extras {
  #parts;
  /** @type {Part[]} those that have something to take back */
  #prepared = [];
  /** What crosses into the addon. @type {import('../binding.js').SpawnExtras} */
  plan = {};

  /** @param {Part[]} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  prepare(request) {
    try {
      for (const part of this.#parts) {
        part.prepare?.(request, this.plan);
        this.#prepared.push(part);
      }
    } catch (error) {
      this.undo();
      throw error;
    }
  }

  undo() {
    for (const part of this.#prepared.reverse()) part.undo?.();
    this.#prepared = [];
  }

  started(child) {
    Object.defineProperty(child, kExtras, { value: this });
    for (const part of this.#parts) part.started?.(child);
  }

  kill(signal) {
    for (const part of this.#parts) {
      const status = part.kill?.(signal);
      if (status !== undefined) return status;
    }
    return undefined;
  }

  exited(child) {
    for (const part of this.#parts) part.exited?.(child);
  }
}

module.exports = { settleExtras, pickExtras, refuseInSync };
