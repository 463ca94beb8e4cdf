'use strict';
// The environment that a child inherits where the caller names none: always that of the moment, in
// every thread that has one of its own, however it came about.

const { runScript } = require('../../helpers/own-process.js');

/** Starts the fixture's kind of script by a shell, which sets its environment up. */
async function throughShell(t, command, body) {
  const source = `(${body})(require(process.argv[1]), (...v) => console.log(JSON.stringify(v)))`;
  const env = { PATH: process.env.PATH, HOME: '/', EMPTY: '' };
  const args = ['-c', command, t.node, '-e', source, '--', t.modulePath];
  const child = t.cp.spawn('/bin/sh', args, { env });
  const [text, end] = await Promise.all([t.text(child.stdout), t.closed(child)]);
  for (const line of text.trim().split('\n')) t.log(...JSON.parse(line));
  t.log('end', ...end);
}

module.exports = {
  'it follows every change of process.env': async (t) => {
    await runScript(t, (cp, log) => {
      const seen = (options) => {
        const text = cp.execFileSync('/usr/bin/env', [], { encoding: 'utf8', ...options });
        return text.split('\n').filter((line) => /^(ONE|TWO|NUMBER|LONG|ü)/.test(line));
      };
      process.env.ONE = '1';
      log(seen());
      process.env.ONE = 'another';
      process.env.TWO = 'a=b';
      process.env.NUMBER = 3;
      process.env.ü = '😀';
      log(seen(), seen({ env: process.env }), seen({ env: undefined }), seen({ env: null }));
      delete process.env.ONE;
      process.env.TWO = '';
      log(seen());
      for (let i = 0; i < 300; i++) process.env[`LONG${i}`] = 'x'.repeat(i);
      log(seen().length, seen().at(-1).length);
      for (let i = 0; i < 299; i++) delete process.env[`LONG${i}`];
      log(seen());
    });
  },

  'it is the same for every function': async (t) => {
    await runScript(t, async (cp, log) => {
      const { once } = require('node:events');
      process.env.INHERITED = 'yes';
      const print = 'console.log(process.env.INHERITED, process.env.HOME)';
      log(String(cp.execSync('echo $INHERITED')));
      log(String(cp.execFileSync('printenv', ['INHERITED'])));
      log(String(cp.spawnSync('printenv', ['INHERITED']).stdout));
      log(await new Promise((resolve) => cp.exec('echo $INHERITED', (_, text) => resolve(text))));
      log(String(cp.execFileSync(process.execPath, ['-e', print])));
      const child = cp.spawn('printenv', ['INHERITED']);
      child.stdout.on('data', (data) => log(String(data)));
      await once(child, 'close');
    });
  },

  'variables that are no text, nameless or without a value': async (t) => {
    const command = `BAD=$(printf 'a\\377b\\303(') exec "$0" "$@"`;
    await throughShell(t, command, (cp, log) => {
      const text = cp.execFileSync('/usr/bin/env', ['-0'], { encoding: 'hex' });
      const entries = Buffer.from(text, 'hex').toString('latin1').split('\0');
      log(entries.filter((entry) => /^(BAD|EMPTY|HOME)/.test(entry)).sort());
    });
  },

  'the PATH that counts is the one of the moment': async (t) => {
    await runScript(t, (cp, log) => {
      const code = () => cp.spawnSync('true').error?.code;
      log(code());
      process.env.PATH = '/nonexistent';
      log(code());
      delete process.env.PATH;
      log(code());
    });
  },

  'a worker thread has an environment of its own': async (t) => {
    await runScript(t, async (cp, log, args) => {
      const { SHARE_ENV, Worker } = require('node:worker_threads');
      const { once } = require('node:events');
      const body = `
        const cp = require(process.argv[2]);
        const { parentPort } = require('node:worker_threads');
        process.env.THREAD = 'worker';
        const seen = (options) => String(cp.spawnSync('/usr/bin/env', [], options).stdout)
          .split('\\n').filter((line) => /^(MAIN|THREAD|GIVEN)=/.test(line)).sort();
        parentPort.postMessage([seen(), seen({ env: process.env })]);`;
      process.env.MAIN = 'main';
      for (const env of [undefined, SHARE_ENV, { GIVEN: '1', PATH: process.env.PATH }]) {
        const worker = new Worker(body, { eval: true, env, argv: [process.argv[1]] });
        const exit = once(worker, 'exit');
        const [message] = await once(worker, 'message');
        await exit;
        const main = String(cp.spawnSync('/usr/bin/env').stdout).split('\n');
        log(message, main.filter((line) => /^(MAIN|THREAD|GIVEN)=/.test(line)).sort());
      }
      log(args);
    });
  },

  'a program that stands in front of ChildProcess.spawn sees and changes it': async (t) => {
    const { spawn } = t.cp.ChildProcess.prototype;
    const changes = {
      'looks at it': () => {},
      'adds to it': (options) => {
        options.envPairs.push('HOOKED=yes');
      },
      'replaces it': (options) => {
        options.envPairs = ['HOOKED=only', `PATH=${process.env.PATH}`];
      },
      'copies the options': (options) => ({
        ...options,
        envPairs: [...options.envPairs, 'HOOKED=2'],
      }),
      'assigns the options': (options) => Object.assign({}, options),
    };
    for (const [name, change] of Object.entries(changes)) {
      t.cp.ChildProcess.prototype.spawn = function hooked(options) {
        t.log(Array.isArray(options.envPairs), Object.hasOwn(options, 'envPairs'));
        return spawn.call(this, change(options) ?? options);
      };
      try {
        const child = t.cp.spawn('/usr/bin/env');
        const lines = (await t.text(child.stdout)).split('\n');
        t.log(name, lines.filter((line) => /^(HOOKED|HOME)=/.test(line)).sort());
      } finally {
        t.cp.ChildProcess.prototype.spawn = spawn;
      }
    }
  },

  'a bare ChildProcess that is told of none inherits it': async (t) => {
    for (const envPairs of [undefined, null, 'text', [], ['A=1']]) {
      const child = new t.cp.ChildProcess();
      child.spawn({ file: '/usr/bin/env', args: ['env'], envPairs });
      const lines = (await t.text(child.stdout)).split('\n');
      t.log(
        lines.some((line) => line.startsWith('HOME=')),
        lines.includes('A=1'),
      );
    }
  },
};
