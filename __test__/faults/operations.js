'use strict';
// What is done under each fault: every operation answers in a few words how it ended. `expected` is how
// it ends where nothing fails. A fault is for all that Node has, unless it names its operations.

const path = require('node:path');

const ECHO = path.join(__dirname, '..', 'fixtures', 'ipc-echo.js');
const LARGE_BYTES = 1_000_000;

/** How a child ends whose output is gathered: an error's code, or the output and the exit. */
function ending(child) {
  return new Promise((resolve) => {
    let error = '';
    let text = '';
    child.on('error', ({ code }) => {
      error ||= `error ${code}`;
    });
    for (const stream of child.stdio ?? []) stream?.on('error', () => {});
    child.stdout?.on('data', (data) => {
      text += data;
    });
    child.on('close', (code, signal) => resolve(error || `${text}${signal ?? code}`));
  });
}

function outcome(error, stdout) {
  return error ? `error ${error.code}` : String(stdout).slice(0, 20);
}

/** @type {Record<string, { expected: string, run: (cp: any) => any }>} */
const OPERATIONS = {
  spawn: {
    expected: 'hello0',
    run(cp) {
      const child = cp.spawn('cat');
      child.stdin?.end('hello');
      return ending(child);
    },
  },
  'spawn, stdio ignored': {
    expected: '0',
    run: (cp) => ending(cp.spawn('true', { stdio: 'ignore' })),
  },
  'spawn and kill': {
    expected: 'SIGKILL',
    run(cp) {
      const child = cp.spawn('sleep', ['60'], { stdio: 'ignore' });
      const end = ending(child);
      if (child.pid === undefined || child.kill('SIGKILL')) return end;
      process.kill(child.pid, 'SIGKILL');
      return end.then(() => 'kill() said no');
    },
  },
  exec: {
    expected: 'hi',
    run: (cp) =>
      new Promise((resolve) => {
        cp.exec('echo hi', (error, stdout) => resolve(outcome(error, stdout.trim())));
      }),
  },
  'execFile of 1 MB': {
    expected: String(LARGE_BYTES),
    run: (cp) =>
      new Promise((resolve) => {
        const options = { encoding: 'buffer', maxBuffer: 2 * LARGE_BYTES };
        const args = ['-c', String(LARGE_BYTES), '/dev/zero'];
        cp.execFile('head', args, options, (error, { length }) => resolve(outcome(error, length)));
      }),
  },
  fork: {
    expected: 'answered 100, 0',
    run(cp) {
      const child = cp.fork(ECHO, { silent: true, serialization: 'advanced' });
      let answers = 0;
      child.on('message', () => {
        if (++answers === 100) child.disconnect();
      });
      // Past the first sixteen messages are collected; past 64 KiB a Buffer has a way of its own.
      if (child.connected) {
        for (let n = 0; n < 99; n++) child.send({ n }, () => {});
        child.send(Buffer.alloc(200_000), () => {});
      }
      // Node's 'close' does not come where the parent disconnects.
      const exit = new Promise((resolve) =>
        child.on('exit', (code) => resolve(`answered ${answers}, ${code}`)),
      );
      return Promise.race([ending(child), exit]);
    },
  },
  spawnSync: {
    expected: 'hello0',
    run(cp) {
      const { error, stdout, status } = cp.spawnSync('cat', { input: 'hello' });
      return error ? `error ${error.code}` : `${stdout}${status}`;
    },
  },
};

/** What Node's module does not have, in the same way. */
const OURS = {
  run: {
    expected: 'hello0',
    run: async (cp) => {
      const { stdout, code } = await cp.run('cat', [], { input: 'hello' });
      return `${stdout}${code}`;
    },
  },
  tree: {
    expected: 'up SIGTERM, 2 ended',
    async run(cp) {
      const child = cp.spawn('sh', ['-c', 'sleep 60 & echo up; exec sleep 60'], { tree: true });
      const killed = new Promise((resolve) => {
        child.stdout?.once('data', () => resolve(child.killTree()));
      });
      const how = await ending(child);
      if (!how.startsWith('up')) return how;
      return `${how.replace('\n', ' ')}, ${(await killed).ended.length} ended`;
    },
  },
  dieWithParent: {
    expected: 'hello0',
    run(cp) {
      const child = cp.spawn('cat', { dieWithParent: true });
      child.stdin?.end('hello');
      return ending(child);
    },
  },
  'usage: exact': {
    expected: 'hello0',
    run(cp) {
      const child = cp.spawn('cat', { usage: 'exact' });
      child.stdin?.end('hello');
      return ending(child);
    },
  },
};

module.exports = { OPERATIONS, OURS };
