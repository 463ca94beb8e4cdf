'use strict';
// sprog/register: Node's own module becomes ours in a program, in its worker threads and in the Node
// processes that it starts, however they are started; and Node's again by unregister().

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, it: test } = require('node:test');
const { pathToFileURL } = require('node:url');
const { writeFile } = require('./helpers/files.js');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');
const { copyPackage } = require('./helpers/package.js');
const { ROOT, runScript, runWell } = require('./helpers/script.js');

const REGISTER = path.join(ROOT, 'register.js');
const REGISTERED = ['--require', REGISTER];

const it = (title, run) => test(title, { timeout: 60_000 }, run);

let tmp;
let portrait;

const write = (name, source) => writeFile(tmp, name, source);

before(() => {
  tmp = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-register-')));
  // What a Node process that knows nothing of us sees.
  portrait = write(
    'portrait.js',
    `const cp = require('node:child_process');
     const { constructor } = new cp.ChildProcess()._handle;
     const isOurs = !String(constructor).includes('[native code]');
     const answer = JSON.stringify({
       isOurs,
       keys: Object.keys(cp).length,
       options: process.env.NODE_OPTIONS ?? null,
       execArgv: process.execArgv,
       preloads: process._preload_modules,
       traces: Object.keys(process.env).filter((name) => name.startsWith('SPROG_')),
     });
     if (process.send) process.send(JSON.parse(answer), () => process.disconnect());
     else console.log(answer);`,
  );
});
after(() => fs.rmSync(tmp, { recursive: true, force: true }));

/** A project in whose node_modules the package is. */
function project() {
  const home = path.join(tmp, 'project');
  if (!fs.existsSync(home)) {
    fs.mkdirSync(path.join(home, 'node_modules'), { recursive: true });
    fs.symlinkSync(ROOT, path.join(home, 'node_modules', 'sprog'));
  }
  return home;
}

/** Runs `body` registered, checks that it ended well, and answers what it said, by first word. */
function run(body, options) {
  return runWell(body, { nodeArgs: REGISTERED, ...options });
}

const UNTOUCHED = { isOurs: true, keys: 9, options: null, preloads: [], traces: [] };

for (const major of selectedLines()) {
  describe(`registered on Node ${major}`, () => {
    const node = nodeBinary(major);

    it('by --require, by --import, or by the first line', async () => {
      const body = (self) => {
        if (self.args[0]) require(self.args[0]);
        const cp = require('node:child_process');
        const names = Object.keys(self.cp).filter((name) => name in cp && name !== 'exec');
        self.say(
          'ours',
          names.filter((name) => cp[name] !== self.cp[name]),
          names.length,
        );
        self.say('keys', Reflect.ownKeys(cp).length, Object.keys(cp).length);
        self.say('same', process.mainModule.require('child_process') === cp);
      };
      // What Node calls itself stays Node's.
      const expected = { ours: [['_forkChild'], 8], keys: [9, 9], same: [true] };
      for (const nodeArgs of [
        REGISTERED,
        ['-r', 'sprog/register'],
        ['--require=sprog/register'],
        ['--import', 'sprog/register'],
        ['--import=sprog/register'],
      ]) {
        assert.deepStrictEqual(await run(body, { node, nodeArgs, cwd: project() }), expected);
      }
      assert.deepStrictEqual(await run(body, { node, nodeArgs: [], args: [REGISTER] }), expected);
    });

    it('for named imports, before and after', () => {
      const file = write(
        'project/imports.mjs',
        `import { spawn, exec } from 'node:child_process';
         import * as all from 'child_process';
         import cp from 'node:child_process';
         import sprog from 'sprog';
         const seen = () => [spawn === sprog.spawn, all.spawn === spawn, cp.exec === exec, cp.exec.name];
         const { register, unregister } = await import('sprog/register');
         const first = seen();
         unregister();
         const second = seen();
         register();
         console.log(JSON.stringify([first, second, seen()]));`,
      );
      project();
      for (const nodeArgs of [[], ['--import', 'sprog/register'], ['-r', 'sprog/register']]) {
        const output = execFileSync(node, [...nodeArgs, file], { cwd: project() });
        const ours = [true, true, true, 'exec'];
        assert.deepStrictEqual(JSON.parse(output), [ours, [false, true, true, 'exec'], ours]);
      }
    });

    it('hands itself down to Node children, through shells and bare environments', async () => {
      const said = await run(
        async (self) => {
          const cp = require('node:child_process');
          const [portrait] = self.args;
          const node = process.execPath;
          const parse = (output) => JSON.parse(output);
          self.say('spawnSync', parse(cp.spawnSync(node, [portrait]).stdout));
          self.say('bare', parse(cp.execFileSync(node, [portrait], { env: {} })));
          self.say('shell', parse(cp.execSync(`"${node}" "${portrait}"`)));
          self.say(
            'bare shell',
            parse(cp.execSync(`sh -c '"${node}" "${portrait}"'`, { env: {} })),
          );
          const other = { env: { ...process.env, NODE_OPTIONS: '--no-warnings  --title=x' } };
          self.say('options', parse(cp.execFileSync(node, [portrait], other)));
          const before = `NODE_OPTIONS="--no-warnings $NODE_OPTIONS" "${node}" "${portrait}"`;
          self.say('before', parse(cp.execSync(before)));
          const nested = `require('child_process').execFileSync(process.execPath, [process.argv[1]], { stdio: 'inherit' })`;
          self.say('nested', parse(cp.execFileSync(node, ['-e', nested, portrait])));
          for (const options of [{}, { env: {}, cwd: '/' }, { serialization: 'advanced' }]) {
            const child = cp.fork(portrait, options);
            child.on('message', (message) => self.say(`fork ${JSON.stringify(options)}`, message));
          }
        },
        { node, args: [portrait] },
      );
      const expected = { ...UNTOUCHED, execArgv: [] };
      const forked = { ...UNTOUCHED, execArgv: REGISTERED, preloads: [REGISTER] };
      assert.deepStrictEqual(said, {
        spawnSync: [expected],
        bare: [expected],
        shell: [expected],
        'bare shell': [expected],
        options: [{ ...expected, options: '--no-warnings  --title=x' }],
        before: [{ ...expected, options: '--no-warnings' }],
        nested: [expected],
        'fork {}': [forked],
        'fork {"env":{},"cwd":"/"}': [forked],
        'fork {"serialization":"advanced"}': [forked],
      });
    });

    it('from another directory than the one that its name was meant for', async () => {
      const body = (self) => {
        const cp = require('node:child_process');
        cp.fork(self.args[0], { cwd: '/' }).on('message', (it) => self.say('child', it.execArgv));
      };
      const options = { node, args: [portrait], cwd: project() };
      const { href } = pathToFileURL(REGISTER);
      for (const [nodeArgs, execArgv] of [
        [
          ['-r', 'sprog/register'],
          ['-r', REGISTER],
        ],
        [['--require=sprog/register'], [`--require=${REGISTER}`]],
        [
          ['--import', 'sprog/register'],
          ['--import', href],
        ],
        [
          ['-r', './node_modules/sprog/register.js'],
          ['-r', REGISTER],
        ],
      ]) {
        assert.deepStrictEqual(await run(body, { ...options, nodeArgs }), { child: [execArgv] });
      }
    });

    it('in worker threads, and in what they start', async () => {
      const said = await run(
        async (self) => {
          const { Worker, isMainThread, workerData } = require('node:worker_threads');
          const cp = require('node:child_process');
          if (isMainThread) {
            for (const options of [{}, { env: {} }]) {
              const worker = new Worker(__filename, { workerData: self.args, ...options });
              await new Promise((resolve) => worker.on('exit', resolve));
            }
            return;
          }
          self.say('thread', cp.spawn === self.cp.spawn, Object.keys(cp).length);
          self.say('child', JSON.parse(cp.execFileSync(process.execPath, workerData, { env: {} })));
        },
        { node, args: [portrait] },
      );
      assert.deepStrictEqual(said, {
        thread: [true, 9],
        child: [{ ...UNTOUCHED, execArgv: [] }],
      });
    });

    it('in what node --test starts, whose own spawn no preload can reach', async () => {
      const file = write(
        'portrait.test.js',
        `require('node:test')('a test', () => console.log('registered', Symbol.for('sprog') in process));`,
      );
      const said = await run(
        (self) => {
          const cp = require('node:child_process');
          // Else the runner thinks that it runs within this suite's.
          delete process.env.NODE_TEST_CONTEXT;
          const output = cp.execFileSync(process.execPath, ['--test', self.args[0]]);
          self.say('test file', /registered (true|false)/.exec(String(output))[1]);
        },
        { node, args: [file] },
      );
      assert.deepStrictEqual(said, { 'test file': ['true'] });
    });

    it('under the permission model, which is Node’s as it was', async () => {
      const flag = major < 22 ? '--experimental-permission' : '--permission';
      const said = await run(
        (self) => {
          const cp = require('node:child_process');
          const [portrait, flag] = self.args;
          const args = ['--no-warnings', flag, `--allow-fs-read=${portrait}`, portrait];
          const direct = cp.spawnSync(process.execPath, args, { encoding: 'utf8' });
          self.say('direct', direct.status, direct.stderr, JSON.parse(direct.stdout).isOurs);
          const command = [process.execPath, ...args].map((word) => `'${word}'`).join(' ');
          const shell = cp.spawnSync(command, { shell: true, encoding: 'utf8' });
          self.say('shell', shell.status, shell.stderr, JSON.parse(shell.stdout).isOurs);
        },
        { node, args: [portrait, flag] },
      );
      assert.deepStrictEqual(said, { direct: [0, '', false], shell: [0, '', false] });
    });

    it('and unregistered', async () => {
      const said = await run(
        (self) => {
          const cp = require('node:child_process');
          const [portrait, register] = self.args;
          const { spawn, fork } = cp;
          const mock = () => 'mock';
          cp.fork = mock;
          const { unregister } = require(register);
          unregister();
          unregister();
          self.say('own', cp.spawn !== spawn, cp.fork === mock, Object.keys(cp).length);
          const child = JSON.parse(cp.execFileSync(process.execPath, [portrait]));
          const ours = JSON.parse(self.cp.execFileSync(process.execPath, [portrait]));
          self.say('children', child.isOurs, ours.isOurs);
          require(register).register();
          self.say('again', cp.spawn === spawn, cp.fork === fork, cp.fork === mock);
        },
        { node, args: [portrait, REGISTER] },
      );
      assert.deepStrictEqual(said, {
        own: [true, true, 9],
        children: [false, false],
        again: [true, true, false],
      });
    });

    it('and a program that starts no child sees nothing of it', async () => {
      const body = (self) => {
        const fs = require('node:fs');
        self.say(
          'handles',
          process.getActiveResourcesInfo().length,
          process._getActiveHandles().length,
        );
        self.say('threads', fs.readdirSync('/proc/self/task').length);
        self.say('descriptors', fs.readdirSync('/proc/self/fd').length);
        self.say('environment', JSON.stringify(process.env));
        self.say('listeners', process.eventNames().map(String), Object.keys(process).length);
        self.say('globals', Object.keys(globalThis));
      };
      assert.deepStrictEqual(await run(body, { node }), await run(body, { node, nodeArgs: [] }));
    });
  });
}

describe('a package whose package.json is gone', () => {
  it('registers whole', async () => {
    const said = await run(
      (self) => {
        const cp = require('node:child_process');
        const [register] = self.args;
        void self.cp.native;
        const Module = require('node:module');
        const find = Module._resolveFilename;
        Module._resolveFilename = (request, ...rest) => {
          if (request.endsWith('package.json')) throw new Error('it is gone');
          return find(request, ...rest);
        };
        require(register);
        const { version } = process[Symbol.for('sprog')];
        self.say('registered', cp.spawn === self.cp.spawn, version);
      },
      { args: [REGISTER], nodeArgs: [] },
    );
    assert.deepStrictEqual(said, {
      registered: [true, require('../package.json').version],
    });
  });
});

describe('two copies of the package', () => {
  it('share one patch, whoever comes first and whoever undoes it', async () => {
    const copy = copyPackage(path.join(tmp, 'copy'));
    const said = await run(
      (self) => {
        const cp = require('node:child_process');
        const [copy, register, portrait] = self.args;
        const { spawn } = cp;
        const other = require(`${copy}/register.js`);
        const mark = process[Symbol.for('sprog')];
        self.say('first', cp.spawn === spawn, cp.spawn === self.cp.spawn, typeof mark.version);
        other.unregister();
        self.say(
          'undone',
          cp.spawn === spawn,
          JSON.parse(cp.execFileSync(process.execPath, [portrait])).isOurs,
        );
        other.register();
        self.say('second', cp.spawn === require(copy).spawn);
        require(register).register();
        self.say('passive', cp.spawn === require(copy).spawn);
        self.say(
          'child',
          JSON.parse(cp.execFileSync(process.execPath, ['-r', register, portrait])).isOurs,
        );
        require(register).unregister();
        self.say('gone', cp.spawn === require(copy).spawn, Symbol.for('sprog') in process);
      },
      { args: [copy, REGISTER, portrait] },
    );
    assert.deepStrictEqual(said, {
      first: [true, true, 'string'],
      undone: [false, false],
      second: [true],
      passive: [true],
      child: [true],
      gone: [false, false],
    });
  });

  it('and a cache that was emptied change nothing', async () => {
    const said = await run(
      (self) => {
        const cp = require('node:child_process');
        const before = { ...cp };
        for (const round of [1, 2, 3]) {
          for (const file of Object.keys(require.cache)) delete require.cache[file];
          const sprog = require(self.args[0]);
          require(self.args[1]);
          self.say(
            `round ${round}`,
            Object.keys(before).every((name) => cp[name] === before[name]),
          );
          self.say(
            `works ${round}`,
            sprog.execSync('echo a').toString(),
            cp.execSync('echo b').toString(),
          );
        }
        require(self.args[1]).unregister();
        self.say('own', cp.spawn === before.spawn, cp.execSync('echo c').toString());
      },
      { args: [ROOT, REGISTER] },
    );
    assert.deepStrictEqual(said, {
      'round 1': [true],
      'works 1': ['a\n', 'b\n'],
      'round 2': [true],
      'works 2': ['a\n', 'b\n'],
      'round 3': [true],
      'works 3': ['a\n', 'b\n'],
      own: [false, 'c\n'],
    });
  });

  it('in a directory of any name', async () => {
    for (const place of ['with blanks', `it's "quoted"`, 'back\\slash', 'ünï 𝄞', '$HOME `x` #%&']) {
      const copy = copyPackage(path.join(tmp, place));
      const said = await run(
        (self) => {
          const cp = require('node:child_process');
          const [portrait] = self.args;
          self.say('child', JSON.parse(cp.execFileSync(process.execPath, [portrait], { env: {} })));
          cp.fork(portrait, { execArgv: [] }).on('message', (message) => self.say('fork', message));
        },
        { args: [portrait], nodeArgs: ['--require', path.join(copy, 'register.js')] },
      );
      const expected = { ...UNTOUCHED, execArgv: [] };
      assert.deepStrictEqual(said, { child: [expected], fork: [expected] });
    }
  });

  it('that are removed while the program runs do not keep a child from starting', async () => {
    const copy = copyPackage(path.join(tmp, 'removed'));
    const said = await run(
      (self) => {
        require('node:fs').rmSync(self.args[1], { recursive: true });
        const cp = require('node:child_process');
        self.say('child', JSON.parse(cp.execFileSync(process.execPath, [self.args[0]])).isOurs);
      },
      { args: [portrait, copy], nodeArgs: ['--require', path.join(copy, 'register.js')] },
    );
    assert.deepStrictEqual(said, { child: [false] });
  });
});

describe('where the addon cannot be used', () => {
  const body = (self) => {
    const cp = require('node:child_process');
    self.say('native', self.cp.native, cp.spawn === self.cp.spawn, Symbol.for('sprog') in process);
    self.say('child', cp.execSync('echo works').toString());
  };
  const expected = { native: [false, true, false], child: ['works\n'] };

  it('the program has Node’s module, and one warning', async () => {
    const nodeArgs = [...REGISTERED, '--no-addons'];
    const { code, said, stderr } = await runScript(body, { nodeArgs });
    assert.strictEqual(code, 0);
    assert.deepStrictEqual(
      Object.fromEntries(said.map(([word, ...rest]) => [word, rest])),
      expected,
    );
    assert.match(
      stderr,
      /^\(node:\d+\) \[SPROG_NOT_NATIVE\] SprogWarning: child processes are Node's own: .+\n(.+\n)?$/,
    );
  });

  it('and neither have those that it forks one, by whichever option it asked', async () => {
    const forks = (self) => {
      const cp = require('node:child_process');
      const first = cp.fork(self.args[0], { silent: true });
      first.on('message', ({ isOurs, execArgv }) => self.say('forked', isOurs, execArgv.length));
      first.stderr.on('data', (data) => self.say('forked', String(data)));
    };
    const { href } = pathToFileURL(REGISTER);
    for (const option of [`--require=${REGISTER}`, `--import=${href}`, '-r=sprog/register']) {
      const nodeArgs = [...option.replace(/^-r=/, '-r ').split(' '), '--no-addons'];
      const { code, said, stderr } = await runScript(forks, {
        nodeArgs,
        args: [portrait],
        cwd: project(),
      });
      assert.deepStrictEqual([code, said], [0, [['forked', false, nodeArgs.length]]]);
      assert.strictEqual(stderr.split('SPROG_NOT_NATIVE').length, 2, stderr);
    }
  });

  it('a child of a registered program has no warning', async () => {
    const said = await run(
      (self) => {
        const cp = require('node:child_process');
        for (const flag of ['--no-addons', '--no-warnings']) {
          const env = { NAPI_RS_NATIVE_LIBRARY_PATH: '/nonexistent.node' };
          const child = cp.spawnSync(process.execPath, [flag, self.args[0]], {
            env,
            encoding: 'utf8',
          });
          self.say(flag, child.stderr, JSON.parse(child.stdout).isOurs);
        }
      },
      { args: [portrait] },
    );
    assert.deepStrictEqual(said, { '--no-addons': ['', false], '--no-warnings': ['', false] });
  });
});

describe('an old Node', () => {
  it('could read the file that it is made to preload', () => {
    // Nothing but what Node 6 parses stands before the version is asked for.
    const source = fs.readFileSync(path.join(ROOT, 'lib', 'register', 'preload.js'), 'utf8');
    assert.doesNotMatch(source, /=>|\?\.|\?\?|catch \{|`|\.\.\.|async|class|require\('node:/);
  });
});
