'use strict';
// Runs one program as it is and registered, each in a fresh copy of its files, and compares what can be
// seen of them.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { ROOT } = require('../scripts/setup.js');

const REGISTER = path.join(ROOT, 'register.js');
const PROBE = path.join(__dirname, 'probe.js');
const WORK = path.join(__dirname, 'scratch');
const LIMIT_MS = 120_000;
const PATIENCE_MS = 5_000;

/**
 * @typedef {object} Seen what one run showed
 * @property {number | null} code
 * @property {string | null} signal
 * @property {string[]} lines of its output, less what differs from run to run
 * @property {{ isOurs: boolean, command: string[] }[]} processes the Node processes that it consisted of
 */

/**
 * Runs a program of list.js both ways under one Node.
 * @returns {Promise<{ plain: Seen, registered: Seen, differences: string[] }>}
 */
async function compare(program, node) {
  const [plain, registered] = await Promise.all([
    run(program, node, []),
    run(program, node, ['--require', REGISTER]),
  ]);
  return { plain, registered, differences: differences(plain, registered) };
}

async function run(program, node, nodeArgs) {
  fs.mkdirSync(WORK, { recursive: true });
  const home = fs.mkdtempSync(path.join(WORK, 'run-'));
  try {
    const place = path.join(home, 'project');
    const probed = path.join(home, 'probed');
    fs.mkdirSync(probed);
    fs.cpSync(path.join(__dirname, program.files), place, { recursive: true });
    const args = [...nodeArgs, ...program.command({ bin, node })];
    const outcome = await finish(node, args, { cwd: place, env: environment(node, probed) });
    const lines = tidy(outcome.output, home, program);
    const processes = fs
      .readdirSync(probed)
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(fs.readFileSync(path.join(probed, name), 'utf8')));
    return { ...outcome, lines, processes };
  } finally {
    fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What every program is given: the Node of the run first in PATH, and nothing that npm has set. */
function environment(node, probed) {
  const { PATH, HOME, TMPDIR } = process.env;
  const env = {
    PATH: `${path.dirname(node)}:${path.join(__dirname, 'node_modules', '.bin')}:${PATH}`,
    HOME,
    CI: 'true',
    NO_COLOR: '1',
    LANG: 'C.UTF-8',
    NODE_OPTIONS: `--require "${PROBE}"`,
    PROGRAMS_PROBE: probed,
  };
  return TMPDIR === undefined ? env : { ...env, TMPDIR };
}

/** The program that a package puts into node_modules/.bin. */
function bin(name, of = name) {
  const home = path.join(__dirname, 'node_modules', of);
  const manifest = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8'));
  return path.join(home, typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[name]);
}

/** Both outputs in one, as a terminal would show them, and how it ended. */
async function finish(command, args, options) {
  const log = path.join(options.cwd, '..', 'output');
  const fd = fs.openSync(log, 'a');
  // A group of its own: a program that does not end is killed with all that it has started.
  const child = spawn(command, args, { ...options, stdio: ['ignore', fd, fd], detached: true });
  fs.closeSync(fd);
  const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), LIMIT_MS);
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (...ended) => resolve(ended));
  });
  clearTimeout(timer);
  const strays = await killGroup(child.pid);
  return { code, signal, strays, output: fs.readFileSync(log, 'utf8') };
}

/** Ends what the program has left behind in its group; whether there was anything that would not go. */
async function killGroup(pid) {
  const deadline = Date.now() + PATIENCE_MS;
  try {
    while (Date.now() < deadline) {
      process.kill(-pid, 0);
      await sleep(20);
    }
    return process.kill(-pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** What differs between two runs of anything: places, times, pids. */
function tidy(output, home, { isUnordered, ignore = [] }) {
  const lines = output
    .replaceAll(home, '<home>')
    .replaceAll(path.relative(ROOT, home), '<home>')
    .split('\n')
    .filter((line) => !ignore.some((pattern) => pattern.test(line)))
    .map((line) =>
      line
        .replaceAll(/\b\d+(\.\d+)?\s?(ms|s|seconds?)\b/g, '<time>')
        .replaceAll(/\b\d\d:\d\d:\d\d\b/g, '<time>')
        .replaceAll(/\bpid([ =:]+)\d+/gi, 'pid$1<pid>')
        .replaceAll(/\(node:\d+\)/g, '(node:<pid>)')
        // A runner shows them only for what was slow.
        .replaceAll(/ +(<time>|\(<time>\))$/g, '')
        .replaceAll(' (<time>)', '')
        .trimEnd(),
    )
    .filter(Boolean);
  // Workers that run at the same time report in any order.
  return isUnordered ? lines.sort() : lines;
}

function differences(plain, registered) {
  const found = [];
  for (const key of ['code', 'signal', 'strays']) {
    if (plain[key] !== registered[key]) found.push(`${key}: ${plain[key]}, ${registered[key]}`);
  }
  const rows = Math.max(plain.lines.length, registered.lines.length);
  for (let row = 0; row < rows; row += 1) {
    const [a, b] = [plain.lines[row], registered.lines[row]];
    if (a !== b) found.push(`- ${a ?? ''}`, `+ ${b ?? ''}`);
  }
  return found;
}

module.exports = { compare };
