'use strict';
// Tools that follow a program into its children wrap what Node's functions are built on. The same
// program is run plain and registered, and the tool sees the same.

const assert = require('node:assert');
const path = require('node:path');
const { describe, it } = require('node:test');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');
const { ROOT, runScript } = require('./helpers/script.js');

const REGISTER = path.join(ROOT, 'register.js');

/** Wraps as nyc and tap do, for an environment that the program has written by hand, too. */
async function wrapEverySpawn(self) {
  const cp = require('node:child_process');
  const { once } = require('node:events');
  const wrap = (holder) => {
    const { spawn } = holder;
    holder.spawn = function (options) {
      const { file, args, envPairs } = options;
      self.say('seen', file === process.execPath, args.slice(1), Array.isArray(envPairs));
      options.envPairs = [...envPairs, 'WRAPPED=yes'];
      return spawn.call(this, options);
    };
    return () => Object.assign(holder, { spawn });
  };
  const unwrap = wrap(process.binding('spawn_sync'));
  wrap(cp.ChildProcess.prototype);

  const print = ['-p', 'process.env.WRAPPED'];
  const options = { encoding: 'utf8', env: {} };
  self.say('spawnSync', cp.spawnSync(process.execPath, print, options).stdout);
  self.say('execFileSync', cp.execFileSync(process.execPath, print, options));
  self.say('execSync', cp.execSync('echo $WRAPPED', options));
  self.say('missing', cp.spawnSync('no-such-program').error.message);
  const child = cp.spawn(process.execPath, print, {
    env: {},
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  self.say('spawn', String((await once(child.stdout, 'data'))[0]));
  await once(child, 'close');
  unwrap();
  self.say('unwrapped', cp.execSync('echo $WRAPPED', options));
}

/** Has spawnSync() start what its own checks would have refused. */
async function rewriteSyncRequests(self) {
  const cp = require('node:child_process');
  const binding = process.binding('spawn_sync');
  const { spawn } = binding;
  const run = (label, changes) => {
    binding.spawn = (request) => spawn.call(binding, Object.assign(request, changes));
    const { status, error, stdout } = cp.spawnSync('/bin/pwd', ['x', 'y'], { encoding: 'utf8' });
    self.say(label, status, error?.message, error?.path, stdout);
  };
  process.chdir('/usr');
  for (const file of ['/bin/echo\0z', 'echo\0z', '/bin/no\0z', '\0z']) run('file', { file });
  const directories = ['/\0bin', '/nonexistent\0/..', '\0/bin', '', Buffer.from('/bin')];
  for (const cwd of [...directories, null, undefined, false, 5, {}]) run('cwd', { cwd });
  run('args', { file: 'echo', args: ['x', 'a\0b', '\0', 'c'] });
  run('envPairs', { file: 'env', args: ['x'], envPairs: ['PATH=/bin\0x', 'A\0=1', '\0'] });
}

for (const major of selectedLines()) {
  describe(`tools in a registered program on Node ${major}`, () => {
    const node = nodeBinary(major);
    const registered = { node, nodeArgs: ['--require', REGISTER] };

    it('see every spawn, the synchronous ones too', async () => {
      const [plain, ours] = await Promise.all([
        runScript(wrapEverySpawn, { node }),
        runScript(wrapEverySpawn, registered),
      ]);
      assert.deepStrictEqual(
        [ours.code, ours.stderr, ours.said],
        [plain.code, plain.stderr, plain.said],
      );
      assert.ok(ours.said.some(([word, value]) => word === 'execSync' && value === 'yes\n'));
    });

    it('may ask for strings that have a NUL, and for a directory of any kind', async () => {
      const [plain, ours] = await Promise.all([
        runScript(rewriteSyncRequests, { node }),
        runScript(rewriteSyncRequests, registered),
      ]);
      assert.deepStrictEqual(ours, plain);
      assert.strictEqual(plain.said.length, 16);
    });

    it("leave Node's own calls, and ours after unregister(), as they are", async () => {
      const { said, stderr } = await runScript(
        (self) => {
          const cp = require('node:child_process');
          const { spawnSync } = cp;
          const binding = process.binding('spawn_sync');
          const native = binding.spawn;
          const { register, unregister } = require(self.args[0]);
          register();
          const run = (spawn) => spawn('echo', ['ran'], { encoding: 'utf8' }).stdout;
          self.say('registered', cp.spawnSync !== spawnSync, binding.spawn !== native);
          self.say('ran', run(spawnSync), run(cp.spawnSync), run(self.cp.spawnSync));
          const ours = cp.spawnSync;
          unregister();
          self.say('unregistered', cp.spawnSync === spawnSync, binding.spawn === native);
          self.say('ran', run(spawnSync), run(ours));
        },
        { node, args: [REGISTER] },
      );
      assert.deepStrictEqual(
        [stderr, said],
        [
          '',
          [
            ['registered', true, true],
            ['ran', 'ran\n', 'ran\n', 'ran\n'],
            ['unregistered', true, true],
            ['ran', 'ran\n', 'ran\n'],
          ],
        ],
      );
    });

    it('say nothing where asking for the binding is a warning', async () => {
      const body = (self) => {
        self.say(require('node:child_process').execSync('echo ran', { encoding: 'utf8' }));
      };
      const nodeArgs = ['--pending-deprecation', ...registered.nodeArgs];
      const { said, stderr } = await runScript(body, { node, nodeArgs });
      assert.deepStrictEqual([said, stderr], [[['ran\n']], '']);
    });
  });
}
