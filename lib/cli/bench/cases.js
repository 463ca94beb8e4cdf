'use strict';
// What `sprog bench` measures. A case works for about as long as it is given and answers with one figure;
// it checks that every byte and every message was there.

const { once } = require('node:events');
const os = require('node:os');
const path = require('node:path');
const { performance } = require('node:perf_hooks');
const { promisify } = require('node:util');
const { counter, flood } = require('./flood.js');
const { median } = require('./median.js');

const CHILD = path.join(__dirname, 'child.js');
const MEGABYTE = 1e6;
const MESSAGES = 10_000;

/** A gigabyte, or less where that would be a fifth of the memory or more. */
const RESIDENT_MB = Math.min(1000, Math.floor(os.totalmem() / MEGABYTE / 5));

/**
 * @typedef {object} Case
 * @property {string} title
 * @property {'us' | 'ms' | 'MB/s' | '/s'} unit
 * @property {(cp: any, time: number) => Promise<number>} measure `cp` is the module, `time` in ms
 */

/** The median of what `once` answers, in as many goes as there is time for. */
async function typical(time, once) {
  await once();
  const values = [];
  const end = performance.now() + time;
  do values.push(await once());
  while (performance.now() < end);
  return median(values);
}

/** What is done in a second, by the amounts that `once` answers. */
async function rate(time, once) {
  await once();
  let amount = 0;
  const start = performance.now();
  do amount += await once();
  while (performance.now() < start + time);
  return (amount / (performance.now() - start)) * 1000;
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function check(condition, what) {
  if (!condition) throw new Error(`wrong result: ${what}`);
}

async function closed(child) {
  const [code] = await once(child, 'close');
  check(code === 0, `the child ended with ${code}`);
}

/** For how long spawn() itself keeps the loop, in microseconds. */
async function blocked({ spawn }) {
  const start = performance.now();
  const child = spawn('true', [], { stdio: 'ignore' });
  const time = performance.now() - start;
  await closed(child);
  return time * 1000;
}

/** Runs `work` with a forked child that answers. */
async function withChild({ fork }, serialization, work) {
  const child = fork(CHILD, [], { serialization });
  const ask = async (message) => {
    const answer = once(child, 'message');
    child.send(message);
    return (await answer)[0];
  };
  try {
    await ask({ task: 'hello' });
    return await work(child, ask);
  } finally {
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
}

function messagesUp(serialization) {
  return (cp, time) =>
    withChild(cp, serialization, (child) =>
      rate(time, async () => {
        const misfit = await new Promise((resolve) => {
          const listener = counter(MESSAGES, (answer) => {
            child.removeListener('message', listener);
            resolve(answer);
          });
          child.on('message', listener);
          child.send({ task: 'flood', count: MESSAGES });
        });
        check(misfit === null, `message ${misfit}`);
        return MESSAGES;
      }),
    );
}

function messagesDown(serialization) {
  return (cp, time) =>
    withChild(cp, serialization, (child, ask) =>
      rate(time, async () => {
        await ask({ task: 'count', count: MESSAGES });
        const answer = once(child, 'message');
        flood(child, MESSAGES);
        const [{ misfit }] = await answer;
        check(misfit === null, `message ${misfit}`);
        return MESSAGES;
      }),
    );
}

/** @type {Record<string, Case>} */
const CASES = {
  'spawn-block': {
    title: 'spawn() keeps the loop busy for',
    unit: 'us',
    measure: (cp, time) => typical(time, () => blocked(cp)),
  },
  'spawn-block-resident': {
    title: `the same with ${RESIDENT_MB} MB resident`,
    unit: 'us',
    async measure(cp, time) {
      const held = Buffer.alloc(RESIDENT_MB * MEGABYTE, 1);
      const figure = await typical(time, () => blocked(cp));
      check(held[held.length - 1] === 1, 'the memory is still held');
      return figure;
    },
  },
  'spawn-close': {
    title: "spawn to 'close', three pipes",
    unit: 'ms',
    measure: ({ spawn }, time) => typical(time, () => timed(() => closed(spawn('true')))),
  },
  'spawn-sync': {
    title: "spawnSync('true')",
    unit: 'ms',
    measure: ({ spawnSync }, time) =>
      typical(time, () => timed(async () => check(spawnSync('true').status === 0, 'the status'))),
  },
  exec: {
    title: "exec('echo hi')",
    unit: 'ms',
    measure: ({ exec }, time) =>
      typical(time, () =>
        timed(async () =>
          check((await promisify(exec)('echo hi')).stdout === 'hi\n', 'the output'),
        ),
      ),
  },
  'exec-file-large': {
    title: 'execFile, 50 MB of text',
    unit: 'ms',
    measure: ({ execFile }, time) =>
      typical(time, () =>
        timed(async () => {
          const bytes = 50 * MEGABYTE;
          const command = `head -c ${bytes} /dev/zero`;
          const { stdout } = await promisify(execFile)('sh', ['-c', command], {
            maxBuffer: 2 * bytes,
          });
          check(stdout.length === bytes, 'the length of the output');
        }),
      ),
  },
  stdout: {
    title: "stdout through 'data'",
    unit: 'MB/s',
    measure: ({ spawn }, time) =>
      rate(time, async () => {
        const bytes = 50 * MEGABYTE;
        const child = spawn('head', ['-c', String(bytes), '/dev/zero']);
        let count = 0;
        child.stdout.on('data', (chunk) => {
          count += chunk.length;
        });
        await closed(child);
        check(count === bytes, 'the length of the output');
        return bytes / MEGABYTE;
      }),
  },
  'fork-reply': {
    title: 'fork() to the first reply',
    unit: 'ms',
    measure: (cp, time) =>
      typical(time, async () => {
        const start = performance.now();
        return withChild(cp, 'json', async () => performance.now() - start);
      }),
  },
  'json-up': { title: 'messages from a child', unit: '/s', measure: messagesUp('json') },
  'json-down': { title: 'messages to a child', unit: '/s', measure: messagesDown('json') },
  'advanced-up': {
    title: "messages from a child, 'advanced'",
    unit: '/s',
    measure: messagesUp('advanced'),
  },
  'round-trip': {
    title: 'one message there and back',
    unit: 'us',
    measure: (cp, time) =>
      withChild(cp, 'json', async (_child, ask) => {
        await ask({ task: 'echo' });
        let seq = 0;
        return typical(time, async () => {
          const start = performance.now();
          seq += 1;
          check((await ask({ seq })).seq === seq, 'the message came back');
          return (performance.now() - start) * 1000;
        });
      }),
  },
  'large-echo': {
    title: "a Buffer of 1 MB there and back, 'advanced'",
    unit: 'MB/s',
    measure: (cp, time) =>
      withChild(cp, 'advanced', async (_child, ask) => {
        await ask({ task: 'echo' });
        const payload = Buffer.alloc(MEGABYTE, 'x');
        return rate(time, async () => {
          check(payload.equals((await ask({ payload })).payload), 'the payload is whole');
          return 2;
        });
      }),
  },
};

/** Whether more is better. */
function isRate(unit) {
  return unit.endsWith('/s');
}

module.exports = { CASES, isRate };
