'use strict';
// Runs a function in a Node process of its own, started by Node's own module, and tells what can be
// seen of it from outside: how it ended, what it said, which processes it left behind.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { until } = require('./processes.js');

const ROOT = path.join(__dirname, '..', '..');
const LIMIT_MS = 30_000;
const OUTPUT_MS = 1_000;

/**
 * What a body is given. `cp` is the package, loaded when it is first asked for. In a worker thread
 * that runs the same file the body is called again.
 */
const prelude = (root) => `'use strict';
const self = {
  get cp() { return require(${JSON.stringify(root)}); },
  args: process.argv.slice(2),
  fixtures: ${JSON.stringify(path.join(ROOT, '__test__', 'fixtures'))},
  processes: require(${JSON.stringify(path.join(__dirname, 'processes.js'))}),
  say: (...values) => require('node:fs').writeSync(1, JSON.stringify(values) + '\\n'),
};
`;

/**
 * @typedef {object} Outcome
 * @property {number | null} code
 * @property {string | null} signal
 * @property {any[][]} said each call of say(), by its arguments
 * @property {string} stdout
 * @property {string} stderr
 * @property {string[]} strays command lines of processes that would not end when it had ended; they
 *   are killed
 */

/**
 * Starts `body(self)`, which is passed as source text and sees nothing of the file it stands in; or a
 * program, by its path, which says what it says by itself: lines of JSON.
 * @param {((self: any) => any) | string} body
 * @param {any} [options] `args`, `nodeArgs`, `node`, `root` of the package, `limit` in ms until it
 *   is killed, and options of spawn
 * @returns {{ child: import('node:child_process').ChildProcess, outcome: Promise<Outcome>,
 *   heard: (word: any) => Promise<any[]> }} `heard` resolves with what is said next that begins with
 *   `word`
 */
function startScript(body, options = {}) {
  const {
    args = [],
    nodeArgs = [],
    node = process.execPath,
    root = ROOT,
    limit = LIMIT_MS,
    ...spawnOptions
  } = options;
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-script-'));
  const file = typeof body === 'string' ? body : path.join(home, 'script.js');
  if (file !== body) fs.writeFileSync(file, `${prelude(root)}(${body})(self);\n`);
  // A session of its own, by which its descendants are found.
  const child = spawn(node, [...nodeArgs, file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...spawnOptions,
    detached: true,
  });
  const hearing = new Set();
  const said = [];
  let stdout = '';
  let stderr = '';
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text;
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.filter((it) => it.startsWith('['))) {
      const values = JSON.parse(line);
      said.push(values);
      for (const listener of hearing) listener(values);
    }
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const heard = (word) =>
    new Promise((resolve) => {
      const earlier = said.find((values) => values[0] === word);
      if (earlier) resolve(earlier);
      else hearing.add((values) => values[0] === word && resolve(values));
    });
  return { child, outcome: end(), heard };

  async function end() {
    const exit = once(child, 'exit');
    const closed = once(child, 'close');
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      killSession(child.pid);
    }, limit);
    const [code, signal] = await exit;
    clearTimeout(timer);
    const strays = await waitForSession(child.pid);
    // A process with a session of its own may still hold the output.
    await Promise.race([closed, sleep(OUTPUT_MS)]);
    child.stdout?.destroy();
    child.stderr?.destroy();
    fs.rmSync(home, { recursive: true, force: true });
    if (isLate) throw new Error(`the script did not end\n${stdout}\n${stderr}`);
    return { code, signal, said, stdout, stderr, strays };
  }
}

/** Runs `body` to its end. */
function runScript(body, options) {
  return startScript(body, options).outcome;
}

/** Options for a process that may open few descriptors. */
const FEW_DESCRIPTORS = {
  node: 'sh',
  nodeArgs: ['-c', 'ulimit -n 128; exec "$0" "$@"', process.execPath],
};

/**
 * Runs `body`, checks that it ended well, and answers what it said, by first word.
 * @returns {Promise<Record<string, any[]>>}
 */
async function runWell(body, options) {
  const { code, signal, stderr, strays, said } = await runScript(body, options);
  assert.deepStrictEqual(
    { code, signal, stderr, strays },
    { code: 0, signal: null, stderr: '', strays: [] },
  );
  return Object.fromEntries(said.map(([word, ...values]) => [word, values]));
}

/** Processes of the session that was led by `leader`, by pid; zombies do not count. */
function session(leader) {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const [state, , , id] = stat(pid);
      return id === String(leader) && state !== 'Z' && state !== 'X';
    });
}

function stat(pid) {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name stands in brackets and may itself hold blanks and brackets.
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

function commandLine(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

async function waitForSession(leader) {
  await until(() => session(leader).length === 0);
  const strays = session(leader).map(commandLine);
  killSession(leader);
  return strays;
}

function killSession(leader) {
  for (const pid of session(leader)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone meanwhile.
    }
  }
}

module.exports = { FEW_DESCRIPTORS, ROOT, runScript, runWell, startScript };
