'use strict';
// What a child starts with: variables, PATH and how its program is found, working directory,
// session, signals, ids, descriptors, argv, the shell; and the permission model.

const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { runScript } = require('../../helpers/own-process.js');

const NOBODY = 65534;
const isRoot = process.getuid() === 0;
const noop = () => {};

/** Output of a child as text, or its error. */
function run(t, file, args, options) {
  const { stdout, error, status, signal } = t.cp.spawnSync(file, args, {
    encoding: 'utf8',
    ...options,
  });
  if (error) return { code: error.code, syscall: error.syscall, path: error.path };
  return status === 0 ? stdout : { stdout, status, signal };
}

/** The same through spawn. */
async function runAsync(t, file, args, options) {
  const child = t.cp.spawn(file, args, options);
  let failure;
  child.on('error', ({ code, syscall, path: culprit }) => {
    failure = { code, syscall, path: culprit };
  });
  const closed = t.closed(child);
  const stdout = await t.text(child.stdout);
  const [status, signal] = await closed;
  if (failure) return failure;
  return status === 0 ? stdout : { stdout, status, signal };
}

/** Logs what both say. */
async function both(t, label, file, args, options) {
  t.log(label, await runAsync(t, file, args, options));
  t.log(`sync ${label}`, run(t, file, args, options));
}

const variables = (t, env) => run(t, '/usr/bin/env', [], { env });

/** An executable file with the given text. */
function program(directory, name, text, mode = 0o755) {
  const file = path.join(directory, name);
  fs.mkdirSync(directory, { recursive: true });
  fs.writeFileSync(file, text);
  fs.chmodSync(file, mode);
  return file;
}

/** Sets variables of this process for the time of `fn`. */
async function withVariables(values, fn) {
  const before = {};
  for (const name of Object.keys(values)) before[name] = process.env[name];
  try {
    Object.assign(process.env, values);
    return await fn();
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** The fields of /proc/PID/status that begin with one of the names. */
function statusFields(text, ...names) {
  return text.split('\n').filter((line) => names.some((name) => line.startsWith(`${name}:`)));
}

/** Flags that turn the permission model on; an addon could not be loaded without the last. */
function permissionFlags(t) {
  const model = t.major >= 22 ? '--permission' : '--experimental-permission';
  return [model, '--allow-fs-read=*', '--allow-addons'];
}

module.exports = {
  'the variables of a child are those of options.env and no others': async (t) => {
    await both(t, 'two', '/usr/bin/env', [], { env: { A: '1', B: 'two words' } });
    await both(t, 'none', '/usr/bin/env', [], { env: {} });
  },

  'values are made into text, and undefined ones are dropped': async (t) => {
    t.log(variables(t, { A: undefined, B: null, C: 0, D: '', E: false, F: [1, 2], G: {}, H: 5n }));
    t.attempt('symbol', () => variables(t, { A: Symbol('x') }));
    t.attempt('getter', () =>
      variables(t, {
        get A() {
          throw new Error('from the getter');
        },
      }),
    );
  },

  'inherited variables count': async (t) => {
    const env = Object.create({ INHERITED: '1', SHADOWED: 'lower' });
    env.OWN = '2';
    env.SHADOWED = 'upper';
    Object.defineProperty(env, 'HIDDEN', { value: 'x', enumerable: false });
    env[Symbol('mark')] = 'x';
    t.log(variables(t, env));
    class Environment {
      own = 'field';
      get accessor() {
        return 'not enumerable';
      }
    }
    t.log(variables(t, new Environment()));
  },

  'names that differ in case stay apart': async (t) => {
    t.log(variables(t, { name: '1', NAME: '2', Name: '3' }));
  },

  'odd names are passed on': async (t) => {
    t.log(
      variables(t, { 'A=B': '1', '': '2', 'with blank': '3', 10: '4', '\u00fcmlaut': '\u{1f600}' }),
    );
  },

  'the order is that of the object': async (t) => {
    t.log(variables(t, { z: '1', b: '2', a: '3', 2: '4', 1: '5' }));
  },

  'anything that is truthy is taken for an environment': async (t) => {
    for (const env of ['ab', ['x', 'y'], 1, true, noop, new Map([['a', 1]])]) {
      t.log(variables(t, env));
    }
  },

  'without options.env a child gets process.env': async (t) => {
    const env = { ...process.env, SPROG_CASE: 'set' };
    const expected = Object.keys(env).length;
    await withVariables({ SPROG_CASE: 'set' }, async () => {
      for (const options of [{}, { env: undefined }, { env: null }, { env: '' }, { env: 0 }]) {
        const script = [t.fixture('print-environment.js')];
        const seen = JSON.parse(run(t, t.node, script, options));
        t.log(seen.SPROG_CASE, Object.keys(seen).length === expected, seen.PATH === env.PATH);
      }
      const passed = JSON.parse(
        run(t, t.node, [t.fixture('print-environment.js')], { env: process.env }),
      );
      t.log(passed.SPROG_CASE, Object.keys(passed).length === expected);
    });
  },

  'changes of process.env are seen by the next child': async (t) => {
    for (const value of ['one', 'two', '']) {
      await withVariables({ SPROG_CASE: value }, async () => {
        await both(t, 'value', 'sh', ['-c', 'echo "$SPROG_CASE"']);
      });
    }
    await both(t, 'deleted', 'sh', ['-c', `echo "\${SPROG_CASE-unset}"`]);
  },

  'a process.env that was replaced is the one that counts': async (t) => {
    const { env } = process;
    try {
      process.env = { REPLACED: '1' };
      t.log(run(t, '/usr/bin/env', []));
      process.env = Object.create({ INHERITED: '1' }, { OWN: { value: '2', enumerable: true } });
      t.log(run(t, '/usr/bin/env', []));
    } finally {
      process.env = env;
    }
  },

  'what is on Object.prototype is inherited too': async (t) => {
    Object.prototype.POLLUTED = '1';
    try {
      t.log(variables(t, { A: '1' }));
      t.log(run(t, '/usr/bin/env', []).includes('POLLUTED=1'));
    } finally {
      delete Object.prototype.POLLUTED;
    }
  },

  'coverage is handed down into an environment that lacks it': async (t) => {
    const directory = path.join(t.tmp, 'coverage');
    const shown = (text) => text.replaceAll(directory, 'DIRECTORY');
    await withVariables({ NODE_V8_COVERAGE: directory }, async () => {
      const own = { A: '1' };
      t.log(shown(variables(t, own)), shown(JSON.stringify(own)));
      t.log(variables(t, { A: '1', NODE_V8_COVERAGE: 'kept' }));
      t.log(variables(t, { A: '1', NODE_V8_COVERAGE: undefined }));
      t.log(variables(t, { A: '1', NODE_V8_COVERAGE: '' }));
      t.log(shown(variables(t, Object.create({ NODE_V8_COVERAGE: 'inherited' }))));
      t.log(shown(variables(t, Object.create(null))));
      t.attempt('frozen', () => variables(t, Object.freeze({ A: '1' })));
      t.attempt('text', () => variables(t, 'ab'));
      const child = t.cp.spawn('true', { env: own });
      await t.closed(child);
    });
    await withVariables({ NODE_V8_COVERAGE: '' }, async () => t.log(variables(t, { A: '1' })));
  },

  'every function passes its environment': async (t) => {
    const env = { A: 'x', PATH: process.env.PATH };
    t.log(t.cp.execSync('echo $A', { env }), t.cp.execFileSync('sh', ['-c', 'echo $A'], { env }));
    for (const start of [
      (done) => t.cp.exec('echo $A', { env }, done),
      (done) => t.cp.execFile('sh', ['-c', 'echo $A'], { env }, done),
    ]) {
      t.log(await new Promise((resolve) => start((...result) => resolve(result))));
    }
    const options = { env: { A: 'x' }, silent: true };
    const child = t.cp.fork(t.fixture('print-environment.js'), options);
    const text = t.text(child.stdout);
    await t.closed(child);
    t.log(JSON.parse(await text).A);
  },

  'a program is looked up with the PATH of the child': async (t) => {
    const directory = path.join(t.tmp, 'bin');
    program(directory, 'only-here', '#!/bin/sh\necho found\n');
    await both(t, 'found', 'only-here', [], { env: { PATH: directory } });
    await both(t, 'parent alone', 'only-here', []);
    await withVariables({ PATH: `${directory}:${process.env.PATH}` }, async () => {
      await both(t, 'parent', 'only-here', []);
      await both(t, 'child without', 'only-here', [], { env: { PATH: '/bin' } });
      await both(t, 'child with no PATH', 'only-here', [], { env: { A: '1' } });
    });
    await both(t, 'nowhere', 'true', [], { env: { PATH: '/nonexistent' } });
    await both(t, 'empty', 'true', [], { env: { PATH: '' } });
    await both(t, 'inherited', 'only-here', [], { env: Object.create({ PATH: directory }) });
    await both(t, 'twice', 'only-here', [], {
      env: { PATH: `/nonexistent:/etc/passwd:${directory}` },
    });
  },

  'without a PATH the default of the C library is used': async (t) => {
    await both(t, 'echo', 'echo', ['x'], { env: {} });
    await both(t, 'undefined', 'echo', ['x'], { env: { PATH: undefined } });
    await both(t, 'missing', 'no-such-program', [], { env: {} });
  },

  'an empty element of PATH is the working directory': async (t) => {
    program(t.tmp, 'here', '#!/bin/sh\necho here\n');
    const cwd = t.tmp;
    await both(t, 'first', 'here', [], { cwd, env: { PATH: ':/bin' } });
    await both(t, 'middle', 'here', [], { cwd, env: { PATH: '/nonexistent::/bin' } });
    await both(t, 'last', 'here', [], { cwd, env: { PATH: '/bin:' } });
    await both(t, 'no empty one', 'here', [], { cwd, env: { PATH: '/bin' } });
    await both(t, 'dot', 'here', [], { cwd, env: { PATH: '.' } });
  },

  'relative elements of PATH start at the working directory of the child': async (t) => {
    program(path.join(t.tmp, 'sub'), 'below', '#!/bin/sh\necho below\n');
    await both(t, 'with cwd', 'below', [], { cwd: t.tmp, env: { PATH: 'sub' } });
    await both(t, 'without', 'below', [], { env: { PATH: 'sub' } });
  },

  'the search goes on past what cannot be run': async (t) => {
    const [first, second] = ['first', 'second'].map((name) => path.join(t.tmp, name));
    program(first, 'tool', 'no permission', 0o644);
    program(second, 'tool', '#!/bin/sh\necho second\n');
    fs.mkdirSync(path.join(t.tmp, 'third', 'tool'), { recursive: true });
    const third = path.join(t.tmp, 'third');
    await both(t, 'past a plain file', 'tool', [], { env: { PATH: `${first}:${second}` } });
    await both(t, 'past a directory', 'tool', [], { env: { PATH: `${third}:${second}` } });
    await both(t, 'only a plain file', 'tool', [], { env: { PATH: first } });
    await both(t, 'plain, then nothing', 'tool', [], { env: { PATH: `${first}:/nonexistent` } });
    await both(t, 'only a directory', 'tool', [], { env: { PATH: third } });
  },

  'a name with a slash is not searched for': async (t) => {
    program(path.join(t.tmp, 'sub'), 'tool', '#!/bin/sh\necho "$0"\n');
    const env = { PATH: path.join(t.tmp, 'sub') };
    const outcome = await runAsync(t, './tool', [], { env, cwd: t.tmp });
    t.log(outcome);
    await both(t, 'relative to cwd', 'sub/tool', [], { env, cwd: t.tmp });
    await both(t, 'relative to cwd', './tool', [], { env, cwd: path.join(t.tmp, 'sub') });
  },

  'a file without #! is run by /bin/sh': async (t) => {
    const directory = path.join(t.tmp, 'bin');
    const file = program(directory, 'script', 'echo "script with $# arguments: $1 $2"\n');
    const hide = (value) =>
      typeof value === 'string'
        ? value.replaceAll(t.tmp, 'TMP')
        : JSON.stringify(value).replaceAll(t.tmp, 'TMP');
    t.log(hide(await runAsync(t, file, ['a', 'b c'])), hide(run(t, file, ['a', 'b c'])));
    await both(t, 'on PATH', 'script', ['x'], { env: { PATH: directory } });
    program(directory, 'shown', 'echo "$0"\n');
    t.log(hide(await runAsync(t, 'shown', [], { env: { PATH: directory } })));
    t.log(hide(await runAsync(t, './shown', [], { cwd: directory })));
    t.log(hide(await runAsync(t, './shown', [], { cwd: directory, argv0: 'other' })));
    const empty = program(directory, 'empty', '');
    t.log(hide(await runAsync(t, empty, [])), hide(run(t, empty, [])));
    const code = program(directory, 'coded', 'exit 9\n');
    t.log(hide(await runAsync(t, code, [])), hide(run(t, code, [])));
  },

  'a file with #! names its interpreter': async (t) => {
    const hide = (value) => JSON.stringify(value).replaceAll(t.tmp, 'TMP');
    const cat = program(t.tmp, 'cat', '#!/bin/cat\nthe text\n');
    t.log(hide(await runAsync(t, cat, [])), hide(run(t, cat, [])));
    const argument = program(t.tmp, 'argument', '#!/bin/echo one two\n');
    t.log(hide(await runAsync(t, argument, ['three'])));
    const missing = program(t.tmp, 'missing', '#!/nonexistent/interpreter\n');
    t.log(hide(await runAsync(t, missing, [])), hide(run(t, missing, [])));
  },

  // Bytes are accepted, but only the sync functions heed them.
  'cwd may be a string, bytes or a file: URL': async (t) => {
    const real = fs.realpathSync(t.tmp);
    for (const cwd of [
      t.tmp,
      Buffer.from(t.tmp),
      pathToFileURL(t.tmp),
      `${t.tmp}/`,
      `${t.tmp}/.`,
    ]) {
      const child = t.cp.spawn('pwd', ['-P'], { cwd });
      const text = await t.text(child.stdout);
      t.log(text.trim() === real, run(t, 'pwd', ['-P'], { cwd }).trim() === real);
    }
    t.log(run(t, 'pwd', [], { cwd: '/' }), run(t, 'pwd', [], { cwd: new URL('file:///') }));
  },

  'an empty or missing cwd is that of the parent, but spawnSync cannot enter an empty one': async (
    t,
  ) => {
    const here = fs.realpathSync('.');
    const shown = (outcome) => (typeof outcome === 'string' ? outcome.trim() === here : outcome);
    for (const cwd of ['', Buffer.alloc(0), null, undefined]) {
      t.log(
        shown(await runAsync(t, 'pwd', ['-P'], { cwd })),
        shown(run(t, 'pwd', ['-P'], { cwd })),
      );
    }
  },

  'a relative cwd starts at that of the parent': async (t) => {
    const child = t.cp.spawn('pwd', ['-P'], { cwd: '..' });
    t.log((await t.text(child.stdout)).trim() === fs.realpathSync('..'));
  },

  'cwd does not change PWD': async (t) => {
    await both(t, 'PWD', '/usr/bin/env', [], { cwd: '/', env: { PWD: '/somewhere' } });
  },

  'a cwd that cannot be entered looks like a missing program': async (t) => {
    await both(t, 'missing', 'true', [], { cwd: '/nonexistent' });
    const child = t.cp.spawn('true', ['a'], { cwd: '/nonexistent' });
    child.on('error', (error) => t.log('error', error));
    t.log(await t.closed(child));
  },

  'cwd of exec, execFile and fork': async (t) => {
    t.log(t.cp.execSync('pwd', { cwd: '/' }), t.cp.execFileSync('pwd', { cwd: '/' }));
    t.log(await new Promise((resolve) => t.cp.exec('pwd', { cwd: '/' }, (...r) => resolve(r))));
    t.log(await new Promise((resolve) => t.cp.execFile('pwd', { cwd: '/' }, (...r) => resolve(r))));
    program(t.tmp, 'where.js', 'console.log(process.cwd() === __dirname);\n');
    const child = t.cp.fork('./where.js', { cwd: fs.realpathSync(t.tmp), silent: true });
    t.log(await t.text(child.stdout));
  },

  'a detached child leads a session and a group of its own': async (t) => {
    for (const detached of [true, false, undefined]) {
      const child = t.cp.spawn('cat', ['/proc/self/stat'], { detached });
      const stat = await t.text(child.stdout);
      const [, , group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      t.log(detached, Number(group) === child.pid, Number(session) === child.pid);
    }
    const { stdout, pid } = t.cp.spawnSync('cat', ['/proc/self/stat'], {
      detached: true,
      encoding: 'utf8',
    });
    const [, , group, session] = stdout.slice(stdout.lastIndexOf(')') + 2).split(' ');
    t.log('sync', Number(group) === pid, Number(session) === pid);
  },

  'execFile does not pass detached, stdio and argv0 on': async (t) => {
    const options = { detached: true, stdio: 'ignore', argv0: 'other' };
    const seen = {};
    const child = t.cp.execFile('cat', ['/proc/self/stat'], options, (error, stdout) => {
      const [, , group] = stdout.slice(stdout.lastIndexOf(')') + 2).split(' ');
      Object.assign(seen, { error, detached: Number(group) === child.pid });
    });
    t.log(child.spawnargs, child.stdout !== null);
    await t.closed(child);
    t.log(seen);
    const exec = t.cp.exec('true', options, noop);
    t.log(exec.spawnargs, exec.stdin !== null);
    await t.closed(exec);
  },

  'a child starts with default signals and an empty mask': async (t) => {
    // SigCgt belongs to the program, the other two come from the parent.
    for (const stdio of ['pipe', ['ignore', 'pipe', 'inherit']]) {
      const text = await runAsync(t, 'cat', ['/proc/self/status'], { stdio });
      t.log(statusFields(text, 'SigBlk', 'SigIgn', 'SigPnd', 'ShdPnd'));
    }
    const text = run(t, 'cat', ['/proc/self/status']);
    t.log('sync', statusFields(text, 'SigBlk', 'SigIgn', 'SigPnd', 'ShdPnd'));
  },

  'signals that the parent ignores or handles are default in the child': async (t) => {
    const handler = noop;
    process.on('SIGUSR2', handler);
    process.on('SIGHUP', handler);
    try {
      const text = await runAsync(t, 'cat', ['/proc/self/status']);
      t.log(statusFields(text, 'SigBlk', 'SigIgn', 'SigCgt'));
    } finally {
      process.removeListener('SIGUSR2', handler);
      process.removeListener('SIGHUP', handler);
    }
    // A shell that ignores signals starts a Node that starts a child.
    const inner = `require('node:child_process').spawn('cat', ['/proc/self/status'], { stdio: 'inherit' })`;
    const script = inner.replace('node:child_process', t.modulePath);
    const trapped = `trap '' HUP USR1 PIPE XFSZ INT; exec "$0" -e "$1"`;
    const text = await runAsync(t, 'sh', ['-c', trapped, t.node, script]);
    t.log('ignored before', statusFields(text, 'SigBlk', 'SigIgn'));
    // Real-time signals are left alone.
    const ignoring = ['--ignore-signal=35', '--ignore-signal=64', '--ignore-signal=HUP'];
    const realTime = await runAsync(t, 'env', [...ignoring, t.node, '-e', script]);
    t.log('real-time', statusFields(realTime, 'SigBlk', 'SigIgn'));
  },

  'a child that writes to a closed pipe dies of SIGPIPE': async (t) => {
    const child = t.cp.spawn('sh', ['-c', 'while :; do echo x; done']);
    child.stdout.once('data', () => child.stdout.destroy());
    t.log(await t.exited(child));
  },

  'uid and gid are set, and other groups dropped': async (t) => {
    if (!isRoot) return t.log('not root');
    const fields = ['Uid', 'Gid', 'Groups'];
    const cases = [
      { uid: NOBODY, gid: NOBODY },
      { gid: NOBODY },
      { uid: NOBODY },
      { uid: 0, gid: 0 },
    ];
    for (const ids of cases) {
      const text = await runAsync(t, 'cat', ['/proc/self/status'], ids);
      t.log(ids, statusFields(text, ...fields));
      t.log('sync', statusFields(run(t, 'cat', ['/proc/self/status'], ids), ...fields));
    }
    const nullish = await runAsync(t, 'id', ['-u'], { uid: null, gid: undefined });
    t.log(nullish);
  },

  'uid and gid of exec, execFile and fork': async (t) => {
    if (!isRoot) return t.log('not root');
    const ids = { uid: NOBODY, gid: NOBODY, cwd: '/' };
    const command = 'id -u; id -g; id -G';
    t.log(await new Promise((resolve) => t.cp.exec(command, ids, (...r) => resolve(r))));
    t.log(await new Promise((resolve) => t.cp.execFile('id', ['-u'], ids, (...r) => resolve(r))));
    t.log(t.cp.execSync(command, ids));
  },

  'after a child with another uid this process can still be traced': async (t) => {
    if (!isRoot) return t.log('not root');
    const owner = () => fs.statSync(`/proc/${process.pid}/fd`).uid === process.getuid();
    const before = owner();
    await t.closed(t.cp.spawn('true', { uid: NOBODY, gid: NOBODY }));
    t.log(before, owner());
  },

  'a child has no descriptors but its own': async (t) => {
    const file = fs.openSync(__filename);
    const fds = (text) => text.trim().split('\n').sort();
    try {
      const options = { stdio: ['pipe', 'pipe', 'pipe', file] };
      t.log(fds(await runAsync(t, 'ls', ['/proc/self/fd'])));
      t.log(fds(await runAsync(t, 'ls', ['/proc/self/fd'], options)));
      t.log('sync', fds(run(t, 'ls', ['/proc/self/fd'])));
      t.log('exec', fds(t.cp.execSync('ls /proc/self/fd', { encoding: 'utf8' })));
    } finally {
      fs.closeSync(file);
    }
  },

  'a child has no descriptors of its siblings': async (t) => {
    const siblings = Array.from({ length: 5 }, () => t.cp.spawn('cat'));
    const text = await runAsync(t, 'ls', ['/proc/self/fd']);
    t.log(text.trim().split('\n').sort());
    for (const child of siblings) child.stdin.end();
    await Promise.all(siblings.map(t.closed));
  },

  'the descriptors 0-2 block, and are not shared with the parent': async (t) => {
    const script = 'for i in 0 1 2; do grep flags: /proc/self/fdinfo/$i; done';
    await both(t, 'pipes', 'sh', ['-c', script]);
    const kinds = 'for i in 0 1 2; do readlink /proc/self/fd/$i; done';
    const text = await runAsync(t, 'sh', ['-c', kinds]);
    t.log(text.replace(/\d+/g, 'N'));
  },

  'limits, umask and priority are those of the parent': async (t) => {
    const text = await runAsync(t, 'sh', ['-c', 'umask; ulimit -n; nice']);
    t.log(text === run(t, 'sh', ['-c', 'umask; ulimit -n; nice']));
    const before = process.umask(0o027);
    try {
      await both(t, 'umask', 'sh', ['-c', 'umask']);
    } finally {
      process.umask(before);
    }
  },

  'argv0 is the first element of argv and nothing else': async (t) => {
    const calls = [
      ['cat', ['/proc/self/cmdline'], { argv0: 'other' }],
      ['cat', ['/proc/self/cmdline'], { argv0: '' }],
      ['cat', ['/proc/self/cmdline'], {}],
      ['/bin/cat', ['/proc/self/cmdline'], {}],
    ];
    for (const [file, args, options] of calls) {
      await both(t, `${options.argv0}`, file, args, options);
    }
  },

  'a Node child sees argv0 as process.argv0': async (t) => {
    const text = run(t, t.node, [t.fixture('print-arguments.js'), 'a', ''], { argv0: 'other' });
    t.log(text);
    const child = t.cp.fork(t.fixture('print-arguments.js'), ['b'], {
      argv0: 'other',
      silent: true,
    });
    t.log(await t.text(child.stdout));
  },

  'execFileSync uses argv0': async (t) => {
    t.log(t.cp.execFileSync('cat', ['/proc/self/cmdline'], { argv0: 'other' }));
    try {
      t.cp.execFileSync('sh', ['-c', 'exit 3'], { argv0: 'other', stdio: 'pipe' });
    } catch ({ message, status }) {
      t.log(message, status);
    }
  },

  'arguments arrive as they are': async (t) => {
    const args = [
      '',
      ' ',
      'a b',
      '"',
      "'",
      '\\',
      '$HOME',
      '*',
      '\n',
      '\u00fc',
      '\u{1f600}',
      '--',
      '-n',
    ];
    const script = 'for a in "$@"; do printf "[%s]" "$a"; done';
    await both(t, 'text', 'sh', ['-c', script, 'sh', ...args]);
    const long = 'x'.repeat(100_000);
    t.log((await runAsync(t, 'printf', ['%s', long])) === long);
    const many = Array.from({ length: 5_000 }, (_, index) => String(index));
    t.log((await runAsync(t, 'echo', many)).trim() === many.join(' '));
  },

  'arguments that are no strings are made into text': async (t) => {
    const script = 'for a in "$@"; do printf "[%s]" "$a"; done';
    const args = [1, null, undefined, true, -0, 1.5, 10n, [1, [2]], {}, new Date(0).getTime()];
    await both(t, 'text', 'sh', ['-c', script, 'sh', ...args]);
    t.attempt('symbol', () => t.cp.spawnSync('true', [Symbol('x')]));
  },

  'a lone surrogate becomes the replacement character': async (t) => {
    t.log(Buffer.from(run(t, 'printf', ['%s', '\ud800x'])).toString('hex'));
    t.log(Buffer.from(variables(t, { A: '\udc00' })).toString('hex'));
  },

  'a shell gets file and arguments joined by blanks': async (t) => {
    const calls = [
      ['echo "a  b"', []],
      ['echo', ['a  b', '$((1+1))', '"q q"', "'$HOME'", ';', 'echo', 'second']],
      ['echo', [null, undefined, 1, [2, 3]]],
      ['exit 5', []],
      ['no-such-command-anywhere 2>/dev/null', []],
    ];
    for (const [file, args] of calls) await both(t, file, file, args, { shell: true });
  },

  'shell may name the shell': async (t) => {
    await both(t, 'sh', 'echo $0 $#', [], { shell: '/bin/sh' });
    await both(t, 'on PATH', 'echo $0 $#', [], { shell: 'sh' });
    await both(t, 'another', '/proc/self/cmdline', [], { shell: 'echo' });
    await both(t, 'missing', 'true', [], { shell: '/nonexistent/shell' });
    await both(t, 'empty', 'echo', ['$HOME'], { shell: '' });
    await both(t, 'false', 'echo', ['$HOME'], { shell: false });
  },

  'argv0 of a shell': async (t) => {
    await both(t, 'argv0', 'cat /proc/$$/cmdline', [], { shell: true, argv0: 'other' });
  },

  'exec always uses a shell': async (t) => {
    for (const shell of [false, null, undefined, 0, true, '/bin/sh']) {
      const result = await new Promise((resolve) => {
        t.cp.exec('echo $((1+1))', { shell }, (...values) => resolve(values));
      });
      t.log(shell, result, t.cp.execSync('echo $((1+1))', { shell }));
    }
    try {
      t.cp.execSync('echo $((1+1))', { shell: '' });
    } catch ({ message, path: culprit, spawnargs }) {
      t.log(message, culprit, spawnargs);
    }
  },

  'execFile uses a shell only if asked': async (t) => {
    for (const shell of [undefined, false, true, '/bin/sh']) {
      const result = await new Promise((resolve) => {
        t.cp.execFile('echo', ['$((1+1))'], { shell }, (...values) => resolve(values));
      });
      t.log(shell, result);
    }
  },

  'fork never uses a shell': async (t) => {
    const options = { shell: true, silent: true };
    const child = t.cp.fork(t.fixture('print-arguments.js'), ['$HOME'], options);
    t.log(child.spawnfile === t.node, await t.text(child.stdout));
  },

  'arguments with a shell are warned of once, from Node 24 on': async (t) => {
    await runScript(t, (cp, log) => {
      process.on('warning', ({ name, code, message }) => log(name, code, message));
      cp.spawnSync('true', [], { shell: true });
      cp.execSync('true');
      cp.spawnSync('true', ['a'], { shell: '' });
      try {
        cp.spawnSync('true', ['a'], { shell: 'a\0' });
      } catch (error) {
        log(error.code);
      }
      setImmediate(() => {
        log('now with arguments');
        cp.spawnSync('true', ['a'], { shell: true });
        cp.spawn('true', ['a'], { shell: true });
        cp.execFile('true', ['a'], { shell: '/bin/sh' });
        setImmediate(() => log('end'));
      });
    });
  },

  'under the permission model nothing is started': async (t) => {
    const script = t.fixture('print-permission-refusals.js');
    const text = await runAsync(t, t.node, [...permissionFlags(t), script, t.modulePath]);
    for (const line of String(text).trim().split('\n')) t.log(...JSON.parse(line));
  },

  'under the permission model the right to start programs can be given': async (t) => {
    const script = t.fixture('print-permission-refusals.js');
    const flags = [...permissionFlags(t), '--allow-child-process'];
    const text = await runAsync(t, t.node, [...flags, script, t.modulePath]);
    for (const line of String(text).trim().split('\n')) t.log(...JSON.parse(line));
  },

  'permission flags are handed down from Node 22 on': async (t) => {
    const body = (cp, log) => {
      const seen = (args, env) => {
        const options = { env, encoding: 'utf8' };
        const script = ['-c', 'echo "$NODE_OPTIONS"', 'sh', ...args];
        return cp.spawnSync('/bin/sh', script, options).stdout.trim();
      };
      for (const NODE_OPTIONS of [
        undefined,
        '',
        '--no-warnings',
        '--permission',
        '--permission=1',
        ' --permission ',
        '--permissions',
        '"--permission"',
        '--allow-child-process',
        '--permission-audit',
      ]) {
        const env = NODE_OPTIONS === undefined ? {} : { NODE_OPTIONS };
        log(NODE_OPTIONS, seen([], env), env);
      }
      log('argument', seen(['--permission'], {}));
      log('other argument', seen(['--permission=x', '--allow-fs-read=*'], {}));
      log('inherited', seen([], Object.create({ NODE_OPTIONS: '--no-warnings' })));
      log('process.env', seen([]), process.env.NODE_OPTIONS);
      process.execArgv.push('--allow-made-up', '--allow-wasi', '--allow-worker', '-r');
      log('fake', seen([], {}));
    };
    const source = `(${body})(require(process.argv[1]), (...v) => console.log(JSON.stringify(v)))`;
    const flags = [...permissionFlags(t), '--allow-child-process'];
    const env = { PATH: process.env.PATH };
    const args = [...flags, '-e', source, '--', t.modulePath];
    const text = await runAsync(t, t.node, args, { env });
    for (const line of String(text).trim().split('\n')) t.log(...JSON.parse(line));
  },

  'a proxy for an environment is asked for its keys first': async (t) => {
    const traps = new Proxy(
      {},
      {
        get:
          (_, trap) =>
          (...args) =>
            log(trap, args),
      },
    );
    const log = (trap, [, key]) => {
      t.log(trap, key);
      throw new Error(`from ${trap}`);
    };
    t.attempt('spawn', () => t.cp.spawn('true', { env: new Proxy({}, traps) }));
    t.attempt('spawnSync', () => t.cp.spawnSync('true', { env: new Proxy({}, traps) }));
  },
};
