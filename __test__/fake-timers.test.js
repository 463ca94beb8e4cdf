'use strict';
// A program that has put timers of its own in the place of Node's, as tests with a clock of their own do:
// what is ours goes by real time all the same, as Node's own timeouts do.

const assert = require('node:assert');
const { describe, it: test } = require('node:test');
const { files, jsCode, read } = require('./helpers/source.js');
const { runScript } = require('./helpers/script.js');

const it = (title, run) => test(title, { timeout: 120_000 }, run);

/** Loads the package, and then nothing that the program waits for comes any more. */
const PRELUDE = `
  const stopTime = () => {
    void self.cp.Pool;
    for (const name of ['setTimeout', 'setImmediate', 'setInterval', 'queueMicrotask']) {
      globalThis[name] = () => ({ ref() { return this; }, unref() { return this; } });
    }
    for (const name of ['clearTimeout', 'clearImmediate', 'clearInterval']) {
      globalThis[name] = () => { throw new Error(name + ' of the program'); };
    }
  };`;

/** @param {string} code with \`cp\`, \`say\`, \`fixtures\` */
async function said(code) {
  const body = `async (self) => { ${PRELUDE} const { cp, say, fixtures } = self; stopTime(); ${code} }`;
  const outcome = await runScript(/** @type {any} */ ({ toString: () => body }), { limit: 60_000 });
  assert.strictEqual(outcome.stderr, '');
  assert.deepStrictEqual(outcome.strays, []);
  return outcome.said;
}

describe('where the timers are those of the program', () => {
  it('a child that is disposed of gets SIGKILL after the grace', async () => {
    const heard = await said(`
      const child = cp.spawn('sh', ['-c', 'trap "" TERM; echo up; exec sleep 600']);
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const dispose = Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose');
      await child[dispose]();
      say(child.signalCode);`);
    assert.deepStrictEqual(heard, [['SIGKILL']]);
  });

  it('a run ends whose output nobody reads', async () => {
    const heard = await said(`
      const running = cp.run('echo', ['text']);
      running.child.stdout.on('readable', () => {});
      say((await running).stdout);`);
    assert.deepStrictEqual(heard, [['text']]);
  });

  it('a pool replaces its workers, keeps its limits and closes', async () => {
    const heard = await said(`
      const pool = new cp.Pool(fixtures + '/pool/worker.js', { max: 1 });
      const reason = (promise) => promise.then(() => 'none', (error) => error.name);
      say(await reason(pool.run('exit', [3])), await pool.run('add', [1, 2]));
      say(await reason(pool.run('never', [], { timeout: 50 })), await pool.run('add', [3, 4]));
      await pool.close();
      say('closed');`);
    assert.deepStrictEqual(heard, [['WorkerExited', 3], ['TaskTimeout', 7], ['closed']]);
  });

  it('no file of lib/ uses them', () => {
    // A call, not the definition of a method.
    const calls =
      /(?<![.\w#])((?:set|clear)(?:Timeout|Interval|Immediate)|queueMicrotask)\((?![^()]*\) \{)/g;
    const strays = files('lib', '.js').flatMap((file) => {
      // The commands are programs themselves.
      if (file.startsWith('lib/cli/') || file === 'lib/host-timers.js') return [];
      const code = jsCode(read(file));
      const [, taken = ''] =
        /const \{([^}]*)\} = require\('[./]+host-timers\.js'\)/.exec(code) ?? [];
      const names = new Set([...code.matchAll(calls)].map(([, name]) => name));
      return [...names].filter((name) => !taken.includes(name)).map((name) => `${file}: ${name}`);
    });
    assert.deepStrictEqual(strays, [], 'lib/host-timers.js has those to be used');
  });
});
