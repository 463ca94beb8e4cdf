'use strict';
// What a parity case is given. Everything that a case logs becomes plain JSON here, so that two
// runs can be compared with deepStrictEqual.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');

/** Node's module, ours, or Node's with ours in it. */
function load(implementation) {
  if (implementation === 'sprog') return require(ROOT);
  if (implementation === 'registered') require(path.join(ROOT, 'register.js'));
  return require('node:child_process');
}

/** The name of the module under test, where a child script shows it, says nothing. */
const MODULE_PATHS = [ROOT, 'node:child_process'].map((name) => JSON.stringify(name));

/** JSON-safe picture of a value: errors by their observable fields, buffers as text. */
function picture(value, depth = 0) {
  if (typeof value === 'string') {
    for (const name of MODULE_PATHS) value = value.replaceAll(`require(${name})`, 'require(…)');
    return value;
  }
  if (value === undefined) return '<undefined>';
  if (typeof value === 'function') return `<function ${value.name}>`;
  if (typeof value === 'symbol' || typeof value === 'bigint') return `<${String(value)}>`;
  if (typeof value === 'number' && !Number.isFinite(value)) return `<${value}>`;
  if (Object.is(value, -0)) return '<-0>';
  if (value === null || typeof value !== 'object') return value;
  if (depth > 6) return '<deep>';
  if (Buffer.isBuffer(value)) return `<Buffer ${value.toString('latin1')}>`;
  if (value instanceof Error) {
    const fields = { name: value.name, message: value.message };
    for (const key of Object.keys(value)) fields[key] = picture(value[key], depth + 1);
    if ('cause' in value) fields.cause = picture(value.cause, depth + 1);
    return { '<error>': fields };
  }
  if (Array.isArray(value)) return value.map((item) => picture(item, depth + 1));
  const out = {};
  for (const key of Object.keys(value)) out[key] = picture(value[key], depth + 1);
  return out;
}

function makeContext(implementation) {
  const events = [];
  const cp = load(implementation);
  let tmp;
  const t = {
    /** The module under test: node:child_process or sprog. */
    cp,
    /** What a child script must require to get the module under test. */
    modulePath: implementation === 'sprog' ? ROOT : 'node:child_process',
    /** Major version of the Node that runs the case. */
    major: Number(process.versions.node.split('.')[0]),
    /** This Node binary. */
    node: process.execPath,
    /** Records one observed event. Never log pids, times or absolute temp paths. */
    log: (...values) => {
      events.push(values.map((value) => picture(value)));
    },
    /** Absolute path of a program under __test__/fixtures. */
    fixture: (name) => path.join(ROOT, '__test__', 'fixtures', name),
    /** A temp directory of this case, removed when it ends. */
    get tmp() {
      tmp ??= fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-parity-'));
      return tmp;
    },
    /** Logs the outcome of a call that may throw. */
    attempt: (label, fn) => {
      try {
        const value = fn();
        t.log(label, 'returned', typeof value);
        return value;
      } catch (error) {
        t.log(label, 'threw', error);
        return undefined;
      }
    },
    /** Resolves with [code, signal] at 'close'; an 'error' does not reject. */
    closed: (child) =>
      new Promise((resolve) => {
        child.on('error', () => {});
        child.once('close', (code, signal) => resolve([code, signal]));
      }),
    /** Resolves with [code, signal] at 'exit'. */
    exited: (child) =>
      new Promise((resolve) => child.once('exit', (code, signal) => resolve([code, signal]))),
    /** Collects a readable to a string. */
    text: async (stream) => {
      let all = '';
      stream.setEncoding('utf8');
      for await (const chunk of stream) all += chunk;
      return all;
    },
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
  const dispose = () => {
    if (tmp) fs.rmSync(tmp, { recursive: true, force: true });
  };
  return { t, events, dispose };
}

module.exports = { makeContext };
