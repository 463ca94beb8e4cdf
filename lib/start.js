'use strict';
// One crossing into the addon: a request packed into strings and one Int32Array.

const { environmentOrErrno } = require('./native-state.js');
const { extrasOf } = require('./child-extras.js');
const { packEnvironment } = require('./environment.js');
const { KIND } = require('./stdio.js');
const { terminated, untilNul } = require('./terminated.js');

// The layout of the plan; src/bindings/spawn.rs has the same.
const IN = { FLAGS: 0, UID: 1, GID: 2, STDIO_COUNT: 3, STDIO: 4 };
const OUT = { PID: 0, CHILD: 1, STEP: 2 };
const FLAG = { DETACHED: 1, UID: 2, GID: 4, INHERIT: 8 };

const COMMON_ENTRIES = 16;
/** Used again and again: the call is synchronous, and its results are read before anyone else's. */
const commonPlan = new Int32Array(IN.STDIO + 2 * COMMON_ENTRIES);

/**
 * @typedef {object} Started
 * @property {number} status 0, or a negative errno
 * @property {number} pid
 * @property {number} child its token
 * @property {number} step at which it failed; `Step` in src/sys/linux/step.rs has the numbers
 * @property {number[]} tokens of our ends, one per stdio entry; -1 where there is none
 */

/**
 * @param {any} options file, envPairs, cwd, detached, uid, gid
 * @param {any[]} args argv
 * @param {import('./stdio.js').StdioPlan} stdio
 * @param {boolean} advanced the serialization of the channel, if there is one
 * @returns {Started}
 */
function start(options, args, stdio, advanced) {
  // First of all: an argument's toString may spawn, and would use the common plan too.
  const argv = terminated(args);
  const file = untilNul(options.file);
  // A bare ChildProcess may be given anything: what is no directory by its kind is none.
  const cwd = typeof options.cwd === 'string' && options.cwd ? untilNul(options.cwd) : undefined;
  const request = { options, file, argv, cwd, stdio, advanced };
  const extras = extrasOf(options);
  if (extras === undefined) return cross(request);
  extras.prepare(options);
  let status;
  try {
    const started = cross(request, extras);
    status = started.status;
    return started;
  } finally {
    // Also after a throw: what is left to convert may be anything, its toString too.
    if (status !== 0) extras.undo();
  }
}

/**
 * @param {any} request
 * @param {{ plan: import('../binding.js').SpawnExtras }} [extras]
 * @returns {Started}
 */
function cross({ options, file, argv, cwd, stdio, advanced }, extras) {
  const environ = packEnvironment(options);
  const { entries } = stdio;
  const plan =
    entries.length <= COMMON_ENTRIES ? commonPlan : new Int32Array(IN.STDIO + 2 * entries.length);
  plan[IN.FLAGS] = options.detached ? FLAG.DETACHED : 0;
  if (environ.inherits) plan[IN.FLAGS] |= FLAG.INHERIT;
  plan[IN.UID] = setId(plan, options.uid, FLAG.UID);
  plan[IN.GID] = setId(plan, options.gid, FLAG.GID);
  plan[IN.STDIO_COUNT] = entries.length;
  for (let i = 0; i < entries.length; i++) {
    const { kind, value = 0 } = entries[i];
    plan[IN.STDIO + 2 * i] = kind;
    plan[IN.STDIO + 2 * i + 1] = kind === KIND.CHANNEL ? Number(advanced) : value;
  }
  const native = environmentOrErrno();
  if (typeof native === 'number') {
    return { status: native, pid: 0, child: 0, step: 0, tokens: [] };
  }
  const status = extras
    ? native.spawnWith(file, argv, environ.text, cwd, plan, extras.plan)
    : native.spawn(file, argv, environ.text, cwd, plan);
  // The addon clears the count where it failed before it had opened all of them: it kept none.
  const opened = plan[IN.STDIO_COUNT] > 0;
  const tokens = entries.map(({ kind }, i) =>
    opened && hasOurEnd(kind) ? plan[IN.STDIO + 2 * i + 1] : -1,
  );
  const step = plan[OUT.STEP];
  return { status, pid: plan[OUT.PID], child: plan[OUT.CHILD], step, tokens };
}

const OWN_KINDS = new Set([KIND.SOCKET, KIND.FIFO, KIND.FIFO_OR_SOCKET, KIND.CHANNEL]);

function hasOurEnd(kind) {
  return OWN_KINDS.has(kind);
}

function setId(plan, id, flag) {
  if (id === undefined || id === null) return 0;
  plan[IN.FLAGS] |= flag;
  return id;
}

module.exports = { start };
