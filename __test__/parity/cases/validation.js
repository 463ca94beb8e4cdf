'use strict';
// Argument checks: which values are refused, with what error, and which of several mistakes is
// reported. The program does not exist, so that accepted arguments start nothing.

const fs = require('node:fs');
const path = require('node:path');
const { countFds, until } = require('../../helpers/processes.js');

const MISSING = '/nonexistent/program';
const noop = () => {};

/** Values of every kind; an option accepts few of them. */
const VALUES = [
  undefined,
  null,
  '',
  'text',
  "it's",
  'long '.repeat(40),
  'a\0b',
  0,
  -1,
  3.1,
  Number.NaN,
  1n,
  true,
  false,
  Symbol('mark'),
  noop,
  {},
  { a: { b: { c: {} } } },
  Object.create(null),
  [],
  ['text'],
  new Map(),
  new Date(0),
  Buffer.from('bytes'),
  new URL('http://host/path'),
];

/** Logs whether the call throws and what. A child that comes of it has no process. */
function judge(t, label, call) {
  try {
    const result = call();
    result?.on?.('error', noop);
    t.log(label, 'accepted');
  } catch (error) {
    t.log(label, error);
  }
}

/** Names a value in the log. */
function named(value) {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 10));
  if (typeof value === 'object' && value !== null) return Object.prototype.toString.call(value);
  return typeof value === 'function' ? 'function' : String(value);
}

/** Short stdio arrays are padded in place, and these ones are shared. */
const fresh = (value) => (Array.isArray(value) ? [...value] : value);

/** spawn and spawnSync with one option at each value. */
function judgeOption(t, name, values = VALUES) {
  for (const value of values) {
    judge(t, `${name} ${named(value)}`, () => t.cp.spawn(MISSING, ['a'], { [name]: fresh(value) }));
    judge(t, `sync ${name} ${named(value)}`, () =>
      t.cp.spawnSync(MISSING, ['a'], { [name]: fresh(value) }),
    );
  }
}

module.exports = {
  'file must be a string that is not empty': async (t) => {
    for (const value of VALUES) {
      if (typeof value === 'string' && value !== '' && !value.includes('\0')) continue;
      judge(t, `spawn ${named(value)}`, () => t.cp.spawn(value));
      judge(t, `spawnSync ${named(value)}`, () => t.cp.spawnSync(value));
      judge(t, `execFile ${named(value)}`, () => t.cp.execFile(value, noop));
      judge(t, `execFileSync ${named(value)}`, () => t.cp.execFileSync(value));
    }
  },

  'the command of exec must be a string that is not empty': async (t) => {
    for (const value of VALUES) {
      if (typeof value === 'string' && value !== '' && !value.includes('\0')) continue;
      judge(t, `exec ${named(value)}`, () => t.cp.exec(value, noop));
      judge(t, `execSync ${named(value)}`, () => t.cp.execSync(value));
    }
  },

  'the second argument of spawn is args or options': async (t) => {
    for (const value of VALUES) {
      judge(t, `spawn ${named(value)}`, () => t.cp.spawn(MISSING, value));
      judge(t, `spawnSync ${named(value)}`, () => t.cp.spawnSync(MISSING, value));
    }
  },

  'the options of spawn may be undefined but not null': async (t) => {
    for (const value of VALUES) {
      judge(t, `after args ${named(value)}`, () => t.cp.spawn(MISSING, [], value));
      judge(t, `after null ${named(value)}`, () => t.cp.spawn(MISSING, null, value));
      judge(t, `sync ${named(value)}`, () => t.cp.spawnSync(MISSING, [], value));
    }
  },

  'options in the place of args win over later ones': async (t) => {
    for (const value of VALUES) {
      judge(t, named(value), () => {
        const child = t.cp.spawn(MISSING, { argv0: 'first' }, value);
        t.log(child.spawnargs);
        return child;
      });
    }
  },

  'execFile takes its arguments in many forms': async (t) => {
    const { execFile } = t.cp;
    for (const value of VALUES) {
      const label = named(value);
      judge(t, `(file, ${label})`, () => execFile(MISSING, value));
      judge(t, `(file, [], ${label})`, () => execFile(MISSING, [], value));
      judge(t, `(file, null, ${label})`, () => execFile(MISSING, null, value));
      judge(t, `(file, [], {}, ${label})`, () => execFile(MISSING, [], {}, value));
      judge(t, `(file, null, null, ${label})`, () => execFile(MISSING, null, null, value));
      judge(t, `(file, {}, ${label})`, () => execFile(MISSING, {}, value));
      judge(t, `(file, {}, fn, ${label})`, () => execFile(MISSING, {}, noop, value));
      judge(t, `(file, fn, ${label})`, () => execFile(MISSING, noop, value));
      judge(t, `(file, [], fn, ${label})`, () => execFile(MISSING, [], noop, value));
    }
  },

  'the callback of execFile is called in every form': async (t) => {
    const { execFile } = t.cp;
    const forms = {
      '(file, fn)': (fn) => execFile('true', fn),
      '(file, args, fn)': (fn) => execFile('true', [], fn),
      '(file, options, fn)': (fn) => execFile('true', {}, fn),
      '(file, args, options, fn)': (fn) => execFile('true', [], {}, fn),
      '(file, null, fn)': (fn) => execFile('true', null, fn),
      '(file, undefined, fn)': (fn) => execFile('true', undefined, fn),
      '(file, null, null, fn)': (fn) => execFile('true', null, null, fn),
      '(file, args, null, fn)': (fn) => execFile('true', [], null, fn),
      '(file, fn, junk)': (fn) => execFile('true', fn, 'junk'),
      '(file, args, fn, junk)': (fn) => execFile('true', [], fn, 'junk'),
    };
    for (const [form, start] of Object.entries(forms)) {
      t.log(form, await new Promise((resolve) => start((...result) => resolve(result))));
    }
  },

  'execFileSync takes its arguments in many forms': async (t) => {
    const { execFileSync } = t.cp;
    for (const value of VALUES) {
      const label = named(value);
      judge(t, `(file, ${label})`, () => execFileSync(MISSING, value));
      judge(t, `(file, [], ${label})`, () => execFileSync(MISSING, [], value));
      judge(t, `(file, null, ${label})`, () => execFileSync(MISSING, null, value));
      judge(t, `(file, [], {}, ${label})`, () => execFileSync(MISSING, [], {}, value));
      judge(t, `(file, {}, ${label})`, () => execFileSync(MISSING, {}, value));
    }
  },

  'exec takes options or a callback': async (t) => {
    const { exec } = t.cp;
    for (const value of VALUES) {
      const label = named(value);
      judge(t, `(command, {}, ${label})`, () => exec('true', { shell: MISSING }, value));
      judge(t, `(command, fn, ${label})`, () => exec('true', noop, value));
    }
    for (const options of [null, undefined, {}, 'junk', 5, [], true]) {
      const result = await new Promise((resolve) => {
        exec('echo x', options, (...values) => resolve(values));
      });
      t.log(named(options), result);
    }
  },

  'fork takes args or options': async (t) => {
    const execPath = MISSING;
    for (const value of VALUES) {
      const label = named(value);
      judge(t, `(${label})`, () => t.cp.fork(value, { execPath }));
      if (value === null || typeof value !== 'object' || Array.isArray(value)) {
        judge(t, `(module, ${label}, options)`, () => t.cp.fork('module', value, { execPath }));
        if (value) judge(t, `(module, [], ${label})`, () => t.cp.fork('module', [], value));
      }
    }
  },

  'the options of fork that stand for a program and its arguments': async (t) => {
    const execPath = MISSING;
    for (const value of VALUES) {
      const label = named(value);
      if (value && value !== true) {
        judge(t, `execPath ${label}`, () => {
          const child = t.cp.fork('module', { execPath: value });
          t.log(child.spawnfile, child.spawnargs);
          return child;
        });
      }
      judge(t, `execArgv ${label}`, () => {
        const child = t.cp.fork('module', { execPath, execArgv: value });
        t.log(child.spawnargs);
        return child;
      });
      judge(t, `silent ${label}`, () => t.cp.fork('module', { execPath, silent: value }));
      judge(t, `stdio ${label}`, () => t.cp.fork('module', { execPath, stdio: fresh(value) }));
      judge(t, `shell ${label}`, () => {
        const child = t.cp.fork('module', { execPath, shell: value });
        t.log(child.spawnfile);
        return child;
      });
    }
  },

  'fork refuses an execPath that is no string': async (t) => {
    for (const execPath of [1, true, {}, [], noop]) {
      judge(t, named(execPath), () => t.cp.fork('module', { execPath }));
    }
  },

  'fork takes a file: URL or bytes for the module': async (t) => {
    const modules = [
      new URL('file:///some/module.js'),
      new URL('file:///with%20blank'),
      new URL('file:///nul%00'),
      new URL('file:///slash%2f'),
      new URL('file://host/module.js'),
      new URL('https://host/module.js'),
      Buffer.from('/some/module'),
      Buffer.from('nul\0'),
      { href: 'file:///duck', protocol: 'file:', hostname: '', pathname: '/duck' },
    ];
    for (const module of modules) {
      judge(t, String(module), () => {
        const child = t.cp.fork(module, { execPath: MISSING, execArgv: [] });
        t.log(child.spawnargs);
        return child;
      });
    }
  },

  'options.cwd': async (t) => {
    judgeOption(t, 'cwd', [
      ...VALUES,
      new URL('file:///tmp'),
      new URL('file://host/tmp'),
      new URL('file:///nul%00'),
      new URL('file:///slash%2f'),
      new Uint8Array([47, 0]),
    ]);
  },

  'options.detached': async (t) => judgeOption(t, 'detached'),
  'options.shell': async (t) => judgeOption(t, 'shell'),
  'options.argv0': async (t) => judgeOption(t, 'argv0'),
  'options.windowsHide': async (t) => judgeOption(t, 'windowsHide'),
  'options.windowsVerbatimArguments': async (t) => judgeOption(t, 'windowsVerbatimArguments'),
  'options.env': async (t) => judgeOption(t, 'env'),
  'options.signal': async (t) => {
    const duck = Object.assign(new EventTarget(), { aborted: false });
    judgeOption(t, 'signal', [...VALUES, duck, new EventTarget(), new AbortController().signal]);
  },
  'options.encoding': async (t) => judgeOption(t, 'encoding'),
  'options.input': async (t) => {
    judgeOption(t, 'input', [...VALUES, new DataView(new ArrayBuffer(2)), new Float64Array(1)]);
  },

  'options.stdio': async (t) => {
    const strings = ['pipe', 'ignore', 'inherit', 'ipc', 'Pipe', 'wrap'];
    judgeOption(t, 'stdio', [...VALUES, ...strings]);
    // The sync functions of Node abort the whole process on this one.
    judge(t, 'overlapped', () => t.cp.spawn(MISSING, { stdio: 'overlapped' }));
  },

  'options.serialization': async (t) => {
    judgeOption(t, 'serialization', [...VALUES, 'json', 'advanced', 'JSON']);
    for (const serialization of ['json', 'advanced', 'text', null, 5]) {
      const stdio = ['ignore', 'ignore', 'ignore', 'ipc'];
      judge(t, `ipc ${serialization}`, () => t.cp.spawn(MISSING, { stdio, serialization }));
    }
  },

  'uid and gid must be int32': async (t) => {
    const ids = [
      ...VALUES.filter((value) => value !== 0 && value !== -1),
      2 ** 31,
      2 ** 53,
      2 ** 63,
      -(2 ** 31) - 1,
      Number.POSITIVE_INFINITY,
    ];
    for (const name of ['uid', 'gid']) judgeOption(t, name, ids);
    judge(t, 'execFile', () => t.cp.execFile(MISSING, { uid: 'root' }, noop));
    judge(t, 'fork', () => t.cp.fork('module', { execPath: MISSING, gid: 1.5 }));
  },

  'timeout must be a non-negative integer': async (t) => {
    judgeOption(t, 'timeout', [...VALUES, -0, 1, Number.POSITIVE_INFINITY, -1e10]);
    for (const timeout of [-1, 1.5, 'x', Number.NaN]) {
      judge(t, `execFile ${timeout}`, () => t.cp.execFile(MISSING, { timeout }, noop));
      judge(t, `exec ${timeout}`, () => t.cp.exec('x', { shell: MISSING, timeout }, noop));
      judge(t, `execSync ${timeout}`, () => t.cp.execSync('x', { shell: MISSING, timeout }));
      judge(t, `fork ${timeout}`, () => t.cp.fork('x', { execPath: MISSING, timeout }));
    }
  },

  'maxBuffer must be a non-negative number': async (t) => {
    for (const maxBuffer of [...VALUES, -0, Number.POSITIVE_INFINITY, -1e10]) {
      const label = named(maxBuffer);
      judge(t, `execFile ${label}`, () => t.cp.execFile(MISSING, { maxBuffer }, noop));
      judge(t, `exec ${label}`, () => t.cp.exec('x', { shell: MISSING, maxBuffer }, noop));
      judge(t, `spawnSync ${label}`, () => t.cp.spawnSync(MISSING, { maxBuffer }));
      judge(t, `spawn ${label}`, () => t.cp.spawn(MISSING, { maxBuffer }));
    }
  },

  'killSignal is a known name in any case, or a known number': async (t) => {
    const signals = [
      'SIGTERM',
      'sigterm',
      'SigKill',
      'SIGPOLL',
      'SIGIOT',
      'SIGRTMIN',
      'TERM',
      '15',
    ];
    const numbers = [1, 9, 31, 32, 34, 64, 65, 500, 2 ** 31, Number.POSITIVE_INFINITY];
    const inherited = ['toString', 'constructor', '__proto__', 'hasOwnProperty', 'valueOf'];
    const all = [...VALUES, ...signals, ...numbers, ...inherited];
    judgeOption(t, 'killSignal', all);
    for (const killSignal of all) {
      const label = named(killSignal);
      judge(t, `execFile ${label}`, () => t.cp.execFile(MISSING, { killSignal }, noop));
      judge(t, `fork ${label}`, () => t.cp.fork('x', { execPath: MISSING, killSignal }));
    }
  },

  'a killSignal on Object.prototype is none': async (t) => {
    Object.prototype.SIGMADEUP = 9;
    try {
      judge(t, 'SIGMADEUP', () => t.cp.spawn(MISSING, { killSignal: 'SIGMADEUP' }));
    } finally {
      delete Object.prototype.SIGMADEUP;
    }
  },

  'kill() judges its signal before it looks for the process': async (t) => {
    const child = t.cp.spawn('true');
    await t.closed(child);
    for (const signal of [...VALUES, 'SIGNONE', 'sighup', 34, 64, 999, '9', 'constructor']) {
      try {
        t.log(named(signal), child.kill(signal));
      } catch (error) {
        t.log(named(signal), error);
      }
    }
    t.log(child.killed);
  },

  'NUL bytes are refused in every text': async (t) => {
    const calls = {
      file: [`${MISSING}\0`],
      'first argument': [MISSING, ['a\0b']],
      'second argument': [MISSING, ['ok', 'a\0']],
      cwd: [MISSING, { cwd: '/tmp\0' }],
      'cwd as bytes': [MISSING, { cwd: Buffer.from('/tmp\0') }],
      argv0: [MISSING, { argv0: '\0' }],
      shell: [MISSING, { shell: '/bin/sh\0' }],
      'value of env': [MISSING, { env: { KEY: 'a\0b' } }],
      'key of env': [MISSING, { env: { 'KEY\0': 'a' } }],
      'key and value': [MISSING, { env: { 'KEY\0': '\0' } }],
      'key with a quote': [MISSING, { env: { "it's": '\0' } }],
      'inherited env': [MISSING, { env: Object.create({ KEY: '\0' }) }],
    };
    for (const [label, call] of Object.entries(calls)) {
      judge(t, `spawn ${label}`, () => t.cp.spawn(...call));
      judge(t, `spawnSync ${label}`, () => t.cp.spawnSync(...call));
      judge(t, `execFile ${label}`, () => t.cp.execFile(...call, noop));
      judge(t, `execFileSync ${label}`, () => t.cp.execFileSync(...call));
    }
    judge(t, 'exec', () => t.cp.exec('echo \0', noop));
    judge(t, 'execSync', () => t.cp.execSync('echo \0'));
    judge(t, 'exec shell', () => t.cp.exec('echo', { shell: '\0' }, noop));
    judge(t, 'module', () => t.cp.fork('module\0'));
    judge(t, 'fork args', () => t.cp.fork('module', ['a', '\0'], { execPath: MISSING }));
    judge(t, 'execPath', () => t.cp.fork('module', { execPath: '\0' }));
    judge(t, 'execArgv', () => t.cp.fork('module', { execPath: MISSING, execArgv: ['a', '\0'] }));
  },

  'a NUL byte in converted text ends it': async (t) => {
    const nul = { toString: () => 'p\0q' };
    const { stdout } = t.cp.spawnSync('echo', [nul, 'r'], { encoding: 'utf8' });
    t.log(stdout);
    const env = { KEY: nul, OTHER: 'r' };
    t.log(t.cp.spawnSync('/usr/bin/env', { env, encoding: 'utf8' }).stdout);
  },

  'of several mistakes spawn reports the first in its order': async (t) => {
    const mistakes = {
      cwd: 1,
      detached: 1,
      uid: 'x',
      gid: 'x',
      shell: 1,
      argv0: 1,
      windowsHide: 1,
      windowsVerbatimArguments: 1,
      env: { KEY: '\0' },
      timeout: -1,
      signal: 1,
      killSignal: 'SIGNONE',
      stdio: 'none',
      serialization: 'none',
      maxBuffer: -1,
    };
    judge(t, 'file type', () => t.cp.spawn(1, 1, 1));
    judge(t, 'file NUL', () => t.cp.spawn('\0', 1, 1));
    judge(t, 'file empty', () => t.cp.spawn('', 1, 1));
    judge(t, 'args type', () => t.cp.spawn(MISSING, 1, 1));
    judge(t, 'args NUL', () => t.cp.spawn(MISSING, ['\0'], 1));
    judge(t, 'options type', () => t.cp.spawn(MISSING, [], 1));
    const names = Object.keys(mistakes);
    for (const [index, name] of names.entries()) {
      const rest = Object.fromEntries(names.slice(index).map((key) => [key, mistakes[key]]));
      judge(t, `spawn ${name}`, () => t.cp.spawn(MISSING, [], rest));
      judge(t, `spawnSync ${name}`, () => t.cp.spawnSync(MISSING, [], rest));
      judge(t, `execFile ${name}`, () => t.cp.execFile(MISSING, [], rest, noop));
      judge(t, `execFileSync ${name}`, () => t.cp.execFileSync(MISSING, [], rest));
      judge(t, `fork ${name}`, () => t.cp.fork('module', { execPath: MISSING, ...rest }));
      const shell = { ...rest, shell: 'a\0' };
      judge(t, `spawn ${name} and shell`, () => t.cp.spawn(MISSING, [], shell));
    }
  },

  'of several mistakes execFile reports the first in its order': async (t) => {
    judge(t, 'options', () => t.cp.execFile(1, [], 1, 1));
    judge(t, 'callback', () => t.cp.execFile(1, [], { argv0: 1 }, 1));
    judge(t, 'argv0', () => t.cp.execFile(1, [], { argv0: 1, timeout: -1 }, noop));
    judge(t, 'argv0 NUL', () => t.cp.execFile(1, [], { argv0: '\0', timeout: -1 }, noop));
    judge(t, 'timeout', () => t.cp.execFile(1, { timeout: -1, maxBuffer: -1 }, noop));
    judge(t, 'maxBuffer', () => t.cp.execFile(1, { maxBuffer: -1, killSignal: 'x' }, noop));
    judge(t, 'killSignal', () => t.cp.execFile(1, { killSignal: 'x', cwd: 1 }, noop));
    judge(t, 'file', () => t.cp.execFile(1, { cwd: 1 }, noop));
    judge(t, 'exec command', () => t.cp.exec(1, { timeout: -1 }, 1));
    judge(t, 'exec callback', () => t.cp.exec('x', { timeout: -1 }, 1));
  },

  'of several mistakes fork reports the first in its order': async (t) => {
    const wrong = { execPath: '\0', execArgv: ['\0'], stdio: 'none', cwd: 1 };
    judge(t, 'module', () => t.cp.fork('\0', 1, 1));
    judge(t, 'args', () => t.cp.fork('x', 1, 1));
    judge(t, 'options', () => t.cp.fork('x', ['\0'], 1));
    judge(t, 'execPath', () => t.cp.fork('x', ['\0'], wrong));
    wrong.execPath = MISSING;
    judge(t, 'execArgv', () => t.cp.fork('x', ['\0'], wrong));
    wrong.execArgv = [];
    judge(t, 'stdio', () => t.cp.fork('x', ['\0'], wrong));
    wrong.stdio = ['pipe'];
    judge(t, 'stdio without ipc', () => t.cp.fork('x', ['\0'], wrong));
    wrong.stdio = ['ipc'];
    judge(t, 'NUL in args', () => t.cp.fork('x', ['\0'], wrong));
    judge(t, 'cwd', () => t.cp.fork('x', [], wrong));
  },

  'elements of stdio': async (t) => {
    const elements = [...VALUES, 'pipe', 'ignore', 'inherit', { fd: 'x' }];
    // A missing descriptor is the business of the system call.
    for (const element of elements.filter((value) => value !== 3.1 && !Number.isNaN(value))) {
      const label = named(element);
      judge(t, `spawn ${label}`, () => t.cp.spawn(MISSING, { stdio: ['pipe', element] }));
      judge(t, `spawnSync ${label}`, () => t.cp.spawnSync(MISSING, { stdio: ['pipe', element] }));
      judge(t, `fourth ${label}`, () => t.cp.spawn(MISSING, { stdio: [0, 1, 2, element] }));
    }
  },

  'a channel in stdio': async (t) => {
    judge(t, 'one', () => t.cp.spawn(MISSING, { stdio: ['ipc'] }));
    judge(t, 'two', () => t.cp.spawn(MISSING, { stdio: ['ipc', 'ipc'] }));
    judge(t, 'sync', () => t.cp.spawnSync(MISSING, { stdio: ['pipe', 'ipc'] }));
    judge(t, 'execSync', () => t.cp.execSync('true', { stdio: ['pipe', 'pipe', 'ipc'] }));
    judge(t, 'fork without', () => t.cp.fork('x', { stdio: ['pipe', 'pipe', 'pipe'] }));
    judge(t, 'fork empty', () => t.cp.fork('x', { stdio: [] }));
    judge(t, 'fork two', () => t.cp.fork('x', { execPath: MISSING, stdio: ['ipc', 'ipc'] }));
    judge(t, 'fork string', () => t.cp.fork('x', { stdio: 'ipc' }));
  },

  'refused stdio leaves no descriptor behind': async (t) => {
    const before = countFds();
    for (const stdio of [
      ['pipe', 'pipe', 'none'],
      ['pipe', 'pipe', 'pipe', 'ipc', 'ipc'],
      ['pipe', 'pipe', {}],
      ['pipe', Buffer.from('x')],
    ]) {
      judge(t, 'spawn', () => t.cp.spawn('true', { stdio }));
      judge(t, 'spawnSync', () => t.cp.spawnSync('true', { stdio }));
      judge(t, 'fork', () => t.cp.fork('true', { stdio }));
    }
    t.log(await until(() => countFds() <= before));
  },

  'the input of spawnSync must be text or bytes': async (t) => {
    const inputs = [5, true, {}, [], noop, Symbol('x'), new ArrayBuffer(2)];
    for (const input of inputs) {
      judge(t, named(input), () => t.cp.spawnSync('cat', { input }));
      judge(t, `execSync ${named(input)}`, () => t.cp.execSync('cat', { input }));
    }
    for (const input of ['text', Buffer.from('b'), new Uint16Array([65]), null, undefined, '']) {
      t.log(named(input), t.cp.spawnSync('cat', { input, encoding: 'latin1' }).stdout);
    }
    const view = new DataView(new Uint8Array([65, 66, 67, 68]).buffer, 1, 2);
    t.log(t.cp.spawnSync('cat', { input: view, encoding: 'latin1' }).stdout);
  },

  'a bare ChildProcess checks what it is told to spawn': async (t) => {
    const bare = (options) => {
      const child = new t.cp.ChildProcess();
      child.on('error', noop);
      child.spawn(options);
    };
    for (const value of VALUES.filter((item) => item === null || typeof item !== 'object')) {
      judge(t, `options ${named(value)}`, () => bare(value));
    }
    judge(t, 'options array', () => bare([]));
    for (const value of VALUES) {
      const label = named(value);
      judge(t, `file ${label}`, () => bare({ file: value, args: 1, envPairs: 1, stdio: 'none' }));
      if (typeof value !== 'string') judge(t, `file ${label}`, () => bare({ file: value }));
      if (!Array.isArray(value)) {
        judge(t, `args ${label}`, () => bare({ file: MISSING, args: value ?? 5 }));
        const stdio = ['ipc'];
        judge(t, `envPairs ${label}`, () => bare({ file: 1, envPairs: value ?? 5, stdio }));
      }
      judge(t, `serialization ${label}`, () => bare({ file: 1, serialization: value ?? 5 }));
    }
  },

  'a bare ChildProcess takes strings up to their first NUL, and for a directory nothing else':
    async (t) => {
      // What a search of the rest would find.
      fs.writeFileSync(path.join(t.tmp, 'rest'), '#!/bin/sh\necho rest', { mode: 0o755 });
      const before = process.cwd();
      process.chdir(t.tmp);
      const run = async (label, options) => {
        const child = new t.cp.ChildProcess();
        child.on('error', (error) => t.log(label, error));
        child.spawn(options);
        const text = t.text(child.stdout);
        t.log(label, await t.closed(child), (await text).replaceAll(fs.realpathSync('.'), 'HERE'));
      };
      for (const file of ['/bin/echo\0rest', 'echo\0rest', '/bin/no\0rest', 'no\0rest', '\0rest']) {
        await run(`file ${named(file)}`, { file, args: ['x', 'y'] });
      }
      const directories = ['/\0bin', '/nonexistent\0/..', '\0/bin', ...VALUES];
      for (const cwd of directories.filter((value) => typeof value !== 'symbol')) {
        await run(`cwd ${named(cwd)}`, { file: '/bin/pwd', args: ['pwd'], cwd });
      }
      await run('args', { file: 'echo', args: ['x', 'a\0b', '\0', 'c'] });
      await run('envPairs', {
        file: 'env',
        args: ['env'],
        envPairs: ['PATH=/bin\0x', 'A\0=1', '\0'],
      });
      const envPairs = [`PATH=/nonexistent\0:${t.tmp}`];
      await run('PATH', { file: 'rest', args: ['rest'], envPairs });
      process.chdir(before);
    },

  'Object.prototype is no place for options': async (t) => {
    const polluted = {
      cwd: '/nonexistent',
      argv0: 'polluted',
      shell: MISSING,
      uid: 12345,
      gid: 12345,
      detached: 'no',
      timeout: -1,
      killSignal: 'no',
      signal: 'no',
      windowsHide: 'no',
      execPath: MISSING,
      env: { A: 'polluted' },
    };
    for (const [name, value] of Object.entries(polluted)) {
      Object.prototype[name] = value;
      try {
        for (const options of [undefined, {}]) {
          judge(t, `${name} spawnSync`, () => {
            const { status, stdout } = t.cp.spawnSync('echo', ['x'], options);
            t.log(status, stdout);
          });
        }
        const child = t.cp.spawn('true', [], {});
        t.log(name, child.spawnargs, await t.closed(child));
      } catch (error) {
        t.log(name, error);
      } finally {
        delete Object.prototype[name];
      }
    }
  },

  'a polluted execPath or execArgv does not change what fork runs': async (t) => {
    for (const [name, value] of [
      ['execPath', MISSING],
      ['execArgv', ['--no-warnings']],
      ['silent', true],
    ]) {
      Object.prototype[name] = value;
      let child;
      try {
        child = t.cp.fork(t.fixture('exit-quietly.js'), [], {});
      } finally {
        delete Object.prototype[name];
      }
      t.log(name, child.spawnfile === t.node, child.spawnargs.length, child.stdout === null);
      t.log(await t.closed(child));
    }
  },

  'the options of the caller are not modified': async (t) => {
    const options = { env: { A: '1' }, shell: true, stdio: ['pipe', 'pipe', 'pipe'], cwd: '/' };
    const args = ['a'];
    const before = JSON.stringify([args, options]);
    const child = t.cp.spawn('true', args, options);
    t.log(JSON.stringify([args, options]) === before);
    await t.closed(child);
    t.cp.spawnSync('true', args, options);
    t.log(JSON.stringify([args, options]) === before);
    await new Promise((resolve) => t.cp.execFile('true', args, options, resolve));
    t.log(JSON.stringify([args, options]) === before);
    t.cp.execSync('true', options);
    t.log(JSON.stringify([args, options]) === before);
  },

  'frozen options are good enough': async (t) => {
    const options = Object.freeze({ env: Object.freeze({ PATH: '/bin' }), cwd: '/' });
    const args = Object.freeze(['a']);
    t.log(t.cp.spawnSync('echo', args, options).stdout, t.cp.execFileSync('echo', args, options));
    t.log(await t.closed(t.cp.spawn('echo', args, options)));
    const execArgv = Object.freeze([]);
    const fork = Object.freeze({ execArgv });
    t.log(await t.closed(t.cp.fork(t.fixture('exit-quietly.js'), args, fork)));
  },

  'a short stdio array is padded in place': async (t) => {
    for (const stdio of [[], ['ignore'], ['ignore', 'ignore'], ['pipe', undefined, 'pipe']]) {
      const child = t.cp.spawn('true', { stdio });
      t.log(stdio.length, stdio);
      await t.closed(child);
    }
    const sync = ['ignore'];
    t.cp.spawnSync('true', { stdio: sync });
    t.log(sync);
    const fork = ['ipc'];
    await t.closed(t.cp.fork(t.fixture('exit-quietly.js'), { stdio: fork }));
    t.log(fork);
  },

  'inherited and accessor options are read as Node reads them': async (t) => {
    class Options {
      get argv0() {
        return 'inherited';
      }
    }
    const inherited = t.cp.spawn(MISSING, new Options());
    inherited.on('error', noop);
    t.log(inherited.spawnargs);
    const own = t.cp.spawn(MISSING, {
      get argv0() {
        return 'accessor';
      },
    });
    own.on('error', noop);
    t.log(own.spawnargs);
  },

  'errors of validation look like those of Node': async (t) => {
    try {
      t.cp.spawn(5);
    } catch (error) {
      t.log(error instanceof TypeError, error.constructor === TypeError, String(error));
      t.log(error.stack.split('\n')[0], Object.keys(error), JSON.stringify(error));
      t.log(Object.hasOwn(error, 'name'), Object.hasOwn(error, 'message'), 'cause' in error);
    }
    try {
      t.cp.spawn('true', { timeout: -1 });
    } catch (error) {
      t.log(error instanceof RangeError, error.constructor === RangeError, String(error));
    }
    try {
      t.cp.fork('x', { stdio: [] });
    } catch (error) {
      t.log(error.constructor === Error, String(error), error.stack.split('\n')[0]);
    }
  },

  'abort signals that are aborted already are accepted': async (t) => {
    judge(t, 'aborted', () => t.cp.spawn(MISSING, { signal: AbortSignal.abort() }));
    const child = t.cp.spawn('sleep', ['60'], { signal: AbortSignal.abort('why') });
    child.on('error', (error) => t.log('error', error));
    t.log(await t.exited(child));
  },

  'execFile leaves it to spawn to refuse what is no list of arguments': async (t) => {
    for (const value of ['text', 5, true, 1n, Symbol('mark')]) {
      for (const [options, callback] of [
        [{}, noop],
        [{ argv0: 5 }, noop],
        ['text', noop],
        [{}, {}],
        [{ maxBuffer: 'text' }, noop],
        [{ timeout: -1 }, noop],
        [{ cwd: 5 }, noop],
      ]) {
        const label = `${named(value)} ${named(callback)}`;
        judge(t, label, () => t.cp.execFile(MISSING, value, options, callback));
        judge(t, `no file, ${label}`, () => t.cp.execFile(5, value, options, callback));
        judge(t, `sync, ${label}`, () => t.cp.execFileSync(MISSING, value, options));
      }
    }
  },
};
