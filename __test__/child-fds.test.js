'use strict';
// No descriptor of this process is in a child that it was not given to, whatever way the child is started
// and whatever else goes on: each child lists what it has.

const assert = require('node:assert');
const path = require('node:path');
const { describe, it } = require('node:test');
const { WAYS, assertNodesHaveNone, assertNoneLeaked, said } = require('./helpers/listings.js');

const REGISTER = path.join(__dirname, '..', 'register.js');
/** Starts children in every way while others of all kinds live, and says what each has open. */
async function listAll(self) {
  const { once } = require('node:events');
  const { join } = require('node:path');
  const { text } = require('node:stream/consumers');
  const { cp } = self;
  self.say('heirlooms', self.processes.heirlooms());
  const program = join(self.fixtures, 'list-descriptors.js');
  // Tells itself apart by the directory that it reads.
  const list = ['-l', '/proc/self/fd'];
  const alive = [];
  const keep = (child) => {
    alive.push(child);
    return child;
  };
  keep(cp.spawn('cat'));
  keep(cp.spawn('cat', { stdio: ['pipe', 'pipe', 'pipe', 'ipc', 'pipe'] }));
  if (cp.native) keep(cp.spawn('cat', { stdio: ['fifo', 'fifo', 'fifo'] }));
  keep(cp.fork(join(self.fixtures, 'ipc-echo.js'), { silent: true, serialization: 'advanced' }));
  const busy = keep(cp.spawn('yes', { stdio: ['ignore', 'pipe', 'ignore'] }));
  busy.stdout.once('data', () => busy.stdout.pause());
  await once(busy.stdout, 'data');

  const children = {
    'stdio pipe': () => cp.spawn('ls', list),
    'stdio ignore, but for the output': () =>
      cp.spawn('ls', list, { stdio: ['ignore', 'pipe', 'ignore'] }),
    'stdio inherit, but for the output': () =>
      cp.spawn('ls', list, { stdio: ['inherit', 'pipe', 'inherit'] }),
    'two pipes more': () =>
      cp.spawn('ls', list, { stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'] }),
    'a channel': () => cp.spawn('ls', list, { stdio: ['pipe', 'pipe', 'pipe', 'ipc'] }),
    'a gap': () => cp.spawn('ls', list, { stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'pipe'] }),
    'another stream for stdin': () =>
      cp.spawn('ls', list, { stdio: [alive[0].stdout, 'pipe', 'pipe'] }),
    detached: () => cp.spawn('ls', list, { detached: true }),
    'a shell': () => cp.spawn('exec ls -l /proc/self/fd', { shell: true }),
  };
  if (cp.native) {
    children.fifo = () => cp.spawn('ls', list, { stdio: ['fifo', 'fifo', 'fifo'] });
  }
  for (const [title, start] of Object.entries(children)) {
    const child = start();
    const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    self.say('ls', title, output);
  }
  self.say('ls', 'spawnSync', cp.spawnSync('ls', list, { encoding: 'utf8', input: 'x' }).stdout);
  self.say('ls', 'execSync', cp.execSync('exec ls -l /proc/self/fd', { encoding: 'utf8' }));
  self.say('ls', 'execFileSync', cp.execFileSync('ls', list, { encoding: 'utf8' }));
  const gathered = (start) => new Promise((resolve) => start((_error, output) => resolve(output)));
  self.say('ls', 'exec', await gathered((back) => cp.exec('exec ls -l /proc/self/fd', back)));
  self.say('ls', 'execFile', await gathered((back) => cp.execFile('ls', list, back)));

  self.say('ours', Object.values(self.processes.ownDescriptors()));
  for (const serialization of ['json', 'advanced']) {
    for (const execArgv of [[], ['--no-addons']]) {
      const child = cp.fork(program, { serialization, execArgv, silent: true });
      const [open] = await once(child, 'message');
      self.say('node', `fork, ${serialization} ${execArgv}`, open);
      await once(child, 'exit');
    }
  }
  const { execPath } = process;
  self.say('node', 'node', JSON.parse(cp.execFileSync(execPath, [program], { encoding: 'utf8' })));
  for (const child of alive) child.kill('SIGKILL');
  for (const child of alive) if (child.exitCode === null) await once(child, 'exit');
}

/** Threads that spawn without pause, while the main one looks at what its children have. */
async function listAmongThreads(self) {
  const { Worker, isMainThread, parentPort } = require('node:worker_threads');
  const { cp } = self;
  if (!isMainThread) {
    const again = () => {
      const child = cp.spawn('true', { stdio: ['pipe', 'pipe', 'pipe', 'ipc', 'pipe'] });
      child.on('close', () => parentPort.postMessage('again'));
    };
    parentPort.on('message', again);
    again();
    return;
  }
  self.say('heirlooms', self.processes.heirlooms());
  const { once } = require('node:events');
  const workers = [new Worker(__filename), new Worker(__filename)];
  let spawned = 0;
  for (const worker of workers) {
    worker.on('message', () => {
      spawned++;
      worker.postMessage('again');
    });
  }
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  for (let n = 0; n < 100; n++) {
    const { stdout } = cp.spawnSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' });
    self.say('ls', `spawnSync ${n}`, stdout);
    const child = cp.spawn('ls', ['-l', '/proc/self/fd'], { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    await once(child, 'close');
    self.say('ls', `spawn ${n}`, output);
  }
  for (const worker of workers) await worker.terminate();
  self.say('spawned', spawned > 0);
}

describe('a child has the descriptors that it was given, and no other', () => {
  for (const [title, ways] of Object.entries(WAYS)) {
    it(title, async () => {
      const all = await said(listAll, { env: { ...process.env, ...ways } });
      assert.strictEqual(all.filter(([word]) => word === 'node').length, 5);
      assertNoneLeaked(all);
    });
  }

  it('of a registered program', async () => {
    const options = { root: 'node:child_process', nodeArgs: ['--require', REGISTER] };
    assertNoneLeaked(await said(listAll, options));
  });

  it('a worker of a cluster', async () => {
    const all = await said(
      async (self) => {
        const cluster = require('node:cluster');
        const { once } = require('node:events');
        const { join } = require('node:path');
        const idle = self.cp.spawn('cat');
        self.say('ours', Object.values(self.processes.ownDescriptors()));
        cluster.setupPrimary({ exec: join(self.fixtures, 'list-descriptors.js'), silent: true });
        for (let n = 0; n < 3; n++) {
          const worker = cluster.fork();
          const [open] = await once(worker, 'message');
          self.say('node', `worker ${n}`, open);
          await once(worker, 'exit');
        }
        idle.kill('SIGKILL');
        await once(idle, 'exit');
      },
      { root: 'node:child_process', nodeArgs: ['--require', REGISTER] },
    );
    assert.strictEqual(all.filter(([word]) => word === 'node').length, 3);
    assertNodesHaveNone(all);
  });

  for (const ways of [{}, { SPROG_SPAWN: 'fork' }]) {
    it(`while other threads spawn ${JSON.stringify(ways)}`, async () => {
      const all = await said(listAmongThreads, { env: { ...process.env, ...ways } });
      assertNoneLeaked(all);
      assert.deepStrictEqual(all.at(-1), ['spawned', true]);
    });
  }
});
