'use strict';
// A pool of two workers under fire: they are killed, stopped, made to crash and to run out of memory at
// random, while tasks with ids go through, some with megabytes that must come back as they were. Every task
// must be settled once; what was resolved must have been begun once, and nothing twice; no process may be
// left, and the program must not grow.
//
//   npm run pool-chaos -- [--seconds N] [--tasks N] [--seed N]

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { Pool } = require('../..');
const { readOptions } = require('../support/arguments.js');
const { Random, newSeed } = require('../support/random.js');
const { makeMemoryGroup } = require('./memory-group.js');

const values = readOptions({
  seconds: { type: 'string', default: '600' },
  tasks: { type: 'string', default: '100000' },
  seed: { type: 'string', default: String(newSeed()) },
});
const seconds = Number(values.seconds);
const total = Number(values.tasks);
const STOPPED_AFTER_MS = 500;
const GROUP_BYTES = 256 * 2 ** 20;
/** Beyond what a socket holds, so that a worker may end in the middle of it. */
const BULK_BYTES = 4 * 2 ** 20;

const random = new Random(Number(values.seed));

function self() {
  const fds = fs.readdirSync('/proc/self/fd').length - 1;
  return { rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20), fds };
}

/** Not somebody else who got its pid: a thousand workers later that is no wonder. */
function isWorker(pid, log) {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(log);
  } catch {
    return false;
  }
}

async function main() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-chaos-'));
  const log = path.join(home, 'begun');
  fs.writeFileSync(log, '');
  const group = makeMemoryGroup(GROUP_BYTES);
  const pool = new Pool(path.join(__dirname, 'pool-worker.js'), {
    min: 2,
    max: 2,
    maxQueue: 100,
    args: [log],
    stoppedAfter: STOPPED_AFTER_MS,
    stderr: 'ignore',
    startAttempts: 1000,
  });
  const pids = new Set();
  const alive = new Set();
  const ends = {};
  let oomKilled = 0;
  pool.on('workerStart', ({ pid }) => {
    pids.add(pid);
    group?.add(pid);
  });
  pool.on('workerReady', ({ pid }) => alive.add(pid));
  pool.on('workerExit', ({ pid, signal, reason, oomKilled: isOom }) => {
    alive.delete(pid);
    const how = `${reason}${signal ? ` ${signal}` : ''}`;
    ends[how] = (ends[how] ?? 0) + 1;
    if (isOom) oomKilled += 1;
  });

  const settled = new Uint8Array(total);
  const isResolved = new Uint8Array(total);
  const failures = {};
  let altered = 0;
  let unsettled = 0;
  const track = (id, task) => {
    unsettled += 1;
    const settle = () => {
      settled[id] += 1;
      unsettled -= 1;
    };
    task.then(
      () => {
        isResolved[id] = 1;
        settle();
      },
      (error) => {
        failures[error.name] = (failures[error.name] ?? 0) + 1;
        settle();
      },
    );
  };

  const sent = { SIGKILL: 0, SIGSTOP: 0, SIGSEGV: 0, memory: 0 };
  const began = Date.now();
  const samples = [];
  let isOver = false;
  const fire = (async () => {
    while (!isOver) {
      await sleep(50 + random.below(400));
      const pid = [...alive][random.below(alive.size)];
      const signal = ['SIGKILL', 'SIGSTOP', 'SIGSEGV'][random.below(3)];
      if (pid === undefined) continue;
      try {
        process.kill(pid, signal);
        sent[signal] += 1;
      } catch {
        // Gone by itself.
      }
    }
  })();
  const sampler = setInterval(() => samples.push(self()), Math.max(1000, seconds * 10));

  for (let id = 0; id < total; id++) {
    await pool.ready();
    const kind = random.next();
    if (group && random.chance(0.0005)) {
      sent.memory += 1;
      track(id, pool.run('devour', [id, 600]));
    } else if (random.chance(0.005)) {
      const bulk = Buffer.alloc(1 + random.below(BULK_BYTES), id);
      const check = (back) => {
        altered += bulk.equals(back) ? 0 : 1;
      };
      track(id, pool.run('echo', [id, bulk]).then(check));
    } else if (kind < 0.7) track(id, pool.run('quick', [id]));
    else if (kind < 0.85) track(id, pool.run('busy', [id, random.below(10)]));
    else track(id, pool.run('wait', [id, random.below(10)]));
    // Bursts, and an even pace over the whole time.
    const due = began + (id / total) * seconds * 1000;
    if (id % 50 === 49 && due > Date.now()) await sleep(due - Date.now());
  }
  isOver = true;
  await fire;
  for (const deadline = Date.now() + 60_000; unsettled > 0 && Date.now() < deadline; )
    await sleep(50);
  await pool.close({ timeout: 30_000 });
  clearInterval(sampler);
  samples.push(self());

  const begun = new Uint8Array(total);
  for (const line of fs.readFileSync(log, 'utf8').split('\n')) if (line) begun[Number(line)] += 1;
  const count = (test) => settled.reduce((sum, _, id) => sum + (test(id) ? 1 : 0), 0);
  const left = [...pids].filter((pid) => isWorker(pid, log));
  for (let tries = 0; group && tries < 50; tries++) {
    try {
      group.remove();
      break;
    } catch {
      await sleep(100);
    }
  }
  fs.rmSync(home, { recursive: true, force: true });
  const wrong = {
    'never settled': count((id) => settled[id] === 0),
    'settled twice': count((id) => settled[id] > 1),
    'begun twice': count((id) => begun[id] > 1),
    'resolved without having begun': count((id) => isResolved[id] === 1 && begun[id] === 0),
    'came back altered': altered,
    'processes left': left.length,
  };
  console.log(`seed ${values.seed}, ${total} tasks, ${Math.round((Date.now() - began) / 1000)} s`);
  console.log('sent     ', JSON.stringify(sent));
  console.log('ends     ', JSON.stringify(ends), `oomKilled ${oomKilled}`);
  console.log(
    'resolved ',
    count((id) => isResolved[id] === 1),
    'rejected',
    JSON.stringify(failures),
  );
  console.log(
    'rejected without having begun',
    count((id) => !isResolved[id] && begun[id] === 0),
  );
  console.log('workers  ', pids.size);
  console.log(
    'this program',
    JSON.stringify(
      samples.filter((_, n) => n % Math.ceil(samples.length / 6) === 0 || n === samples.length - 1),
    ),
  );
  console.log('wrong    ', JSON.stringify(wrong));
  if (Object.values(wrong).some(Boolean)) process.exitCode = 1;
}

main();
