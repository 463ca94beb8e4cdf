'use strict';
// The options by which a child is held to less than its parent: `limits`, `nice`, `affinity`, `umask`,
// `noNewPrivileges`. Checked here; what they need is opened just before the start (means.js).

const { invalidArgValue } = require('../errors.js');
const {
  isNullish,
  validateArray,
  validateBoolean,
  validateInteger,
  validateObject,
} = require('../validate.js');
const { openMeans } = require('./means.js');

/** Less than this no program begins with: the kernel's own share of a process comes to half of it. */
const MIN_MEMORY = 1024 * 1024;
const MAX_UMASK = 0o777;

/**
 * The limits: the least that makes sense, whether Infinity says that there is none, and whether it is a
 * resource limit of one process; the addon calls those the same.
 * @type {Record<string, { min: number, infinite: boolean, isResource: boolean }>}
 */
const LIMITS = {
  memory: { min: MIN_MEMORY, infinite: false, isResource: false },
  processes: { min: 1, infinite: false, isResource: false },
  cpuTime: { min: 1, infinite: true, isResource: true },
  openFiles: { min: 1, infinite: false, isResource: true },
  fileSize: { min: 0, infinite: true, isResource: true },
  core: { min: 0, infinite: true, isResource: true },
  stack: { min: 1, infinite: true, isResource: true },
};

/** @param {any} request @returns {import('../extra-options.js').Part | undefined} */
function settle(request) {
  const limits = toLimits(request.limits);
  const plan = {
    nice: toInteger(request.nice, 'options.nice', -20, 19),
    affinity: toAffinity(request.affinity),
    umask: toUmask(request.umask),
    noNewPrivileges: request.noNewPrivileges ?? undefined,
  };
  if (plan.noNewPrivileges !== undefined) {
    validateBoolean(plan.noNewPrivileges, 'options.noNewPrivileges');
  }
  /** @type {Record<string, number>} */
  const resourceLimits = {};
  for (const [name, value] of Object.entries(limits)) {
    if (LIMITS[name].isResource) resourceLimits[name] = value;
  }
  let undo;
  return {
    prepare(request, extras) {
      Object.assign(extras, plan, { resourceLimits: { ...resourceLimits } });
      undo = openMeans(limits, request, extras);
    },
    undo: () => undo?.(),
  };
}

/** @returns {Record<string, number>} those that are given */
function toLimits(limits) {
  const checked = {};
  if (isNullish(limits)) return checked;
  validateObject(limits, 'options.limits');
  for (const [key, value] of Object.entries(limits)) {
    const name = `options.limits.${key}`;
    if (!Object.hasOwn(LIMITS, key)) {
      const known = Object.keys(LIMITS).join(', ');
      throw invalidArgValue(name, value, `is not a limit (${known} are)`);
    }
    if (isNullish(value)) continue;
    const { min, infinite } = LIMITS[key];
    if (infinite && value === Infinity) checked[key] = value;
    else checked[key] = toInteger(value, name, min, Number.MAX_SAFE_INTEGER);
  }
  return checked;
}

function toInteger(value, name, min, max) {
  if (isNullish(value)) return undefined;
  validateInteger(value, name, min, max);
  return value;
}

/** @returns {number[] | undefined} */
function toAffinity(affinity) {
  const name = 'options.affinity';
  if (isNullish(affinity)) return undefined;
  validateArray(affinity, name);
  if (affinity.length === 0) throw invalidArgValue(name, affinity, 'must name a processor');
  return Array.from(affinity, (number, index) => {
    validateInteger(number, `${name}[${index}]`, 0, 2 ** 31 - 1);
    return number;
  });
}

/** A number, or its octal digits, as process.umask() takes them. */
function toUmask(umask) {
  const name = 'options.umask';
  if (typeof umask !== 'string') return toInteger(umask, name, 0, MAX_UMASK);
  if (!/^[0-7]+$/.test(umask)) throw invalidArgValue(name, umask, 'must be an octal number');
  return toInteger(Number.parseInt(umask, 8), name, 0, MAX_UMASK);
}

module.exports = { settle };
