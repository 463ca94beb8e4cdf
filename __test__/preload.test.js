'use strict';
// The child's end of a channel: ours, put there by a preload that leaves no trace, where the child is
// our own kind of Node, and Node's, on the same wire, where it is not or where ours cannot be.

const assert = require('node:assert');
const nodeChildProcess = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, afterEach, before, describe, it: test } = require('node:test');
const sprog = require('..');
const { writeFile } = require('./helpers/files.js');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');
const { copyPackage } = require('./helpers/package.js');
const { ROOT, runScript } = require('./helpers/script.js');

const FIXTURES = path.join(__dirname, 'fixtures');
const END = path.join(FIXTURES, 'ipc-end.js');
const MODES = ['json', 'advanced'];

// What waits for a message that never comes must fail its test, not hang the run.
const it = (title, run) => test(title, { timeout: 30_000 }, run);

const started = [];
function fork(...args) {
  const child = sprog.fork(...args);
  started.push(child);
  return child;
}
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

let tmp;
/** The code of Node's own end, by version. */
const codeOfNode = new Map();

const write = (name, source) => writeFile(tmp, name, source);

before(() => {
  tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-preload-'));
});
after(() => fs.rmSync(tmp, { recursive: true, force: true }));

async function ask(child, message = 'text') {
  child.send(message);
  const answer = once(child, 'message').then(([answer]) => answer);
  const end = once(child, 'close').then((end) => assert.fail(`no answer: the child ended, ${end}`));
  return Promise.race([answer, end]);
}

/** Whether the code of an end is that of the Node that the child is. */
async function isNodes(execPath, code) {
  if (!codeOfNode.has(execPath)) {
    const child = nodeChildProcess.fork(END, { execPath, execArgv: [] });
    codeOfNode.set(execPath, (await ask(child)).code);
    child.disconnect();
  }
  return codeOfNode.get(execPath) === code;
}

/** Forks the fixture, talks to it both ways, and says whose end it has, with what else it answered. */
async function endOf(options = {}) {
  const { execPath = process.execPath } = options;
  const child = fork(END, [], { execArgv: [], ...options });
  const { code, ...answer } = await ask(child);
  const closed = once(child, 'close');
  const rest = [];
  child.on('message', ({ heard }) => {
    rest.push(heard);
    if (rest.length === 100) child.disconnect();
  });
  for (let n = 0; n < 100; n++) child.send({ n });
  await closed;
  assert.deepStrictEqual(answer.heard, 'text');
  assert.deepStrictEqual(
    rest.map(({ n }) => n),
    Array.from({ length: 100 }, (_, n) => n),
  );
  assert.deepStrictEqual(answer.traces, []);
  return { ...answer, whose: (await isNodes(execPath, code)) ? 'Node' : 'sprog' };
}

const withEnv = (env) => ({ ...process.env, ...env });

describe('the end of a child is ours', () => {
  for (const serialization of MODES) {
    it(`by default, ${serialization}`, async () => {
      assert.strictEqual((await endOf({ serialization })).whose, 'sprog');
    });
  }

  for (const [name, options] of Object.entries({
    'flags of its own': { execArgv: ['--no-warnings', '--max-old-space-size=64'] },
    'a debugger': { execArgv: ['--inspect=0'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
    'another argv0': { argv0: 'name' },
    'an empty environment': { env: {} },
    'a working directory that is not ours': { cwd: '/' },
    'the channel at another place': {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe', 'ipc'],
    },
    'the channel as its stdin': { stdio: ['ipc', 'ignore', 'inherit'] },
    'a session of its own': { detached: true },
  })) {
    it(`with ${name}`, async () => {
      const { whose, execArgv } = await endOf(options);
      assert.deepStrictEqual([whose, execArgv], ['sprog', options.execArgv ?? []]);
    });
  }

  for (const major of selectedLines()) {
    it(`on Node ${major}, and in a program that is an ES module`, async () => {
      const child = write(`end-${major}.mjs`, `import ${JSON.stringify(END)};\n`);
      const { said, code, stderr } = await runScript(
        async (self) => {
          const { once } = require('node:events');
          for (const file of self.args) {
            const child = self.cp.fork(file);
            child.send('text');
            const [{ code, version, heard }] = await once(child, 'message');
            child.disconnect();
            self.say(version === process.version, heard, code === String(child._send));
          }
        },
        { node: nodeBinary(major), args: [END, child] },
      );
      assert.deepStrictEqual([code, stderr], [0, '']);
      // Both ends of one kind have the same code.
      assert.deepStrictEqual(said, [
        [true, 'text', true],
        [true, 'text', true],
      ]);
    });
  }

  it('with a debugger, which listens where it was told to', async () => {
    const child = fork(END, [], {
      execArgv: ['--inspect=0'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (data) => {
      text += data;
    });
    await ask(child);
    child.disconnect();
    await once(child, 'close');
    assert.match(text, /^Debugger listening on ws:\/\/127\.0\.0\.1:\d+/);
  });
});

describe('the end of a child is Node’s', () => {
  for (const serialization of MODES) {
    it(`with --no-addons, ${serialization}`, async () => {
      const { whose, execArgv } = await endOf({ serialization, execArgv: ['--no-addons'] });
      assert.deepStrictEqual([whose, execArgv], ['Node', ['--no-addons']]);
    });

    it(`with an addon that cannot be loaded in the child, ${serialization}`, async () => {
      const env = withEnv({ NAPI_RS_NATIVE_LIBRARY_PATH: write('broken.node', 'no addon') });
      assert.strictEqual((await endOf({ serialization, env })).whose, 'Node');
    });

    for (const major of selectedLines()) {
      const execPath = nodeBinary(major);
      if (execPath === process.execPath) continue;
      it(`in Node ${major}, ${serialization}`, async () => {
        const { whose, version } = await endOf({ serialization, execPath });
        assert.strictEqual(whose, 'Node');
        assert.ok(version.startsWith(`v${major}.`));
      });
    }
  }

  it('with --no-addons in NODE_OPTIONS', async () => {
    const { whose, options } = await endOf({ env: withEnv({ NODE_OPTIONS: '--no-addons' }) });
    assert.deepStrictEqual([whose, options], ['Node', '--no-addons']);
  });

  it('with an addon that is not there', async () => {
    const env = withEnv({ NAPI_RS_NATIVE_LIBRARY_PATH: path.join(tmp, 'missing.node') });
    assert.strictEqual((await endOf({ env })).whose, 'Node');
  });

  it('with an addon that is another package’s', async () => {
    const env = withEnv({
      NAPI_RS_NATIVE_LIBRARY_PATH: write('other.js', 'exports.sum = () => 3;'),
    });
    assert.strictEqual((await endOf({ env })).whose, 'Node');
  });

  it('in a program that only starts our kind of Node', async () => {
    const execPath = write('start.sh', `#!/bin/sh\nexec "${process.execPath}" "$@"\n`);
    fs.chmodSync(execPath, 0o755);
    const { whose } = await endOf({ execPath });
    assert.strictEqual(whose, 'Node');
  });

  it('in a child of cluster’s kind', async () => {
    const child = fork(END, [], { env: withEnv({ NODE_UNIQUE_ID: '' }) });
    const { code } = await ask(child);
    assert.ok(await isNodes(process.execPath, code));
    child.disconnect();
  });

  for (const major of selectedLines()) {
    it(`under the permission model of Node ${major}`, async () => {
      const { said, code, stderr } = await runScript(
        async (self) => {
          const { once } = require('node:events');
          const major = Number(process.versions.node.split('.')[0]);
          const flag = major < 22 ? '--experimental-permission' : '--permission';
          const execArgv = ['--no-warnings', flag, '--allow-fs-read=*'];
          for (const serialization of ['json', 'advanced']) {
            const child = self.cp.fork(`${self.fixtures}/ipc-end.js`, { execArgv, serialization });
            child.send('text');
            const [answer] = await once(child, 'message');
            child.disconnect();
            self.say(answer.heard, answer.code === String(child._send), answer.traces);
          }
        },
        { node: nodeBinary(major) },
      );
      assert.deepStrictEqual([code, stderr], [0, '']);
      assert.deepStrictEqual(said, [
        ['text', false, []],
        ['text', false, []],
      ]);
    });
  }
});

describe('NODE_OPTIONS', () => {
  const quote = (text) => `"${text.replace(/[\\"]/g, '\\$&')}"`;

  it('with blanks, quotes and backslashes are obeyed, and are what the child sees', async () => {
    const file = write('it\'s a "dir" \\ é/pre load.js', "globalThis.preloaded = 'yes';");
    for (const options of [
      `--require ${quote(file)}`,
      `--require ${quote(file)} --no-warnings --title="a b \\"c\\""`,
      ` --no-warnings   --require ${quote(file)} `,
    ]) {
      const answer = await endOf({ env: withEnv({ NODE_OPTIONS: options }) });
      assert.deepStrictEqual(
        [answer.whose, answer.options, answer.preloaded],
        ['sprog', options, 'yes'],
      );
    }
  });

  it('that are empty stay so', async () => {
    const { whose, options } = await endOf({ env: withEnv({ NODE_OPTIONS: '' }) });
    assert.deepStrictEqual([whose, options || null], ['sprog', null]);
  });

  it('of a grandchild are those that its parent has, as is all of its environment', async () => {
    const file = write(
      'grandparent.js',
      `const { execFileSync, fork } = require('node:child_process');
       const names = (text) => text.split('\\0').filter((it) => /^(NODE_|SPROG_)/.test(it)).sort();
       process.send(names(execFileSync('env', ['-0'], { encoding: 'utf8' })));
       fork(${JSON.stringify(END)}, { execArgv: [] }).on('message', function (answer) {
         process.send([answer.options, answer.traces]);
         this.disconnect();
       }).send('text');`,
    );
    const ours = Object.keys(process.env).filter((name) => /^(NODE_|SPROG_)/.test(name));
    const clean = { ...process.env };
    for (const name of ours) delete clean[name];
    for (const options of [undefined, '--no-warnings']) {
      const env = options ? { ...clean, NODE_OPTIONS: options } : clean;
      const child = fork(file, [], { env, execArgv: [] });
      const told = [];
      child.on('message', (message) => told.push(message));
      await once(child, 'close');
      assert.deepStrictEqual(told, [
        options ? [`NODE_OPTIONS=${options}`] : [],
        [options ?? null, []],
      ]);
    }
  });
});

describe('the package', () => {
  const copyTo = (place) => copyPackage(path.join(tmp, place));

  const forkAndTell = async (self) => {
    const { once } = require('node:events');
    const child = self.cp.fork(`${self.fixtures}/ipc-end.js`);
    child.send('text');
    const [answer] = await once(child, 'message');
    child.disconnect();
    self.say(self.cp.native, answer.heard, answer.code === String(child._send), answer.options);
  };

  for (const place of ['with blanks', `it's "quoted"`, 'back\\slash', 'ünï 𝄞', '$HOME `x` #%&']) {
    it(`may lie in a directory called ${place}`, async () => {
      const env = { ...process.env };
      delete env.NODE_OPTIONS;
      const { said, code, stderr } = await runScript(forkAndTell, { root: copyTo(place), env });
      assert.deepStrictEqual([code, stderr], [0, '']);
      assert.deepStrictEqual(said, [[true, 'text', true, null]]);
    });
  }

  it('may lie behind a symbolic link', async () => {
    const root = copyTo('real');
    const link = path.join(tmp, 'link');
    fs.symlinkSync(root, link);
    const { said, code, stderr } = await runScript(forkAndTell, { root: link });
    assert.deepStrictEqual([code, stderr], [0, '']);
    assert.deepStrictEqual(said[0].slice(0, 3), [true, 'text', true]);
  });

  it('whose addon is lost while it runs forks all the same', async () => {
    const root = copyTo('losing its addon');
    const { said, code, stderr } = await runScript(
      async (self) => {
        const { once } = require('node:events');
        const { fork } = self.cp;
        const fs = require('node:fs');
        const [root] = self.args;
        for (const name of fs.readdirSync(root)) {
          if (name.endsWith('.node')) fs.rmSync(`${root}/${name}`);
        }
        const child = fork(`${self.fixtures}/ipc-end.js`);
        child.send('text');
        const [answer] = await once(child, 'message');
        child.disconnect();
        self.say(answer.heard, answer.code === String(child._send));
      },
      { root, args: [root] },
    );
    assert.deepStrictEqual([code, stderr], [0, '']);
    assert.deepStrictEqual(said, [['text', false]]);
  });

  it('whose files are gone while it runs forks all the same', async () => {
    const root = copyTo('losing all');
    const { said, code, stderr } = await runScript(
      async (self) => {
        const { fork } = self.cp;
        const [root] = self.args;
        require('node:fs').rmSync(root, { recursive: true });
        const child = fork(`${self.fixtures}/ipc-end.js`);
        child.send('text');
        child.on('message', (answer) => {
          child.disconnect();
          self.say(answer.heard, answer.code === String(child._send));
        });
      },
      { root, args: [root] },
    );
    assert.deepStrictEqual([code, stderr], [0, '']);
    assert.deepStrictEqual(said, [['text', false]]);
  });
});

describe('a program that was forked', () => {
  it('has worker threads without a channel, which may fork in their turn', async () => {
    const file = write(
      'with-workers.js',
      `const { Worker, isMainThread, parentPort } = require('node:worker_threads');
       if (isMainThread) {
         process.on('message', (message) => {
           const worker = new Worker(__filename);
           worker.on('message', (told) => process.send([message, told]));
           worker.on('exit', () => process.disconnect());
         });
       } else {
         const { fork } = require(${JSON.stringify(ROOT)});
         const child = fork(${JSON.stringify(END)}, { execArgv: [] });
         child.on('message', ({ heard, traces, code }) => {
           child.disconnect();
           const channel = [typeof process.send, process.connected === true];
           parentPort.postMessage([...channel, heard, traces, code === String(child._send)]);
         });
         child.send('from a worker');
       }`,
    );
    const child = fork(file, [], { execArgv: [] });
    const closed = once(child, 'close');
    assert.deepStrictEqual(await ask(child), [
      'text',
      ['undefined', false, 'from a worker', [], true],
    ]);
    assert.deepStrictEqual(await closed, [0, null]);
  });

  it('may be an ES module that waits before it listens', async () => {
    const file = write(
      'waits.mjs',
      `import { setTimeout as sleep } from 'node:timers/promises';
       process.channel.ref();
       await sleep(50);
       process.on('message', (message) => {
         process.send([import.meta.url.startsWith('file:'), message]);
         process.disconnect();
       });`,
    );
    const child = fork(file, [], { execArgv: [] });
    const closed = once(child, 'close');
    assert.deepStrictEqual(await ask(child), [true, 'text']);
    assert.deepStrictEqual(await closed, [0, null]);
  });

  for (const major of selectedLines().filter((line) => line >= 24)) {
    it(`may be TypeScript, on Node ${major}`, async () => {
      const file = write(
        'typed.ts',
        `interface Answer { heard: unknown; code: string }
         process.on('message', (heard: unknown): void => {
           const answer: Answer = { heard, code: String((process as any)._send) };
           process.send!(answer);
           process.disconnect();
         });`,
      );
      const { said, code, stderr } = await runScript(
        (self) => {
          const child = self.cp.fork(self.args[0], { execArgv: ['--no-warnings'] });
          child.on('message', ({ heard, code }) => self.say(heard, code === String(child._send)));
          child.send('text');
        },
        { node: nodeBinary(major), args: [file] },
      );
      assert.deepStrictEqual([code, stderr], [0, '']);
      assert.deepStrictEqual(said, [['text', true]]);
    });
  }

  const STAYS_MS = 300;
  const programs = {
    'that does not listen ends': ['', false],
    'that listens to messages stays': ["process.on('message', () => {});", true],
    "that listens to 'disconnect' stays": ["process.on('disconnect', () => {});", true],
    'that stopped listening ends': [
      "const f = () => {}; process.on('message', f); process.removeListener('message', f);",
      false,
    ],
    'that heard a message once ends': ["process.once('message', () => {});", false],
    'that listens with an unreferenced channel ends': [
      "process.on('message', () => {}); process.channel.unref();",
      false,
    ],
    'that does not listen with a referenced channel stays': ['process.channel.ref();', true],
    'that references and then unreferences its channel ends': [
      'process.channel.ref(); process.channel.unref();',
      false,
    ],
    'that disconnects while it listens ends': [
      "process.on('message', () => {}); process.disconnect();",
      false,
    ],
    'that counts references by hand stays until they are gone': [
      'const c = process.channel; c.refCounted(); c.refCounted(); c.unrefCounted();',
      true,
    ],
  };
  for (const [title, [source, stays]] of Object.entries(programs)) {
    it(`${title}, whosever end it has`, async () => {
      const armed = "require('node:fs').writeSync(1, 'armed');";
      const file = write(`stays-${Object.keys(programs).indexOf(title)}.js`, source + armed);
      await Promise.all(
        [[], ['--no-addons']].map(async (execArgv) => {
          const child = fork(file, [], { execArgv, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
          child.on('error', () => {});
          child.send('text', () => {});
          const exit = once(child, 'exit');
          if (!stays) {
            await exit;
            return;
          }
          await once(child.stdout, 'data');
          const timer = new Promise((resolve) => setTimeout(resolve, STAYS_MS, 'stays'));
          assert.strictEqual(await Promise.race([exit, timer]), 'stays', `${execArgv}`);
        }),
      );
    });
  }
});
