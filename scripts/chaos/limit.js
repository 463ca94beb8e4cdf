'use strict';
// A machine at its process limit: a program in a cgroup of its own that allows few processes starts many
// at once. Each start must end well or with EAGAIN; none may hang; and when the rush is over all is as it
// was. Needs the right to make a cgroup with the pids controller.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { isAlive, until } = require('../../__test__/helpers/processes.js');
const { makeGroup } = require('./group.js');

const PROGRAM = path.join(__dirname, 'crowd.js');
/** Threads count as well: Node has a dozen. */
const PROCESSES = 40;
const PATIENCE_MS = 60_000;

/** Version 1, version 2. */
const PLACES = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'].map((root) => ({
  root,
  limits: { 'pids.max': String(PROCESSES) },
}));

const members = (group) =>
  fs.readFileSync(path.join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);

async function limitProcesses(seconds, random) {
  const group = makeGroup(PLACES);
  if (!group)
    return { figures: [{ skipped: 'no cgroup with the pids controller here' }], faults: [] };
  const faults = [];
  const figures = {};
  try {
    // The shell enters the group; what it becomes stays there.
    const enter = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
    const args = [group, process.execPath, PROGRAM, String(random.below(2 ** 31)), String(seconds)];
    const crowd = spawn('sh', ['-c', enter, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    crowd.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    const timer = setTimeout(() => crowd.kill('SIGKILL'), seconds * 1000 + PATIENCE_MS);
    const [code, signal] = await once(crowd, 'close');
    clearTimeout(timer);
    if (code !== 0) faults.push(`the crowd ended with ${code ?? signal}`);
    for (const line of output.trim().split('\n').filter(Boolean)) {
      const { faults: its, ...rest } = JSON.parse(line);
      Object.assign(figures, rest);
      faults.push(...its);
    }
    if (!(figures.refused > 0)) faults.push('the limit was never met');
    if (!(await until(() => members(group).length === 0, PATIENCE_MS))) {
      faults.push(`${members(group).length} processes left`);
    }
  } finally {
    for (const pid of members(group)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await until(() => members(group).length === 0, PATIENCE_MS);
    fs.rmdirSync(group);
  }
  return { figures: [{ limit: PROCESSES, ...figures }], faults };
}

module.exports = { limitProcesses };
