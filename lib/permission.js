'use strict';
// The permission model. An addon starts processes behind Node's back, so it has to ask by itself.

const { accessDenied } = require('./errors.js');
const { NODE_MAJOR } = require('./node-version.js');

// process.permission exists from start-up on or never. Its `has` can be replaced by a program.
const permission = /** @type {any} */ (process).permission;
const has = permission?.has;
/** Node's own, taken before a program can replace it; it costs milliseconds. */
const spawnSync = permission && require('node:child_process').spawnSync;

const FLAGS = [
  '--permission',
  '--allow-fs-read',
  '--allow-fs-write',
  '--allow-addons',
  '--allow-child-process',
  '--allow-wasi',
  '--allow-worker',
  ...(NODE_MAJOR >= 24 ? ['--allow-inspector', '--allow-openssl-store'] : []),
  ...(NODE_MAJOR >= 26 ? ['--allow-ffi', '--allow-net'] : []),
];

/** @type {boolean | undefined} */
let enforced;

/** Throws ERR_ACCESS_DENIED where Node would not start the program `resource` either. */
function checkPermission(resource) {
  if (permission === undefined || has.call(permission, 'child')) return;
  enforced ??= isEnforced();
  if (enforced) throw accessDenied(resource);
}

/**
 * In audit mode `has` answers as if the model were enforced, but Node starts the program, and no
 * public API tells the modes apart. So ask Node, once, for something that cannot start.
 */
function isEnforced() {
  try {
    spawnSync('/dev/null/none', { stdio: 'ignore' });
    return false;
  } catch {
    return true;
  }
}

/** Whether children must be told about the restrictions of this process (Node 22 and later). */
const passesFlagsOn = permission !== undefined && NODE_MAJOR >= 22;

/**
 * Adds the permission flags of this process to NODE_OPTIONS in `env`, unless the arguments or
 * NODE_OPTIONS have such flags already. As in Node, only flags of the command line count.
 */
function passFlagsOn(env, args) {
  if (args.some(isSwitch) || (env.NODE_OPTIONS && isRestricted(env.NODE_OPTIONS))) return;
  const flags = [];
  for (const arg of process.execArgv) {
    if (FLAGS.some((flag) => arg.startsWith(flag))) flags.push(arg);
  }
  // Node 24 keeps the audit mode to itself.
  const auditOnly = flags.includes('--permission-audit') && !flags.includes('--permission');
  if (flags.length === 0 || (auditOnly && NODE_MAJOR < 26)) return;
  const own = flags.join(' ');
  env.NODE_OPTIONS = env.NODE_OPTIONS ? `${env.NODE_OPTIONS} ${own}` : own;
}

function isSwitch(arg) {
  return arg === '--permission' || (arg === '--permission-audit' && NODE_MAJOR >= 24);
}

function isRestricted(nodeOptions) {
  // Node 22 looks for the text anywhere.
  if (NODE_MAJOR < 24) return nodeOptions.indexOf('--permission') !== -1;
  return nodeOptions.split(/\s+/).some((option) => /^--permission(-audit)?(=|$)/.test(option));
}

module.exports = { checkPermission, passesFlagsOn, passFlagsOn };
