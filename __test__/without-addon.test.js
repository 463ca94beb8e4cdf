'use strict';
// The package where its addon cannot be had: the file is missing or broken, addons are forbidden, another
// runtime. Its functions are then Node's own, the very same, and `nativeError` says why; a process warning
// too, where nobody can have meant it. (Kernels that lack something that the addon uses are another
// matter: fallbacks.test.js.)

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, it: test } = require('node:test');
const { writeFile } = require('./helpers/files.js');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');
const { copyPackage, pretendVersion } = require('./helpers/package.js');
const { ROOT, runScript } = require('./helpers/script.js');

const it = (title, ...rest) => {
  const [options, run] = rest.length === 2 ? rest : [{}, rest[0]];
  return test(title, { timeout: 60_000, ...options }, run);
};

let tmp;
const write = (name, source) => writeFile(tmp, name, source);

before(() => {
  tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-without-addon-'));
});
after(() => fs.rmSync(tmp, { recursive: true, force: true }));

const lines = selectedLines();
const oldestAndNewest = new Set([Math.min(...lines), Math.max(...lines)]);

/** A copy of the package in which every addon has been through `spoil`. */
function spoilt(name, spoil) {
  const root = path.join(tmp, name);
  if (fs.existsSync(root)) return root;
  copyPackage(root);
  for (const file of fs.readdirSync(root).filter((it) => it.endsWith('.node'))) {
    spoil(path.join(root, file));
  }
  return root;
}

/** Preloaded: the process says that it is another runtime's. */
const disguise = (name) =>
  write(
    `${name}.js`,
    `const versions = { ...process.versions, ${name}: '1.0.0' };
     Object.defineProperty(process, 'versions', { value: versions });`,
  );

/**
 * @type {Record<string, { reason: RegExp, warns?: boolean,
 *   setUp: () => { root?: string, nodeArgs?: string[], env?: any } }>}
 */
const PLACES = {
  'the file is missing': {
    reason: /the package sprog-linux-\w+-\w+ is not installed; to mend it, .*npm install/,
    warns: true,
    setUp: () => ({ root: spoilt('missing', (file) => fs.rmSync(file)) }),
  },
  'a checkout has not been built': {
    reason: /cannot be loaded: it has not been built; to mend it, run `npm run setup`/,
    warns: true,
    setUp: () => {
      const root = spoilt('unbuilt', (file) => fs.rmSync(file));
      fs.writeFileSync(path.join(root, 'Cargo.toml'), '');
      return { root };
    },
  },
  'the file is no addon': {
    reason: /\.node: (file too short|invalid ELF header); to mend it, run `npm install/,
    warns: true,
    setUp: () => ({ root: spoilt('broken', (file) => fs.writeFileSync(file, 'no addon at all')) }),
  },
  'the file is for another machine': {
    reason: /\.node: .+; to mend it, run `npm install/,
    warns: true,
    setUp: () => ({
      root: spoilt('foreign', (file) => {
        const bytes = fs.readFileSync(file);
        // e_machine of the ELF header: a SPARC.
        bytes.writeUInt16LE(2, 18);
        fs.writeFileSync(file, bytes);
      }),
    }),
  },
  'the file is of another version': {
    reason: /sprog is 9\.9\.9, its addon \d+\.\d+\.\d+; to mend it, run `npm install/,
    warns: true,
    setUp: () => {
      const root = spoilt('other', () => {});
      pretendVersion(root, '9.9.9');
      return { root };
    },
  },
  'the variable of the loader names nothing': {
    reason: /Cannot find module '\/nowhere\.node'/,
    setUp: () => ({ env: { ...process.env, NAPI_RS_NATIVE_LIBRARY_PATH: '/nowhere.node' } }),
  },
  'the variable of the loader names another addon': {
    reason: /not ours/,
    setUp: () => ({
      env: {
        ...process.env,
        NAPI_RS_NATIVE_LIBRARY_PATH: write('other.js', 'exports.sum = (a, b) => a + b;'),
      },
    }),
  },
  '--no-addons is set': {
    reason: /addons is disabled; to mend it, start Node without --no-addons/,
    setUp: () => ({ nodeArgs: ['--no-addons'] }),
  },
  'the runtime says that it is Bun': {
    reason: /Node\.js only/,
    setUp: () => ({ nodeArgs: ['--require', disguise('bun')] }),
  },
  'the runtime says that it is Deno': {
    reason: /Node\.js only/,
    setUp: () => ({ nodeArgs: ['--require', disguise('deno')] }),
  },
};

/** What the package is, and whether it works. */
const useAll = async (self) => {
  const { cp } = self;
  const node = require('node:child_process');
  const { once } = require('node:events');
  const { promisify } = require('node:util');
  self.say('native', cp.native);
  self.say('error', cp.nativeError instanceof Error, cp.nativeError.message);
  self.say(
    'not of Node',
    Object.keys(cp)
      .filter((name) => cp[name] !== node[name])
      .sort(),
    Object.keys(node).filter((name) => !(name in cp)),
  );
  const child = cp.spawn('cat');
  child.stdin.end('spawn');
  child.stdout.setEncoding('utf8').on('data', (text) => self.say(text));
  await once(child, 'close');
  self.say((await promisify(cp.exec)('echo exec')).stdout);
  self.say((await promisify(cp.execFile)('echo', ['execFile'])).stdout);
  self.say(cp.execSync('echo execSync', { encoding: 'utf8' }));
  self.say(cp.execFileSync('echo', ['execFileSync'], { encoding: 'utf8' }));
  self.say(cp.spawnSync('echo', ['spawnSync'], { encoding: 'utf8' }).stdout);
  for (const serialization of ['json', 'advanced']) {
    const forked = cp.fork(`${self.fixtures}/ipc-echo.js`, { serialization });
    forked.send({ serialization });
    const [back] = await once(forked, 'message');
    forked.disconnect();
    self.say('fork', back.serialization, await once(forked, 'exit'));
  }
};

/** What Node's module does not have. */
const OWN = ['Pool', 'RunError', 'native', 'nativeError', 'pipeline', 'run', 'runSync'];

const WORKS = [
  ['spawn'],
  ['exec\n'],
  ['execFile\n'],
  ['execSync\n'],
  ['execFileSync\n'],
  ['spawnSync\n'],
  ['fork', 'json', [0, null]],
  ['fork', 'advanced', [0, null]],
];

/** Of all that stands on stderr: one warning with that reason, or nothing. */
function assertWarned(stderr, reason) {
  if (reason === undefined) {
    assert.strictEqual(stderr, '');
    return;
  }
  const [warning, hint, ...rest] = stderr.trimEnd().split('\n');
  assert.match(warning, /\[SPROG_NOT_NATIVE\] SprogWarning: child processes are Node's own: /);
  assert.match(warning, reason);
  assert.match(hint ?? '', /--trace-warnings/);
  assert.deepStrictEqual(rest, []);
}

describe('where the addon cannot be had, the package is Node’s module and says why', () => {
  for (const [place, { reason, warns, setUp }] of Object.entries(PLACES)) {
    for (const major of oldestAndNewest) {
      it(`because ${place}, on Node ${major}`, async () => {
        const { said, code, stderr } = await runScript(useAll, {
          node: nodeBinary(major),
          ...setUp(),
        });
        assert.strictEqual(code, 0);
        assertWarned(stderr, warns ? reason : undefined);
        const [native, [, isError, message], others, ...works] = said;
        assert.deepStrictEqual(native, ['native', false]);
        assert.ok(isError);
        assert.match(message, reason);
        assert.deepStrictEqual(others, ['not of Node', OWN, []]);
        assert.deepStrictEqual(works, WORKS);
      });
    }
  }

  for (const major of lines) {
    it(`under the permission model of Node ${major}, which may allow children and no addons`, async () => {
      const flag = major < 22 ? '--experimental-permission' : '--permission';
      const { said, code } = await runScript(
        (self) => {
          self.say(self.cp.native, self.cp.nativeError.message);
          self.say(self.cp.execFileSync('echo', ['allowed'], { encoding: 'utf8' }));
        },
        {
          node: nodeBinary(major),
          nodeArgs: ['--no-warnings', flag, '--allow-fs-read=*', '--allow-child-process'],
        },
      );
      assert.strictEqual(code, 0);
      assert.strictEqual(said[0][0], false);
      assert.match(said[0][1], /addons is disabled/);
      assert.deepStrictEqual(said[1], ['allowed\n']);
    });
  }

  it('to an ES module and to a worker thread too', async () => {
    const root = spoilt('missing', (file) => fs.rmSync(file));
    const { said, code, stderr } = await runScript(
      async (self) => {
        const { Worker, isMainThread, parentPort } = require('node:worker_threads');
        const { spawn } = require('node:child_process');
        const [file] = self.args;
        if (!isMainThread) {
          parentPort.postMessage([self.cp.native, self.cp.spawn === spawn]);
          return;
        }
        const module = await import(file);
        self.say(module.native, module.spawn === spawn, module.default.fork === self.cp.fork);
        new Worker(__filename).on('message', (told) => self.say(...told));
      },
      { root, args: [path.join(root, 'index.js')] },
    );
    assert.strictEqual(code, 0);
    // The worker does not repeat it.
    assertWarned(stderr, PLACES['the file is missing'].reason);
    assert.deepStrictEqual(said, [
      [false, true, true],
      [false, true],
    ]);
  });
});

describe('what is the package’s own, without its addon', () => {
  const without = (body) => runScript(body, { root: spoilt('missing', (file) => fs.rmSync(file)) });

  it("'fifo' is refused as Node refuses what it does not know", async () => {
    const { said, code } = await without((self) => {
      for (const [name, stdio] of [
        ['spawn', 'fifo'],
        ['spawn', ['fifo', 'fifo', 'fifo']],
        ['spawnSync', 'fifo'],
      ]) {
        try {
          self.cp[name]('true', [], { stdio });
        } catch ({ code }) {
          self.say(name, code);
        }
      }
    });
    assert.strictEqual(code, 0);
    assert.deepStrictEqual(said, [
      ['spawn', 'ERR_INVALID_ARG_VALUE'],
      ['spawn', 'ERR_INVALID_SYNC_FORK_INPUT'],
      ['spawnSync', 'ERR_INVALID_ARG_VALUE'],
    ]);
  });

  it('run(), runSync() and pipeline() say that they are not to be had', async () => {
    const { said, code } = await without((self) => {
      for (const [name, ...args] of [
        ['run', 'true'],
        ['runSync', 'true'],
        ['pipeline', [['true']]],
      ]) {
        try {
          self.cp[name](...args);
        } catch ({ code, message }) {
          self.say(name, code, message.includes(`${name}()`));
        }
      }
    });
    assert.strictEqual(code, 0);
    const unavailable = 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM';
    assert.deepStrictEqual(
      said,
      ['run', 'runSync', 'pipeline'].map((name) => [name, unavailable, true]),
    );
  });

  it('maxMessageSize is an option that Node does not know', async () => {
    const { said, code } = await without((self) => {
      const child = self.cp.fork(`${self.fixtures}/ipc-echo.js`, { maxMessageSize: 5 });
      child.on('message', (text) => {
        self.say(self.cp.native, text.length);
        child.disconnect();
      });
      child.send('longer than five');
    });
    assert.deepStrictEqual([code, said], [0, [[false, 16]]]);
  });

  it('a pool is refused', async () => {
    const { said, code } = await without((self) => {
      try {
        new self.cp.Pool(`${self.fixtures}/pool/worker.js`);
      } catch ({ code, message }) {
        self.say(code, message.includes('Pool'), typeof self.cp.Pool.WorkerExited);
      }
    });
    assert.deepStrictEqual(
      [code, said],
      [0, [['ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', true, 'function']]],
    );
  });

  it('registering warns once, and leaves Node’s module as it is', async () => {
    const root = spoilt('missing', (file) => fs.rmSync(file));
    const { said, code, stderr } = await runScript(
      (self) => {
        const { spawnSync } = require('node:child_process');
        self.say(String(spawnSync).includes('normalizeSpawnArguments'));
        self.say(spawnSync(process.execPath, ['-e', '0'], { encoding: 'utf8' }).stderr);
      },
      { root, nodeArgs: ['--require', path.join(root, 'register.js')] },
    );
    assert.deepStrictEqual([code, said.length, said[0][0]], [0, 2, true]);
    assert.deepStrictEqual(said[1], ['']);
    assert.strictEqual(stderr.match(/SPROG_NOT_NATIVE/g)?.length, 1);
    assert.match(stderr, /is not installed/);
  });
});

describe('another runtime, if it is installed', () => {
  for (const [runtime, args] of [
    ['bun', []],
    ['deno', ['run', '--allow-all']],
  ]) {
    const isInstalled = spawnSync(runtime, ['--version']).status === 0;
    it(`${runtime} has its own module`, { skip: !isInstalled && 'not installed' }, () => {
      const file = write(
        `in-${runtime}.cjs`,
        `const ours = require(${JSON.stringify(ROOT)});
         const theirs = require('node:child_process');
         const others = Object.keys(ours).filter((name) => ours[name] !== theirs[name]).sort();
         const text = ours.execFileSync('echo', ['works'], { encoding: 'utf8' });
         console.log(JSON.stringify([ours.native, ours.nativeError instanceof Error, others, text]));`,
      );
      const { stdout, stderr, status } = spawnSync(runtime, [...args, file], { encoding: 'utf8' });
      assert.deepStrictEqual([status, stderr], [0, '']);
      assert.deepStrictEqual(JSON.parse(stdout), [false, true, OWN, 'works\n']);
    });
  }
});
