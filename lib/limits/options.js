'use strict';
// The options by which a child is held to less than its parent: `limits`, `nice`, `affinity`, `umask`,
// `noNewPrivileges`. Checked here; what they need is opened just before the start (means.js).

const { invalidArgType, invalidArgValue, outOfRange } = require('../errors.js');
const { isNullish, validateArray, validateBoolean, validateObject } = require('../validate.js');
const { openMeans } = require('./means.js');

/** Less than this no program begins with: the kernel's own share of a process comes to half of it. */
const MIN_MEMORY = 1024 * 1024;
const MAX_UMASK = 0o777;

/**
 * The limits: the least that makes sense, whether Infinity says that there is none, and what the addon
 * calls it where it is a resource limit of one process.
 * @type {Record<string, { min: number, infinite: boolean, resource?: string }>}
 */
const LIMITS = {
  memory: { min: MIN_MEMORY, infinite: false },
  processes: { min: 1, infinite: false },
  cpuTime: { min: 1, infinite: true, resource: 'cpuTime' },
  openFiles: { min: 1, infinite: false, resource: 'openFiles' },
  fileSize: { min: 0, infinite: true, resource: 'fileSize' },
  core: { min: 0, infinite: true, resource: 'core' },
  stack: { min: 1, infinite: true, resource: 'stack' },
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
    const { resource } = LIMITS[name];
    if (resource) resourceLimits[resource] = value;
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
  if (typeof value !== 'number') throw invalidArgType(name, 'number', value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < min || value > max) throw outOfRange(name, `>= ${min} && <= ${max}`, value);
  return value;
}

/** @returns {number[] | undefined} */
function toAffinity(affinity) {
  const name = 'options.affinity';
  if (isNullish(affinity)) return undefined;
  validateArray(affinity, name);
  if (affinity.length === 0) throw invalidArgValue(name, affinity, 'must name a processor');
  return Array.from(affinity, (number, index) => {
    if (typeof number !== 'number') throw invalidArgType(`${name}[${index}]`, 'number', number);
    return /** @type {number} */ (toInteger(number, `${name}[${index}]`, 0, 2 ** 31 - 1));
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
