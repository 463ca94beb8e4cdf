'use strict';
// What exec() and execFile() do: one execution, from checked arguments to the one call of the callback.

const util = require('node:util');
const { pickExtras } = require('./extra-options.js');
const { clearTimeout, setTimeout } = require('./host-timers.js');
const { Output } = require('./output.js');
const { MAX_BUFFER, normalizeExecArgs, normalizeExecFileArgs } = require('./options.js');
const { sanitizeKillSignal } = require('./signals.js');
const { spawn } = require('./spawn.js');
const { validateTimeout, validateMaxBuffer } = require('./validate.js');

function execFile(file, args, options, callback) {
  const request = normalizeExecFileArgs(file, args, options, callback);
  const settings = /** @type {any} */ ({
    __proto__: null,
    encoding: 'utf8',
    timeout: 0,
    maxBuffer: MAX_BUFFER,
    killSignal: 'SIGTERM',
    ...request.options,
  });
  validateTimeout(settings.timeout);
  validateMaxBuffer(settings.maxBuffer);
  settings.killSignal = sanitizeKillSignal(settings.killSignal);

  // Nothing else is passed on: no stdio, argv0 or detached, and an abort always sends SIGTERM.
  const child = spawn(request.file, request.args, {
    cwd: settings.cwd,
    env: settings.env,
    gid: settings.gid,
    shell: settings.shell,
    signal: settings.signal,
    uid: settings.uid,
    ...pickExtras(settings),
    windowsHide: Boolean(settings.windowsHide),
    windowsVerbatimArguments: Boolean(settings.windowsVerbatimArguments),
  });
  new Execution(child, [request.file, ...request.args], settings, request.callback);
  return child;
}

/** From the start of a child to the one call of the callback. */
class Execution {
  #child;
  #command;
  #killSignal;
  #callback;
  #stdout;
  #stderr;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** @type {any} */
  #error;
  #isKilled = false;
  #isDone = false;

  constructor(child, command, settings, callback) {
    this.#child = child;
    this.#command = command;
    this.#killSignal = settings.killSignal;
    this.#callback = callback;
    if (settings.timeout > 0) this.#timer = setTimeout(() => this.#kill(), settings.timeout);
    this.#stdout = this.#collect('stdout', settings);
    this.#stderr = this.#collect('stderr', settings);
    child.on('close', (code, signal) => this.#finish(code, signal));
    child.on('error', (error) => this.#fail(error));
  }

  #collect(name, { encoding, maxBuffer }) {
    return new Output(this.#child[name], {
      name,
      // 'buffer', null and what is no encoding at all alike give Buffers.
      encoding: Buffer.isEncoding(encoding) ? encoding : null,
      maxBuffer,
      isKept: Boolean(this.#callback),
      onoverflow: (error) => {
        this.#error = error;
        this.#kill();
      },
    });
  }

  /** The streams are destroyed, so that a grandchild that holds them cannot hold up the end. */
  #kill() {
    this.#destroyOutputs();
    this.#isKilled = true;
    try {
      this.#child.kill(this.#killSignal);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error) {
    this.#error = error;
    this.#destroyOutputs();
    this.#finish();
  }

  #destroyOutputs() {
    this.#stdout.destroy();
    this.#stderr.destroy();
  }

  /**
   * @param {number | null} [code] of an end without an error
   * @param {string | null} [signal]
   */
  #finish(code, signal) {
    if (this.#isDone) return;
    this.#isDone = true;
    clearTimeout(this.#timer);
    const callback = this.#callback;
    if (!callback) return;
    const stdout = this.#stdout.content();
    const stderr = this.#stderr.content();
    if (!this.#error && code === 0 && signal === null) {
      callback(null, stdout, stderr);
      return;
    }
    const cmd = this.#command.join(' ');
    const error = this.#error || this.#commandFailed(cmd, stderr, code, signal);
    error.cmd = cmd;
    callback(error, stdout, stderr);
  }

  #commandFailed(cmd, stderr, code, signal) {
    return Object.assign(new Error(`Command failed: ${cmd}\n${stderr}`), {
      code: code < 0 ? util.getSystemErrorName(code) : code,
      killed: this.#child.killed || this.#isKilled,
      signal,
    });
  }
}

module.exports = { normalizeExecArgs, execFile };
