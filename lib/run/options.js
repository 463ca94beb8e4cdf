'use strict';
// From what callers pass to run() and runSync() to one checked, complete request. Nothing is opened or
// started here.

const os = require('node:os');
const { StringDecoder } = require('node:string_decoder');
const { invalidArgType, invalidArgValue, outOfRange, unknownEncoding } = require('../errors.js');
const { settleExtras } = require('../extra-options.js');
const { GRACE_MS, toForceKillAfter } = require('../force-kill.js');
const { normalizeSpawnArguments } = require('../options.js');
const { sanitizeKillSignal } = require('../signals.js');
const {
  isNullish,
  validateBoolean,
  validateListenableSignal,
  validateObject,
  validateTimeout,
} = require('../validate.js');
const { settleInput } = require('./input.js');
const { settleStdio } = require('./stdio.js');

const { SIGTERM } = os.constants.signals;
const MAX_BUFFER = 100 * 1024 * 1024;

/**
 * @typedef {object} Settings
 * @property {any} request for ChildProcess.prototype.spawn
 * @property {string} command as the caller gave it
 * @property {string[]} args
 * @property {any[]} stdio see stdio.js
 * @property {any} source what is written to stdin; see input.js
 * @property {AbortSignal | undefined} signal
 * @property {number} timeout in milliseconds; 0: none
 * @property {number} killSignal
 * @property {number | undefined} forceKillAfter in milliseconds; undefined: never
 * @property {BufferEncoding | null} encoding null for Buffers
 * @property {{ limit: number } | { head: number, tail: number }} maxBuffer in bytes
 * @property {boolean} all
 * @property {boolean} lines
 * @property {boolean} stripFinalNewline
 * @property {boolean} reject
 */

/** @returns {Settings} */
function settle(command, args, options) {
  const request = /** @type {any} */ (normalize(command, args, options));
  validateTimeout(request.timeout);
  validateListenableSignal(request.signal, ['addEventListener']);
  const killSignal = sanitizeKillSignal(request.killSignal) ?? SIGTERM;
  const forceKillAfter = toForceKillAfter(request.forceKillAfter, GRACE_MS);
  const source = settleInput(request.input);
  const flag = (name, fallback) => settleFlag(request, name, fallback);
  const settings = {
    request,
    command,
    args: Array.isArray(args) ? args.map(String) : [],
    stdio: settleStdio(request, source),
    source,
    signal: request.signal,
    timeout: request.timeout ?? 0,
    killSignal,
    forceKillAfter,
    encoding: settleEncoding(request.encoding),
    maxBuffer: settleMaxBuffer(request.maxBuffer),
    all: flag('all', false),
    lines: flag('lines', false),
    stripFinalNewline: flag('stripFinalNewline', true),
    reject: flag('reject', true),
  };
  if (settings.lines && settings.encoding === null) {
    throw invalidArgValue('options.lines', true, "cannot be had with encoding 'buffer'");
  }
  // Seen to by ourselves: off the loop, and not as an 'error' of the child.
  for (const name of ['timeout', 'signal', 'forceKillAfter']) request[name] = undefined;
  settleExtras(request);
  return settings;
}

/** @returns what spawn() makes of the arguments; all other options are still in it */
function normalize(command, args, options) {
  const isShort = typeof args === 'object' && args !== null && !Array.isArray(args);
  const given = isShort ? args : options;
  if (given?.extendEnv === undefined) return normalizeSpawnArguments(command, args, options);
  validateObject(given, 'options');
  validateBoolean(given.extendEnv, 'options.extendEnv');
  const env = given.extendEnv && given.env ? { ...process.env, ...given.env } : given.env;
  return normalizeSpawnArguments(command, isShort ? [] : args, { ...given, env });
}

function settleFlag(request, name, fallback) {
  const value = request[name];
  if (isNullish(value)) return fallback;
  validateBoolean(value, `options.${name}`);
  return value;
}

/** @returns {BufferEncoding | null} by its one name; null for Buffers */
function settleEncoding(encoding) {
  if (isNullish(encoding)) return 'utf8';
  if (encoding === 'buffer') return null;
  if (typeof encoding !== 'string') throw invalidArgType('options.encoding', 'string', encoding);
  if (!Buffer.isEncoding(encoding)) throw unknownEncoding(encoding);
  // It has many spellings: 'UTF-8', 'ucs2'.
  return /** @type {any} */ (new StringDecoder(encoding)).encoding;
}

function settleMaxBuffer(maxBuffer) {
  const name = 'options.maxBuffer';
  if (isNullish(maxBuffer)) return { limit: MAX_BUFFER };
  if (typeof maxBuffer === 'number') {
    if (!(maxBuffer >= 0)) throw outOfRange(name, '>= 0', maxBuffer);
    return { limit: maxBuffer };
  }
  if (typeof maxBuffer !== 'object') throw invalidArgType(name, ['number', 'Object'], maxBuffer);
  const { head, tail, ...others } = maxBuffer;
  const [stranger] = Object.keys(others);
  if (stranger !== undefined) {
    throw invalidArgValue(`${name}.${stranger}`, others[stranger], 'is unknown');
  }
  if (isNullish(head) && isNullish(tail)) {
    throw invalidArgValue(name, maxBuffer, "must have 'head' or 'tail'");
  }
  return { head: toCount(head, `${name}.head`), tail: toCount(tail, `${name}.tail`) };
}

function toCount(count, name) {
  if (isNullish(count)) return 0;
  if (typeof count !== 'number') throw invalidArgType(name, 'number', count);
  if (!Number.isSafeInteger(count) || count < 0) throw outOfRange(name, 'an integer >= 0', count);
  return count;
}

module.exports = { settle, settleEncoding };
