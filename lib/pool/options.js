'use strict';
// The options of a pool and of its tasks: checked, with their defaults. Nothing is started here.

const os = require('node:os');
const path = require('node:path');
const { fileURLToPath } = require('node:url');
const { invalidArgType, invalidArgValue, outOfRange } = require('../errors.js');
const { settleExtras } = require('../extra-options.js');
const { normalizeForkArguments } = require('../fork-options.js');
const { normalizeSpawnArguments } = require('../options.js');
const { sanitizeKillSignal } = require('../signals.js');
const {
  isNullish,
  validateListenableSignal,
  validateArray,
  validateBoolean,
  validateFunction,
  validateInteger,
  validateMaxMessageSize,
  validateObject,
  validateOneOf,
  validatePath,
  validateString,
} = require('../validate.js');
const { MAX_ARGUMENTS } = require('./protocol.js');

const MAX_TIMER = 2 ** 31 - 1;
const WORKERS = 4096;
/** Of one worker: they are numbered in 32 bits. */
const MOST_TASKS = 2 ** 31;

/** Numbers: default, least, most, and whether Infinity will do. Times are in milliseconds. */
const NUMBERS = {
  min: [0, 0, WORKERS, false],
  max: [undefined, 1, WORKERS, false],
  spares: [0, 0, WORKERS, false],
  concurrency: [1, 1, 65_536, false],
  maxQueue: [Infinity, 0, Number.MAX_SAFE_INTEGER, true],
  retries: [0, 0, 1000, false],
  timeout: [Infinity, 1, MAX_TIMER, true],
  abortGrace: [0, 0, MAX_TIMER, false],
  idleTimeout: [30_000, 0, MAX_TIMER, true],
  startTimeout: [60_000, 1, MAX_TIMER, true],
  startAttempts: [3, 1, 1000, false],
  stoppedAfter: [5_000, 1, MAX_TIMER, true],
  killGrace: [5_000, 0, MAX_TIMER, false],
  maxTasks: [Infinity, 1, Number.MAX_SAFE_INTEGER, true],
  maxAge: [Infinity, 1, Number.MAX_SAFE_INTEGER, true],
  maxRss: [Infinity, 1, Number.MAX_SAFE_INTEGER, true],
};

const OUTPUTS = ['inherit', 'pipe', 'ignore'];
/** What a pool decides for its workers. */
const NOT_FOR_WORKERS = ['stdio', 'silent', 'serialization', 'detached', 'signal', 'timeout'];

/**
 * @param {any} script
 * @param {any} given
 */
function poolOptions(script, given) {
  if (!isNullish(given)) validateObject(given, 'options');
  const options = /** @type {any} */ ({ __proto__: null, ...given });
  options.script = toScript(script);
  for (const [name, [fallback, least, most, endless]] of Object.entries(NUMBERS)) {
    options[name] = number(options[name], `options.${name}`, fallback, least, most, endless);
  }
  options.maxTasks = Math.min(options.maxTasks, MOST_TASKS);
  options.max ??= Math.max(os.availableParallelism(), options.min);
  if (options.min > options.max) throw outOfRange('options.min', '<= options.max', options.min);
  for (const name of ['ref', 'lazy']) {
    options[name] ??= false;
    validateBoolean(options[name], `options.${name}`);
  }
  for (const name of ['stdout', 'stderr']) {
    options[name] ??= 'inherit';
    validateOneOf(options[name], `options.${name}`, OUTPUTS);
  }
  validatePrefix(options.prefix);
  options.args ??= [];
  validateArray(options.args, 'options.args');
  options.fork = forkOptions(options.fork);
  // Whatever fork() refuses is refused here, before anything is started.
  const {
    file,
    args,
    options: request,
  } = normalizeForkArguments(options.script, options.args, options.fork);
  settleExtras(normalizeSpawnArguments(file, args, request));
  sanitizeKillSignal(request.killSignal);
  validateMaxMessageSize(request.maxMessageSize);
  return options;
}

function toScript(script) {
  if (typeof script === 'string' && script.startsWith('file:')) return fileURLToPath(script);
  const file = validatePath(script, 'script');
  if (file.length === 0) throw invalidArgValue('script', script, 'cannot be empty');
  return path.resolve(String(file));
}

function validatePrefix(prefix) {
  if (isNullish(prefix) || ['boolean', 'string', 'function'].includes(typeof prefix)) return;
  throw invalidArgType('options.prefix', ['boolean', 'string', 'function'], prefix);
}

function forkOptions(given) {
  if (isNullish(given)) return {};
  validateObject(given, 'options.fork');
  for (const name of NOT_FOR_WORKERS) {
    if (isNullish(given[name])) continue;
    throw invalidArgValue(`options.fork.${name}`, given[name], 'is for the pool to decide');
  }
  return { ...given };
}

function number(value, name, fallback, least, most, endless) {
  if (isNullish(value)) return fallback;
  if (!(endless && value === Infinity)) validateInteger(value, name, least, most);
  return value;
}

/** The arguments of run() and stream(). */
function checkTask(name, args) {
  validateString(name, 'name');
  validateArray(args, 'args');
  if (args.length >= MAX_ARGUMENTS) {
    throw outOfRange('args.length', `< ${MAX_ARGUMENTS}`, args.length);
  }
}

/** A priority is any number but NaN, and the higher is the earlier. */
function checkTaskOptions(options, pool) {
  validateObject(options, 'options');
  const { signal, priority, onProgress } = options;
  validateListenableSignal(signal, ['addEventListener', 'removeEventListener']);
  if (!isNullish(onProgress)) validateFunction(onProgress, 'options.onProgress');
  if (!isNullish(priority)) {
    if (typeof priority !== 'number') throw invalidArgType('options.priority', 'number', priority);
    if (Number.isNaN(priority)) throw outOfRange('options.priority', 'a number', priority);
  }
  const of = (name) => {
    const [, least, most, endless] = NUMBERS[name];
    return number(options[name], `options.${name}`, pool[name], least, most, endless);
  };
  return {
    signal,
    priority: priority ?? 0,
    onProgress: onProgress ?? undefined,
    timeout: of('timeout'),
    retries: of('retries'),
  };
}

/** Items of a stream that may be under way or wait to be read. */
function checkHighWaterMark(value) {
  return number(value, 'options.highWaterMark', 16, 1, 1_000_000, false);
}

/** How pool.top() shows itself. */
function checkTop(given) {
  if (!isNullish(given)) validateObject(given, 'options');
  const stream = given?.stream ?? process.stdout;
  if (typeof stream?.write !== 'function') {
    throw invalidArgType('options.stream', 'stream.Writable', stream);
  }
  return {
    interval: number(given?.interval, 'options.interval', 1000, 10, MAX_TIMER, false),
    stream,
  };
}

/** How close() closes. */
function checkClose(given) {
  if (!isNullish(given)) validateObject(given, 'options');
  return number(given?.timeout, 'options.timeout', Infinity, 0, MAX_TIMER, true);
}

module.exports = {
  poolOptions,
  checkTask,
  checkTaskOptions,
  checkHighWaterMark,
  checkTop,
  checkClose,
};
