'use strict';
// spawnSync(), execSync(), execFileSync(): a program run to its end before the call returns. The
// addon feeds and drains all pipes meanwhile; here are the arguments, the result and the errors.

const os = require('node:os');
const util = require('node:util');
const { packEnvironment } = require('./environment.js');
const { errnoException, invalidArgType } = require('./errors.js');
const {
  MAX_BUFFER,
  normalizeSpawnArguments,
  normalizeExecArgs,
  normalizeExecFileArgs,
} = require('./options.js');
const { explain } = require('./failed-start.js');
const { adopt } = require('./lent-memory.js');
const { NODE_MAJOR } = require('./node-version.js');
const { checkPermission } = require('./permission.js');
const { signalName, sanitizeKillSignal } = require('./signals.js');
const { refuseInSync } = require('./extra-options.js');
const { environmentOrErrno } = require('./native-state.js');
const { parseStdio, KIND } = require('./stdio.js');
const { terminated, untilNul } = require('./terminated.js');
const { isNullish, validateTimeout, validateMaxBuffer } = require('./validate.js');

const debug = util.debuglog('child_process');

const { SIGTERM } = os.constants.signals;
const NO_INPUT = new Uint8Array(0);
// What stdout and stderr are if nothing was started.
const NO_OUTPUT = NODE_MAJOR >= 22 ? undefined : null;

function spawnSync(file, args, options) {
  const request = normalizeSpawnArguments(file, args, options, true);
  refuseInSync(request);
  // An explicit undefined or null is no limit, here and only here.
  const maxBuffer = 'maxBuffer' in request ? request.maxBuffer : MAX_BUFFER;
  validateTimeout(request.timeout);
  validateMaxBuffer(maxBuffer);
  const killSignal = sanitizeKillSignal(request.killSignal) ?? SIGTERM;
  const { entries } = parseStdio(request.stdio || 'pipe', true);
  const input = toInput(request);
  checkPermission(request.file);
  debug('spawnSync', request);
  request[PREPARED] = { entries, input, maxBuffer: maxBuffer ?? 0, killSignal };
  if (!isNullish(request.forceKillAfter)) {
    const { toForceKillAfter } = require('./force-kill.js');
    const forceAfter = toForceKillAfter(request.forceKillAfter, undefined);
    request[PREPARED].more = { forceAfter };
  }
  return toResult(door.spawn(request), request);
}

/**
 * What goes to the child's standard input. Checked also where there is no pipe to write it to.
 * @param {any} request
 */
function toInput({ input, encoding }) {
  if (!input) return NO_INPUT;
  if (typeof input === 'string') return Buffer.from(input, encoding);
  if (!ArrayBuffer.isView(input)) {
    const expected = ['string', 'Buffer', 'TypedArray', 'DataView'];
    throw invalidArgType('options.stdio[0]', expected, input);
  }
  const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  // Other threads may write to shared memory while it is sent.
  return util.types.isSharedArrayBuffer(input.buffer) ? bytes.slice() : bytes;
}

/**
 * What a request has beside what `ChildProcess.prototype.spawn` is given, too. A symbol: it stays with
 * a copy of the request.
 */
const PREPARED = Symbol('prepared');

/** Every request goes through here. Register lets others see it on its way. */
const door = { spawn: run };

/**
 * @param {any} request whose file, arguments and environment may have been changed on the way
 * @returns {import('../binding.js').SyncOutcome}
 */
function run(request) {
  const { entries, input, maxBuffer, killSignal, more } = request[PREPARED];
  const native = environmentOrErrno();
  if (typeof native === 'number') {
    return { errno: -native, step: 0, pid: 0, code: 0, signal: 0 };
  }
  const argv = terminated(request.args);
  const environ = packEnvironment(request);
  const outcome = native.runSync(
    {
      file: untilNul(request.file),
      argv,
      env: environ.text,
      inheritsEnv: environ.inherits,
      cwd: isNullish(request.cwd) ? undefined : untilNul(request.cwd),
      detached: request.detached,
      uid: request.uid ?? undefined,
      gid: request.gid ?? undefined,
      stdio: entries.flatMap(toPlan),
      timeout: request.timeout ?? 0,
      maxBuffer,
      killSignal,
      ...more,
    },
    entries[0]?.isInput ? input : NO_INPUT,
  );
  outcome.output = outcome.output?.map((bytes) => bytes && adopt(bytes));
  return outcome;
}

/** The entry as the addon takes it: two integers. */
function toPlan({ kind, value = 0, isInput }) {
  const isPipe = kind === KIND.SOCKET || kind === KIND.FIFO;
  // Numbers that are no descriptors become such as in Node: 1.5 is 1.
  return [kind, isPipe ? Number(isInput) : value | 0];
}

/** @param {import('../binding.js').SyncOutcome} outcome */
function toResult({ errno, step, pid, code, signal, output }, request) {
  const result = /** @type {any} */ ({});
  if (errno !== 0) {
    result.error = Object.assign(errnoException(-errno, `spawnSync ${request.file}`), {
      path: request.file,
      spawnargs: request.args.slice(1),
    });
    if (pid === 0) explain(result.error, { step: step ?? 0, request });
  }
  result.status = pid === 0 || signal !== 0 ? null : code;
  result.signal = signal === 0 ? null : signalName(signal);
  result.output = output ? decode(output, request.encoding) : null;
  result.pid = pid;
  result.stdout = output ? output[1] : NO_OUTPUT;
  result.stderr = output ? output[2] : NO_OUTPUT;
  return result;
}

function decode(output, encoding) {
  if (!encoding || encoding === 'buffer') return output;
  output.forEach((bytes, index) => {
    if (bytes) output[index] = bytes.toString(encoding);
  });
  return output;
}

function execFileSync(file, args, options) {
  const request = normalizeExecFileArgs(file, args, options);
  const result = spawnSync(request.file, request.args, request.options);
  const command = [request.options.argv0 || request.file, ...request.args];
  return toOutput(result, request.options, () => command.join(' '));
}

function execSync(command, options) {
  const request = normalizeExecArgs(command, options);
  const result = spawnSync(request.file, request.options);
  return toOutput(result, request.options, () => command);
}

/** What exec*Sync return, or throw. Errors of the child are for the user to see by default. */
function toOutput(result, options, describe) {
  if (!options.stdio && result.stderr) process.stderr.write(result.stderr);
  if (result.error) throw Object.assign(result.error, result);
  if (result.status !== 0) throw commandFailed(result, describe());
  return result.stdout;
}

function commandFailed(result, command) {
  const { stderr } = result;
  const reason = stderr && stderr.length > 0 ? `\n${stderr.toString()}` : '';
  const error = new Error(`Command failed: ${command}${reason}`);
  Error.captureStackTrace(error, toOutput);
  return Object.assign(error, result);
}

module.exports = { spawnSync, execSync, execFileSync, door, run, PREPARED };
