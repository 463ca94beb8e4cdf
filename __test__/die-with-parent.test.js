'use strict';
// dieWithParent: whatever ends a program, nothing is left of what it started so; and the guard that
// sees to it holds nothing, minds no signal, and is replaced when it dies.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, describe, it } = require('node:test');
const { guardsOf, marked, token, withDescendants } = require('./helpers/marked.js');
const { countZombies, isAlive, until, waitGone } = require('./helpers/processes.js');
const { FEW_DESCRIPTORS, runScript, startScript } = require('./helpers/script.js');

const PATIENCE_MS = 30_000;
const LIMIT_MS = 120_000;
const MODES = ['cgroup', 'walk'];
/** The root, node, the daemon's shell, what that forked twice, what it gave no environment, its sleep. */
const TREE_SIZE = 6;
const SLEEPERS = 3;

/** Everything that was seen of trees: a test that fails must leave nothing either. */
const seen = new Set();

after(() => {
  for (const pid of seen) {
    try {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    } catch {
      // Gone meanwhile.
    }
  }
});

/** What a parent does in these tests: starts a deep tree, says so, and ends as it is told. */
async function parent(self) {
  const { join } = require('node:path');
  const [variables, way, more] = self.args;
  const env = { ...process.env, ...JSON.parse(variables) };
  const options = { env, stdio: 'ignore', dieWithParent: true, ...JSON.parse(more) };
  const command = 'trap "" HUP INT; "$0" "$1"; :';
  const program = join(self.fixtures, 'deep-tree.js');
  const child = self.cp.spawn('sh', ['-c', command, process.execPath, program], options);
  child.unref();
  child.on('spawn', () => self.say('up', child.pid));
  const ends = {
    'process.exit()': () => process.exit(0),
    'process.reallyExit()': () => /** @type {any} */ (process).reallyExit(0),
    'process.abort()': () => process.abort(),
    'an uncaught exception': () => {
      throw new Error('on purpose');
    },
    'the end of its work': () => process.stdin.destroy(),
  };
  process.stdin.on('data', (word) => {
    if (String(word) === 'end') return ends[way]();
    const another = self.cp.spawn('sleep', ['3600'], options);
    another.on('spawn', () => self.say('another', another.pid));
  });
}

/** Starts such a parent; resolves when the whole tree runs. */
async function startParent(way, env = {}, options = {}) {
  const variables = token();
  const script = startScript(parent, {
    args: [JSON.stringify(variables), way, JSON.stringify(options)],
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    limit: LIMIT_MS,
  });
  const [, root] = await script.heard('up');
  let tree = [];
  const isUp = () => {
    tree = withDescendants(marked(variables));
    for (const pid of tree) seen.add(pid);
    // Exactly: the shell that only forks one of them is seen for a moment, and does not last.
    return tree.length === TREE_SIZE && tree.filter(isSleeper).length === SLEEPERS;
  };
  assert.ok(await until(isUp, PATIENCE_MS), `only ${tree.length} processes came up`);
  const { pid } = script.child;
  const [guard] = guardsOf(pid);
  assert.ok(tree.includes(root) && guard, 'a tree and its guard');
  return { ...script, pid, tree, guard, variables };
}

/** Whether it has come to be the program that lasts. */
function isSleeper(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('sleep\0');
  } catch {
    return false;
  }
}

async function assertGone({ tree, variables, guard }) {
  assert.ok(await until(() => !tree.some(isAlive), PATIENCE_MS), 'nobody of the tree is left');
  assert.ok(await until(() => marked(variables).length === 0, PATIENCE_MS), 'nor anybody else');
  assert.ok(await waitGone(guard, PATIENCE_MS), 'and the guard has gone, too');
}

const SIGNALS = ['SIGKILL', 'SIGTERM', 'SIGSEGV'];
const WAYS = [
  'process.exit()',
  'process.reallyExit()',
  'process.abort()',
  'an uncaught exception',
  'the end of its work',
];

for (const mode of MODES) {
  const env = { SPROG_TREE_MODE: mode };
  describe(`a tree (${mode}) ends with its parent`, { concurrency: 2 }, () => {
    for (const signal of SIGNALS) {
      it(`by ${signal}`, async () => {
        const started = await startParent('', env);
        process.kill(started.pid, signal);
        assert.strictEqual((await started.outcome).signal, signal);
        await assertGone(started);
      });
    }

    for (const way of WAYS) {
      it(`by ${way}`, async () => {
        const started = await startParent(way, env);
        started.child.stdin.write('end');
        await started.outcome;
        await assertGone(started);
      });
    }
  });
}

/** Starts children for as long as it lives, and has most of its time between clone and exec. */
function starter(self) {
  const [variables] = self.args;
  const env = { ...process.env, ...JSON.parse(variables) };
  self.say('up');
  for (let i = 0; i < 300; i++) {
    self.cp.spawn('sleep', ['3600'], { env, stdio: 'ignore', dieWithParent: true });
  }
}

describe('of parents that are killed while they start children', () => {
  for (const mode of MODES) {
    it(`nobody is left (${mode})`, async () => {
      for (let round = 0; round < 5; round++) {
        const variables = token();
        const script = startScript(starter, {
          args: [JSON.stringify(variables)],
          env: { ...process.env, SPROG_TREE_MODE: mode },
          limit: LIMIT_MS,
        });
        await script.heard('up');
        await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 60));
        script.child.kill('SIGKILL');
        await script.outcome;
        const left = () => {
          const pids = marked(variables);
          for (const pid of pids) seen.add(pid);
          return pids.length;
        };
        assert.ok(await until(() => left() === 0, PATIENCE_MS), `${left()} are left`);
      }
    });
  }
});

describe('the guard', () => {
  it('minds no signal of a terminal or of a service manager', async () => {
    const started = await startParent('');
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGPIPE', 'SIGTSTP']) {
      process.kill(started.guard, signal);
    }
    // What the terminal sends goes to the whole group.
    process.kill(-started.pid, 'SIGINT');
    await started.outcome;
    await assertGone(started);
  });

  it('is replaced when it is killed, and the next one knows all', async () => {
    const started = await startParent('');
    for (let round = 0; round < 2; round++) {
      const [guard] = guardsOf(started.pid);
      process.kill(guard, 'SIGKILL');
      const isReplaced = () => guardsOf(started.pid).some((pid) => pid !== guard);
      assert.ok(await until(isReplaced, PATIENCE_MS), 'another guard');
      assert.ok(await until(() => countZombies(started.pid) === 0, PATIENCE_MS), 'no zombie');
      assert.ok(started.tree.every(isAlive), 'nobody was hurt');
    }
    const [guard] = guardsOf(started.pid);
    started.child.stdin.write('another');
    const [, another] = await started.heard('another');
    assert.deepStrictEqual(guardsOf(started.pid), [guard]);
    process.kill(started.pid, 'SIGKILL');
    await started.outcome;
    await assertGone({ ...started, guard, tree: [...started.tree, another] });
  });

  it('knows whom it guards when its parent dies before it is told', async () => {
    const started = await startParent('');
    process.kill(started.guard, 'SIGKILL');
    const isReplaced = () => guardsOf(started.pid).some((pid) => pid !== started.guard);
    assert.ok(await until(isReplaced, PATIENCE_MS), 'another guard');
    process.kill(started.pid, 'SIGKILL');
    await started.outcome;
    await assertGone(started);
  });

  it('is ours, alone, in a session of its own, and holds nothing of its parent', async () => {
    const file = path.join(os.tmpdir(), `sprog-inherited-${process.pid}`);
    fs.writeFileSync(file, '');
    const variables = token();
    // Node marks its first descriptors only: this one stands where every child of it gets it.
    const command = 'exec 200>>"$FILE"; exec "$0" "$@"';
    const wrapped = startScript(guardAndOthers, {
      node: 'bash',
      nodeArgs: ['-c', command, process.execPath],
      env: { ...process.env, ...variables, FILE: file },
      stdio: ['pipe', 'pipe', 'pipe'],
      limit: LIMIT_MS,
    });
    const [, closed] = await wrapped.heard('closed');
    assert.strictEqual(closed, 'text', 'a child that was there before can close');
    const [guard, ...others] = guardsOf(wrapped.child.pid);
    assert.deepStrictEqual(others, [], 'one for all threads');
    const read = (name) => fs.readFileSync(`/proc/${guard}/${name}`, 'latin1');
    assert.match(fs.readlinkSync(`/proc/${guard}/exe`), /sprog-guard/);
    assert.strictEqual(read('comm'), 'sprog-guard\n');
    assert.strictEqual(fs.readlinkSync(`/proc/${guard}/cwd`), '/');
    const session = read('stat').split(') ')[1].split(' ')[3];
    assert.strictEqual(session, String(guard));
    assert.ok(!read('environ').includes('SPROG_TEST_TOKEN'));
    const descriptors = fs
      .readdirSync(`/proc/${guard}/fd`)
      .map((fd) => fs.readlinkSync(`/proc/${guard}/fd/${fd}`).replace(/:\[\d+\]$/, ''))
      .filter((place) => place !== 'anon_inode:[pidfd]' && !place.startsWith('pidfd'));
    assert.deepStrictEqual(descriptors, ['/dev/null', '/dev/null', '/dev/null', 'socket']);
    wrapped.child.stdin.end('enough');
    const { code, stderr, strays } = await wrapped.outcome;
    assert.deepStrictEqual([code, stderr, strays], [0, '', []]);
    assert.ok(await waitGone(guard, PATIENCE_MS));
    fs.rmSync(file);
  });

  /** A plain child before and a guarded one in each of two threads; the plain one is closed first. */
  async function guardAndOthers(self) {
    const { Worker, isMainThread } = require('node:worker_threads');
    const { once } = require('node:events');
    const start = () => self.cp.spawn('sleep', ['3600'], { stdio: 'ignore', dieWithParent: true });
    if (!isMainThread) return start().unref();
    const plain = self.cp.spawn('cat', [], { stdio: ['pipe', 'pipe', 'ignore'] });
    let text = '';
    plain.stdout.on('data', (data) => {
      text += data;
    });
    const guarded = start();
    await once(new Worker(__filename), 'exit');
    plain.stdin.end('text');
    await once(plain, 'close');
    self.say('closed', text);
    await once(process.stdin, 'data');
    guarded.kill();
    process.stdin.destroy();
  }

  it('runs from a file where memory may not be run', async () => {
    const started = await startParent('', { SPROG_GUARD: 'file' });
    const place = fs.readlinkSync(`/proc/${started.guard}/exe`);
    assert.match(place, /^\/.*\/sprog-guard-\d+-\d+\/sprog-guard \(deleted\)$/);
    assert.ok(!fs.existsSync(path.dirname(place)), 'the file is gone while it runs');
    process.kill(started.pid, 'SIGKILL');
    await started.outcome;
    await assertGone(started);
  });

  it('does without pidfds and without shared memory', async () => {
    const started = await startParent('', { SPROG_PIDFD: 'off', SPROG_SPAWN: 'fork' });
    process.kill(started.pid, 'SIGKILL');
    await started.outcome;
    await assertGone(started);
  });

  for (const mode of MODES) {
    it(`knows a child that a launcher starts (${mode})`, async () => {
      const started = await startParent('', { SPROG_TREE_MODE: mode }, { usage: 'exact' });
      process.kill(started.pid, 'SIGKILL');
      await started.outcome;
      await assertGone(started);
    });
  }

  it('that cannot be had is an error, and nothing is started', async () => {
    const { said, stderr, code } = await runScript(exhausted, {
      ...FEW_DESCRIPTORS,
      limit: LIMIT_MS,
    });
    assert.strictEqual(stderr, '');
    assert.deepStrictEqual(said, [
      ['thrown', 'ERR_SPROG_GUARD', 'EMFILE', true],
      ['children', 0],
      ['afterwards', 0, null],
    ]);
    assert.strictEqual(code, 0);
  });

  /** No descriptor is left, then they are there again. */
  async function exhausted(self) {
    const fs = require('node:fs');
    const { once } = require('node:events');
    const { spawn } = self.cp;
    await once(spawn('true'), 'close');
    const children = () =>
      fs.readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
    const { held } = self.processes.holdDescriptors();
    fs.closeSync(held.pop());
    try {
      spawn('true', [], { stdio: 'ignore', dieWithParent: true });
    } catch (error) {
      self.say('thrown', error.code, error.cause.code, typeof error.step === 'string');
    }
    for (const fd of held) fs.closeSync(fd);
    self.say('children', children().split(' ').filter(Boolean).length);
    const child = spawn('true', [], { stdio: 'ignore', dieWithParent: true });
    self.say('afterwards', ...(await once(child, 'close')));
  }
});

describe('the option', () => {
  it('goes with fork, exec, execFile and worker threads', async () => {
    const { said, code, stderr } = await runScript(everyWay, { limit: LIMIT_MS });
    assert.deepStrictEqual([code, stderr], [0, '']);
    const [, ...pids] = said.find(([word]) => word === 'pids');
    assert.strictEqual(pids.length, 4);
    assert.ok(pids.every(Number.isInteger));
    assert.ok(await until(() => !pids.some(isAlive), PATIENCE_MS), 'all ended with the program');
  });

  /** Starts one child in each way, and exits while they run. */
  async function everyWay(self) {
    const { Worker, isMainThread, parentPort } = require('node:worker_threads');
    const { once } = require('node:events');
    const { join } = require('node:path');
    const { exec, execFile, fork, spawn } = self.cp;
    const dieWithParent = true;
    if (!isMainThread) {
      parentPort.postMessage(spawn('sleep', ['3600'], { dieWithParent, stdio: 'ignore' }).pid);
      return;
    }
    const worker = new Worker(__filename);
    const [fromWorker] = await once(worker, 'message');
    // As under Node its child runs on.
    await worker.terminate();
    const children = [
      fork(join(self.fixtures, 'ipc-echo.js'), { dieWithParent }),
      exec('sleep 3600', { dieWithParent }),
      execFile('sleep', ['3600'], { dieWithParent }),
    ];
    await Promise.all(children.map((child) => once(child, 'spawn')));
    const pids = [fromWorker, ...children.map((child) => child.pid)];
    if (!pids.every(self.processes.isAlive)) self.say('dead too early');
    self.say('pids', ...pids);
    process.exit();
  }

  it('leaves a child alone that ends by itself, and lets the program end', async () => {
    const { said, code, stderr, strays } = await runScript(async (self) => {
      const { once } = require('node:events');
      for (let i = 0; i < 20; i++) {
        const child = self.cp.spawn('sh', ['-c', 'echo out; exit 3'], { dieWithParent: true });
        child.stdout.resume();
        self.say('end', ...(await once(child, 'close')));
      }
      for (const value of [false, null, undefined]) {
        const child = self.cp.spawn('true', [], { dieWithParent: value });
        self.say('plain', ...(await once(child, 'close')));
      }
    });
    assert.deepStrictEqual([code, stderr, strays], [0, '', []]);
    assert.deepStrictEqual(said, [
      ...Array(20).fill(['end', 3, null]),
      ...Array(3).fill(['plain', 0, null]),
    ]);
  });

  it('that cannot be meant is refused before anything is started', () => {
    const { spawn } = require('..');
    const start = (options) => () => spawn('true', [], options);
    for (const value of ['yes', 1, {}, Symbol('x')]) {
      const options = /** @type {any} */ ({ dieWithParent: value });
      assert.throws(start(options), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
    const contradiction = /** @type {any} */ ({ dieWithParent: true, detached: true });
    assert.throws(start(contradiction), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /options\.detached.*options\.dieWithParent/,
    });
    assert.deepStrictEqual(guardsOf(process.pid), [], 'no guard for that');
  });
});
