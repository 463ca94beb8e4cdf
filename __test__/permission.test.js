'use strict';
// Node's permission model. An addon starts processes behind Node's back, so it is to ask: a program
// without --allow-child-process starts nothing through us, in whatever way and thread, and without
// --allow-addons it has Node's own functions, which ask by themselves.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');
const { runScript } = require('./helpers/script.js');

const REGISTER = path.join(__dirname, '..', 'register.js');
const DENIED = 'ERR_ACCESS_DENIED';

let tmp;
before(() => {
  tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-permission-'));
});
after(() => fs.rmSync(tmp, { recursive: true, force: true }));

/** Tries everything that starts a program, each to leave a file, and says how it was answered. */
async function startAll(self) {
  const { join } = require('node:path');
  const { Worker, isMainThread, workerData } = require('node:worker_threads');
  const { cp } = self;
  const [home] = isMainThread ? self.args : [workerData];
  const kind = isMainThread ? 'main' : 'thread';
  const touch = (name) => ['touch', [join(home, `${kind} ${name}`)]];
  const command = (name) => `touch '${join(home, `${kind} ${name}`)}'`;
  const child = join(self.fixtures, 'exit-quietly.js');
  const closed = (emitter) => new Promise((resolve) => emitter.on('close', resolve));
  const calls = {
    spawn: () => closed(cp.spawn(...touch('spawn'))),
    'spawn detached': () => closed(cp.spawn(...touch('detached'), { detached: true })),
    'spawn with a shell': () => closed(cp.spawn(command('shell'), { shell: true })),
    exec: () => closed(cp.exec(command('exec'))),
    'exec as a promise': () => require('node:util').promisify(cp.exec)(command('promise')),
    execFile: () => closed(cp.execFile(...touch('execFile'))),
    spawnSync: () => cp.spawnSync(...touch('spawnSync')),
    execSync: () => cp.execSync(command('execSync')),
    execFileSync: () => cp.execFileSync(...touch('execFileSync')),
    fork: () => closed(cp.fork(child, { execArgv: [] })),
    'a bare ChildProcess': () => {
      const bare = new cp.ChildProcess();
      const [file, args] = touch('bare');
      const ended = new Promise((resolve) => bare.on('exit', resolve));
      bare.spawn({ file, args: [file, ...args], envPairs: [`PATH=${process.env.PATH}`] });
      return ended;
    },
  };
  if (cp.run) calls.run = () => cp.run(...touch('run'));
  if (cp.runSync) calls.runSync = () => cp.runSync(...touch('runSync'));
  if (cp.pipeline) calls.pipeline = () => cp.pipeline([[...touch('pipeline').flat()], ['cat']]);
  for (const [name, call] of Object.entries(calls)) {
    try {
      await call();
      self.say(kind, name, 'started');
    } catch (error) {
      self.say(kind, name, error.code ?? error.cause?.code ?? error.message);
    }
  }
  if (!isMainThread) return;
  self.say('native', cp.native ?? 'registered');
  const thread = new Worker(__filename, { workerData: home });
  await new Promise((resolve, reject) => thread.on('exit', resolve).on('error', reject));
}

/** What `startAll` says under these flags, and which files its children left. */
async function observe(major, title, flags, options = {}) {
  const home = fs.mkdtempSync(path.join(tmp, 'home-'));
  const model = major < 22 ? '--experimental-permission' : '--permission';
  const common = ['--allow-fs-read=*', '--allow-fs-write=*', '--allow-worker'];
  const { nodeArgs = [], ...others } = options;
  const { code, said, stderr, strays } = await runScript(startAll, {
    node: nodeBinary(major),
    nodeArgs: ['--no-warnings', model, ...common, ...flags, ...nodeArgs],
    args: [home],
    limit: 120_000,
    ...others,
  });
  assert.deepStrictEqual({ code, stderr, strays }, { code: 0, stderr: '', strays: [] }, title);
  const native = said.find(([word]) => word === 'native')[1];
  const answers = said.filter(([word]) => word !== 'native');
  const kinds = new Set(answers.map(([kind]) => kind));
  assert.deepStrictEqual([...kinds], ['main', 'thread'], title);
  return { native, answers, files: fs.readdirSync(home) };
}

/** What is ours alone says without the addon that it is not to be had, before it asks anything. */
const OURS_ALONE = new Set(['run', 'runSync', 'pipeline']);

function isOfMissing(native, name, answer) {
  return !native && OURS_ALONE.has(name) && answer === 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM';
}

function assertDenied({ native, answers, files }) {
  assert.deepStrictEqual(
    answers.filter(([, name, answer]) => answer !== DENIED && !isOfMissing(native, name, answer)),
    [],
  );
  assert.deepStrictEqual(files, [], 'something was started');
}

function assertStarted({ native, answers, files }) {
  const asked = answers.filter(([, name, answer]) => !isOfMissing(native, name, answer));
  assert.deepStrictEqual(
    asked.filter(([, , answer]) => answer !== 'started'),
    [],
  );
  // All but fork.
  assert.strictEqual(files.length, asked.length - 2);
}

for (const major of selectedLines()) {
  describe(`under the permission model of Node ${major}`, () => {
    it('a program that may have addons starts nothing', async () => {
      const observed = await observe(major, 'addons', ['--allow-addons']);
      assert.strictEqual(observed.native, true);
      assertDenied(observed);
    });

    it('a program that may have neither starts nothing', async () => {
      const observed = await observe(major, 'neither', []);
      assert.strictEqual(observed.native, false);
      assertDenied(observed);
    });

    it('a program that may start children and have no addons does so by Node’s means', async () => {
      const observed = await observe(major, 'children', ['--allow-child-process']);
      assert.strictEqual(observed.native, false);
      assertStarted(observed);
    });

    it('a program that may have both starts children by ours', async () => {
      const observed = await observe(major, 'both', ['--allow-child-process', '--allow-addons']);
      assert.strictEqual(observed.native, true);
      assertStarted(observed);
    });

    it('a registered program starts nothing either', async () => {
      const options = { nodeArgs: ['--require', REGISTER], root: 'node:child_process' };
      assertDenied(await observe(major, 'registered', ['--allow-addons'], options));
    });
  });
}

describe('the check', () => {
  const flags = ['--allow-fs-read=*', '--allow-addons', '--no-warnings'];
  const model = (major) => (major < 22 ? '--experimental-permission' : '--permission');
  const major = Number(process.versions.node.split('.')[0]);

  it('is not fooled by a program that replaces `has` after we were loaded', async () => {
    const { said } = await runScript(
      (self) => {
        const { cp } = self;
        process.permission.has = () => true;
        try {
          cp.spawnSync('true');
          self.say('started');
        } catch ({ code }) {
          self.say(code);
        }
      },
      { nodeArgs: [model(major), ...flags] },
    );
    assert.deepStrictEqual(said, [[DENIED]]);
  });
});
