'use strict';
// A parent that suffers hostile children, one after the other, while a healthy one is talked to, and
// tells what it saw as a line of JSON for each. argv: the module under test, then names of acts.

const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { countFds, countZombies, until } = require('../helpers/processes.js');
const { emitted, message } = require('../helpers/ipc.js');
const { CASES } = require('./cases.js');

const [, , modulePath, ...acts] = process.argv;
const cp = require(modulePath);
const FIXTURES = path.join(__dirname, '..', 'fixtures');
const ACT_LIMIT_MS = 60_000;
const QUIET_MS = 60;

/** What the child under way has done to us. */
let seen;
process.on('uncaughtException', (error) => seen.uncaught.add(error.name));

const memory = () => {
  globalThis.gc?.();
  return process.memoryUsage.rss();
};

/** The most memory that was resident since `watchPeak`. */
const peak = () => 1024 * Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status'))[1]);
const watchPeak = () => fs.writeFileSync('/proc/self/clear_refs', '5');

async function ping(healthy, n) {
  const answer = message(healthy);
  healthy.send({ n });
  const back = await answer;
  if (back.n !== n) throw new Error(`asked ${n}, was answered ${JSON.stringify(back)}`);
}

function quote(value) {
  let depth = 0;
  for (let inner = value; Array.isArray(inner); inner = inner[0]) depth++;
  if (depth > 10) return `${depth} arrays deep`;
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 8)}... of ${text.length}` : text;
}

/** Counts what it is given; as text: `a, b ×3`. */
class Tally extends Map {
  add(item) {
    this.set(item, (this.get(item) ?? 0) + 1);
  }

  /** @param {boolean} [isExact] whether more than a few are counted too */
  toText(isExact) {
    const times = (count) => (isExact || count < 10 ? `×${count}` : 'again and again');
    const texts = [...this].map(([item, n]) => (n === 1 ? item : `${item} ${times(n)}`));
    return texts.join(', ');
  }
}

const newRecord = () => ({
  messages: new Tally(),
  handles: new Tally(),
  uncaught: new Tally(),
  "'error'": new Tally(),
  answered: new Tally(),
  send: new Tally(),
});

function summary(record, isDisconnected) {
  const parts = Object.entries(record).filter(([, tally]) => tally.size > 0);
  const texts = parts.map(([name, tally]) => `${name} ${tally.toText(name === 'messages')}`);
  return [...texts, ...(isDisconnected ? ["'disconnect'"] : [])].join('; ') || 'nothing';
}

async function suffer(act, healthy) {
  const { mode, options, parent } = CASES[act];
  const before = { rss: memory(), fds: countFds() };
  watchPeak();
  const cpu = process.cpuUsage();
  seen = newRecord();
  const child = cp.spawn('python3', [path.join(FIXTURES, 'wire-hostile.py'), act], {
    stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
    serialization: mode,
    ...options,
  });
  const record = seen;
  let mostFds = 0;
  let count = 0;
  let isDisconnected = false;
  let changed = performance.now();
  child.on('message', (value, handle) => {
    record.messages.add(quote(value));
    if (handle) record.handles.add(handle.constructor.name);
    (handle?.destroy ?? handle?.close)?.call(handle);
    if (++count < 2000) mostFds = Math.max(mostFds, countFds());
    changed = performance.now();
  });
  child.on('error', (error) => record["'error'"].add(error.code));
  child.on('disconnect', () => {
    isDisconnected = true;
  });
  child.stdin.on('error', () => {});
  const ended = emitted(child, 'exit');
  let output = '';
  const closed = emitted(child.stdout, 'close');
  child.stdout.setEncoding('latin1').on('data', (text) => {
    output += text;
  });
  if (parent) record.send.add(parent(child));
  let pings = 0;
  let slowest = 0;
  const limit = performance.now() + ACT_LIMIT_MS;
  while (!output.includes('done\n') || pings < 5 || performance.now() - changed < QUIET_MS) {
    const start = performance.now();
    if (start > limit) throw new Error(`${act} does not end`);
    await ping(healthy, pings++);
    slowest = Math.max(slowest, performance.now() - start);
    await sleep(2);
  }
  // An end that comes with the child's own says nothing of the act.
  const isConnected = child.connected;
  if (act === 'stops_itself') child.kill('SIGKILL');
  child.stdin.end();
  await Promise.all([ended, closed]);
  await until(() => isDisconnected, 1000);
  await until(() => countFds() <= before.fds, 2000);
  for (const [name] of output.matchAll(/NODE_(HANDLE|SOCKET)_\w+/g)) record.answered.add(name);
  return {
    act,
    outcome: summary(record, isDisconnected && !isConnected),
    polluted: {}.polluted !== undefined,
    rss: [before.rss, memory()],
    peak: peak() - before.rss,
    fds: [before.fds, countFds()],
    mostFds: mostFds - before.fds,
    zombies: countZombies(),
    cpu: process.cpuUsage(cpu).user / 1e6,
    slowest,
  };
}

async function main() {
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'];
  const healthy = cp.fork(path.join(FIXTURES, 'ipc-echo.js'), [], { stdio, execArgv: [] });
  await ping(healthy, 0);
  // libuv keeps a descriptor in reserve from the first stream of its own on.
  await new Promise((resolve) => net.createServer().listen(0).close(resolve));
  for (const act of acts) {
    fs.writeSync(1, `${JSON.stringify({ start: act })}\n`);
    fs.writeSync(1, `${JSON.stringify(await suffer(act, healthy))}\n`);
  }
  healthy.disconnect();
}

main().catch((error) => {
  fs.writeSync(2, `${error.stack}\n`);
  process.exit(70);
});
