'use strict';
// fork(): how the module is found, what its options do, and what the child sees of itself.

const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { QUIET, program, forkSource, message, runParent } = require('../../helpers/ipc.js');

const FIXTURES = path.join(__dirname, '..', '..', 'fixtures');
const REPORT = path.join(FIXTURES, 'ipc-report.js');
const ECHO = path.join(FIXTURES, 'ipc-echo.js');

/** Forks with a quiet stdio and returns the first message once the child is gone. */
async function report(t, file, args, options) {
  const child = t.cp.fork(file, args, { stdio: QUIET, ...options });
  const [value] = await Promise.all([message(child), t.closed(child)]);
  return value;
}

/** Logs whether the call threw; a child that it made after all is killed and waited for. */
async function tryFork(t, label, ...args) {
  const child = t.attempt(label, () => t.cp.fork(...args));
  if (!child) return;
  child.kill('SIGKILL');
  await t.closed(child);
}

/** The keys in which one environment differs from another. */
function difference(env, base) {
  return {
    added: Object.keys(env).filter((key) => !(key in base)),
    removed: Object.keys(base).filter((key) => !(key in env)),
    changed: Object.keys(env).filter((key) => key in base && env[key] !== base[key]),
  };
}

module.exports = {
  'an absolute path is run with its arguments': async (t) => {
    const seen = await report(t, REPORT, ['a', 'b c', '']);
    t.log(seen.argv, seen.script === REPORT, seen.execPath === t.node, seen.isMain);
  },

  'a relative path is found from the directory of the parent': async (t) => {
    const relative = path.relative(process.cwd(), REPORT);
    const seen = await report(t, relative, []);
    t.log(seen.script === REPORT, seen.cwd === process.cwd());
  },

  'a relative path with a cwd is found from that directory': async (t) => {
    fs.copyFileSync(REPORT, path.join(t.tmp, 'here.js'));
    for (const name of ['here.js', './here.js', './here', 'here']) {
      const seen = await report(t, name, [], { cwd: t.tmp });
      t.log(name, path.basename(seen.script), fs.realpathSync(t.tmp) === seen.cwd);
    }
  },

  'a directory with an index.js is run': async (t) => {
    fs.mkdirSync(path.join(t.tmp, 'app'));
    fs.copyFileSync(REPORT, path.join(t.tmp, 'app', 'index.js'));
    const seen = await report(t, path.join(t.tmp, 'app'), ['x']);
    t.log(seen.argv, path.relative(t.tmp, seen.script));
  },

  'a file URL object is accepted as the module': async (t) => {
    const seen = await report(t, pathToFileURL(REPORT), ['u']);
    t.log(seen.argv, seen.script === REPORT);
  },

  'a file URL with escaped characters is decoded': async (t) => {
    const file = path.join(t.tmp, 'with space #1.js');
    fs.copyFileSync(REPORT, file);
    const seen = await report(t, pathToFileURL(file), []);
    t.log(path.basename(seen.script));
  },

  'a file URL given as a string is not understood as a URL': async (t) => {
    const child = t.cp.fork(String(pathToFileURL(REPORT)), [], { silent: true });
    const [text, end] = await Promise.all([t.text(child.stderr), t.closed(child)]);
    t.log(text.includes('MODULE_NOT_FOUND'), end);
  },

  'a missing module exits with code 1 and says so on stderr': async (t) => {
    const child = t.cp.fork(path.join(t.tmp, 'missing.js'), [], { silent: true });
    t.log(typeof child.pid, child.connected);
    const [text, end] = await Promise.all([t.text(child.stderr), t.closed(child)]);
    t.log(text.includes('Cannot find module'), text.includes('MODULE_NOT_FOUND'), end);
    t.log(child.connected, child.channel, child.exitCode);
  },

  'an ES module child has the channel': async (t) => {
    t.log(await report(t, path.join(FIXTURES, 'ipc-report.mjs'), ['m']));
  },

  'an ES module child by package type can listen and answer': async (t) => {
    fs.writeFileSync(path.join(t.tmp, 'package.json'), '{"type":"module"}');
    const file = program(
      t,
      `import process from 'node:process';
       process.on('message', (m) => {
         process.send({ got: m });
         setImmediate(() => process.disconnect());
       });`,
    );
    const child = t.cp.fork(file, [], { stdio: QUIET });
    child.send('to a module');
    const [value, end] = await Promise.all([message(child), t.closed(child)]);
    t.log(value, end);
  },

  'a path of a wrong type is refused': async (t) => {
    for (const bad of [undefined, null, 0, 1, true, false, {}, [], () => {}, Symbol('s'), 1n]) {
      await tryFork(t, String(typeof bad), bad);
    }
    await tryFork(t, 'a buffer', Buffer.from(REPORT));
    await tryFork(t, 'NUL', 'a\0b');
    await tryFork(t, 'http URL', new URL('http://localhost/x.js'));
    await tryFork(t, 'file URL with a host', new URL('file://host/x.js'));
    await tryFork(t, 'file URL with an encoded slash', new URL('file:///a%2Fb.js'));
  },

  'arguments of a wrong type are refused': async (t) => {
    for (const bad of ['text', 1, true, () => {}, Symbol('s')]) {
      await tryFork(t, `args: ${typeof bad}`, REPORT, bad);
    }
    for (const bad of ['text', 1, true, () => {}, Symbol('s'), []]) {
      await tryFork(t, `options: ${typeof bad}`, REPORT, [], bad);
    }
    await tryFork(t, 'options: null', REPORT, [], null);
    await tryFork(t, 'args: NUL', REPORT, ['ok', 'a\0b'], { stdio: QUIET });
  },

  'absent arguments and options are fine': async (t) => {
    const options = { stdio: QUIET };
    t.log((await report(t, REPORT, undefined)).argv);
    t.log((await report(t, REPORT, null)).argv);
    for (const args of [
      [REPORT, options],
      [REPORT, undefined, options],
      [REPORT, null, options],
    ]) {
      const child = t.cp.fork(...args);
      const [seen] = await Promise.all([message(child), t.closed(child)]);
      t.log(args.length, seen.argv);
    }
  },

  'options of a wrong type are refused': async (t) => {
    const bad = {
      execArgv: ['text', 1, true],
      execPath: [1, true, 'a\0b'],
      stdio: ['bogus', 5, [0, 1, 2], ['ipc', 'ipc'], [], ['ignore'], {}],
      serialization: ['bogus', 1, true],
      cwd: [1, true, 'a\0b', new URL('http://localhost/')],
      detached: ['yes', 1],
      uid: ['x', 3.1],
      gid: ['x', NaN],
      timeout: [-1, 'x', 1.5],
      signal: [{}, 'x', null],
      killSignal: ['BOGUS', 0, {}],
      argv0: [1, 'a\0b'],
      windowsHide: ['x'],
    };
    for (const [name, values] of Object.entries(bad)) {
      for (const value of values) await tryFork(t, name, REPORT, [], { [name]: value });
    }
    await tryFork(t, 'execArgv NUL', REPORT, [], { execArgv: ['a\0b'] });
    await tryFork(t, 'env NUL', REPORT, [], { env: { A: 'a\0b' } });
  },

  'elements of args are stringified': async (t) => {
    const seen = await report(t, REPORT, [1, null, undefined, true, { toString: () => 'obj' }]);
    t.log(seen.argv);
  },

  'args, execArgv and options are left as they were': async (t) => {
    const args = ['x'];
    const execArgv = ['--no-warnings'];
    const options = { execArgv, stdio: [...QUIET], env: { ...process.env, EXTRA: '1' } };
    const before = JSON.stringify([args, options]);
    const seen = await report(t, REPORT, args, options);
    t.log(JSON.stringify([args, options]) === before, args, execArgv, seen.argv, seen.execArgv);
  },

  'the environment of the parent is left as it was': async (t) => {
    const before = JSON.stringify(Object.entries(process.env));
    await report(t, REPORT, []);
    t.log(JSON.stringify(Object.entries(process.env)) === before);
  },

  'the command line of the child is spawnargs': async (t) => {
    const source = `process.send(require('fs').readFileSync('/proc/self/cmdline', 'latin1'));`;
    const child = forkSource(t, source, { execArgv: ['--no-warnings'] });
    const [line] = await Promise.all([message(child), t.closed(child)]);
    t.log(line === `${child.spawnargs.join('\0')}\0`, child.spawnargs.length);
  },

  'frozen args and options are accepted': async (t) => {
    const args = Object.freeze(['x']);
    const options = Object.freeze({
      execArgv: Object.freeze([]),
      stdio: Object.freeze([...QUIET]),
      env: Object.freeze({ ...process.env }),
    });
    t.log((await report(t, REPORT, args, options)).argv);
  },

  'options on Object.prototype are ignored': async (t) => {
    Object.prototype.execPath = '/nonexistent/node';
    Object.prototype.cwd = '/nonexistent';
    Object.prototype.silent = 'no';
    try {
      const seen = await report(t, REPORT, []);
      t.log(seen.cwd === process.cwd(), seen.execPath === t.node);
    } finally {
      delete Object.prototype.execPath;
      delete Object.prototype.cwd;
      delete Object.prototype.silent;
    }
  },

  'spawnfile and spawnargs show execPath, execArgv, module and args': async (t) => {
    const child = t.cp.fork(ECHO, ['a'], { stdio: QUIET, execArgv: ['--no-warnings'] });
    t.log(child.spawnfile === t.node, child.spawnargs[0] === t.node, child.spawnargs.length);
    t.log(child.spawnargs[1], path.basename(child.spawnargs[2]), child.spawnargs[3]);
    child.disconnect();
    t.log(await t.exited(child));
  },

  'fork without silent has no streams and inherits those of the parent': async (t) => {
    const { said, code } = await runParent(
      t,
      `const child = cp.fork(process.argv[2]);
       child.on('exit', (code) =>
         say(code, child.stdin, child.stdout, child.stderr, child.stdio.map(String)));`,
      { args: [program(t, `require('fs').writeSync(1, '["from the child"]\\n');`)] },
    );
    t.log(said, code);
  },

  'silent: true pipes the three streams': async (t) => {
    const child = t.cp.fork(
      program(t, `process.stdin.pipe(process.stdout); console.error('to stderr');`),
      [],
      { silent: true },
    );
    t.log(child.stdio.map((stream) => stream?.constructor.name ?? null));
    t.log(child.stdin === child.stdio[0], child.stdout === child.stdio[1]);
    child.stdin.end('through stdin');
    const texts = Promise.all([t.text(child.stdout), t.text(child.stderr)]);
    t.log(await t.closed(child), await texts);
  },

  'stdio wins over silent': async (t) => {
    for (const silent of [true, false]) {
      const stdio = ['ignore', silent ? 'ignore' : 'pipe', 'ignore', 'ipc'];
      const child = t.cp.fork(program(t, ''), [], { silent, stdio });
      child.stdout?.resume();
      t.log(
        silent,
        child.stdio.map((stream) => stream?.constructor.name ?? null),
      );
      t.log(await t.closed(child));
    }
  },

  'a falsy or truthy silent that is not a boolean is taken as such': async (t) => {
    for (const silent of [1, 'yes', {}]) {
      const child = t.cp.fork(program(t, ''), [], { silent });
      for (const stream of [child.stdout, child.stderr]) stream?.resume();
      t.log(
        silent,
        child.stdio.map((stream) => stream?.constructor.name ?? null),
      );
      await t.closed(child);
    }
  },

  'a string stdio gets a channel appended': async (t) => {
    for (const stdio of ['pipe', 'ignore', 'overlapped', 'inherit']) {
      const child = t.cp.fork(program(t, 'process.send(1)'), [], { stdio });
      for (const stream of [child.stdout, child.stderr]) stream?.resume();
      t.log(
        stdio,
        child.stdio.map((stream) => stream?.constructor.name ?? null),
      );
      const [value] = await Promise.all([message(child), t.closed(child)]);
      t.log(value, child.connected);
    }
  },

  'an array stdio may hold the channel anywhere and more pipes beside it': async (t) => {
    const source = `
      const fs = require('fs');
      process.send('up');
      for (const fd of JSON.parse(process.argv[2])) fs.writeSync(fd, 'on ' + fd);`;
    for (const [stdio, fds] of [
      [
        ['ignore', 'pipe', 'inherit', 'ipc', 'pipe'],
        [1, 4],
      ],
      [
        ['ignore', 'pipe', 'inherit', 'pipe', 'ipc', 'pipe'],
        [1, 3, 5],
      ],
      [['ignore', 'ipc', 'inherit', 'pipe'], [3]],
      [['ipc', 'pipe', 'inherit'], [1]],
      [['ignore', 'pipe', 'ipc'], [1]],
      [['ignore', null, 'inherit', undefined, null, 'ipc'], [1]],
    ]) {
      const child = t.cp.fork(program(t, source), [JSON.stringify(fds)], { stdio });
      t.log(child.stdio.map((stream) => stream?.constructor.name ?? null));
      const texts = Promise.all(fds.map((fd) => t.text(child.stdio[fd])));
      const up = message(child);
      await t.closed(child);
      t.log(await up, await texts);
    }
  },

  'the standard streams of the parent can be given by number, object and stream': async (t) => {
    const file = path.join(t.tmp, 'out.txt');
    for (const form of ['number', 'stream']) {
      const fd = fs.openSync(file, 'w');
      const out = form === 'number' ? fd : fs.createWriteStream(file, { fd, autoClose: false });
      const child = t.cp.fork(program(t, 'console.log("written")'), [], {
        stdio: ['ignore', out, 'inherit', 'ipc'],
      });
      t.log(form, child.stdio, await t.closed(child));
      fs.closeSync(fd);
      t.log(fs.readFileSync(file, 'utf8'));
    }
  },

  'execPath may be a symbolic link to Node': async (t) => {
    const link = path.join(t.tmp, 'linked-node');
    fs.symlinkSync(t.node, link);
    const seen = await report(t, REPORT, ['l'], { execPath: link });
    t.log(seen.argv, path.basename(seen.argv0), seen.execPath === fs.realpathSync(t.node));
  },

  'execPath may be a script that starts Node': async (t) => {
    const wrapper = program(t, `#!/bin/sh\nWRAPPED=1 exec "${t.node}" "$@"\n`, 'wrapper');
    fs.chmodSync(wrapper, 0o755);
    const child = t.cp.fork(REPORT, ['w'], { stdio: QUIET, execPath: wrapper });
    t.log(child.spawnfile === wrapper, child.spawnargs[0] === wrapper);
    const [seen] = await Promise.all([message(child), t.closed(child)]);
    t.log(seen.argv, seen.env.WRAPPED, difference(seen.env, process.env).added);
  },

  'execPath may be a program that is not Node': async (t) => {
    const script = program(t, `echo '{"from":"sh","arg":"'$1'"}' >&$NODE_CHANNEL_FD\n`, 'talk.sh');
    const child = t.cp.fork(script, ['one'], { stdio: QUIET, execPath: '/bin/sh', execArgv: [] });
    const [value, end] = await Promise.all([message(child), t.closed(child)]);
    t.log(value, end, child.connected);
  },

  'a child that is not Node sees two variables of the channel and the given environment': async (
    t,
  ) => {
    for (const serialization of ['json', 'advanced', undefined]) {
      const child = t.cp.fork('-0', [], {
        execPath: '/usr/bin/env',
        execArgv: [],
        stdio: ['ignore', 'pipe', 'inherit', 'pipe', 'ipc'],
        serialization,
        env: { PLAIN: 'yes', NODE_OPTIONS: '--no-warnings' },
      });
      const text = t.text(child.stdout);
      t.log(await t.closed(child));
      t.log((await text).split('\0').filter(Boolean).sort());
    }
  },

  'a child that is not Node gets the environment of the parent by default': async (t) => {
    const child = t.cp.fork('-0', [], {
      execPath: '/usr/bin/env',
      execArgv: [],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const text = t.text(child.stdout);
    await t.closed(child);
    const entries = (await text).split('\0').filter(Boolean);
    const env = Object.fromEntries(entries.map((entry) => entry.split(/=(.*)/s)));
    t.log(difference(env, process.env));
  },

  'a missing execPath is an error event, with a channel that ends': async (t) => {
    const child = t.cp.fork(ECHO, [], { execPath: '/nonexistent/node' });
    t.log(child.pid, child.connected, child.channel !== null, typeof child.send);
    const order = [];
    child.on('spawn', () => order.push('spawn'));
    child.on('error', (error) => {
      order.push('error');
      t.log(error.code, error.syscall, error.path, child.connected);
    });
    child.on('exit', () => order.push('exit'));
    const disconnected = new Promise((resolve) => child.once('disconnect', resolve));
    const [code, signal] = await new Promise((resolve) =>
      child.on('close', (...end) => {
        order.push('close');
        resolve(end);
      }),
    );
    await disconnected;
    t.log(order, code, signal, child.connected, child.channel);
  },

  'an execPath that may not be executed is an error event': async (t) => {
    const file = program(t, 'not executable', 'plain');
    const child = t.cp.fork(ECHO, [], { execPath: file });
    const error = await new Promise((resolve) => child.once('error', resolve));
    t.log(error.code, error.errno, child.pid);
  },

  'execArgv replaces that of the parent and is seen by the child': async (t) => {
    for (const execArgv of [[], ['--no-warnings'], ['--stack-size=900', '--trace-deprecation']]) {
      t.log((await report(t, REPORT, ['-e', 'x'], { execArgv })).execArgv);
    }
  },

  'execArgv defaults to that of the parent': async (t) => {
    const { said } = await runParent(
      t,
      `const child = cp.fork(process.argv[2], ['arg']);
       child.on('message', (seen) => say(seen.execArgv, seen.argv, child.spawnargs.length));`,
      { args: [REPORT], nodeArgs: ['--no-warnings', '--stack-size=900'] },
    );
    t.log(said);
  },

  'execArgv of the parent loses its -e, -p and --eval code, but not --eval=code': async (t) => {
    // Where the code is not removed, the child runs it again: the mark ends what would else be a
    // chain of forks without end.
    const code = `
      if (process.env.FORKED) process.exit(9);
      const child = require(${JSON.stringify(t.modulePath)}).fork(${JSON.stringify(REPORT)}, ['x'],
        { env: { ...process.env, FORKED: '1' } });
      child.on('message', (seen) => {
        console.log(JSON.stringify([seen.execArgv, seen.argv]));
        console.log(JSON.stringify([process.execArgv.length, child.spawnargs.length]));
      });`;
    for (const args of [
      ['-e', code],
      ['--no-warnings', '-e', code],
      ['-p', code],
      ['--eval', code],
      ['-pe', code],
      [`--eval=${code}`],
    ]) {
      const run = t.cp.spawn(t.node, args, { stdio: ['ignore', 'pipe', 'ignore'] });
      const text = t.text(run.stdout);
      t.log(args[0].slice(0, 6), args.length, await t.closed(run));
      t.log((await text).split('\n').filter((line) => line.startsWith('[')));
    }
  },

  'a module that execArgv preloads runs first and finds the channel': async (t) => {
    const preload = program(
      t,
      'globalThis.preloaded = [typeof process.send, process.connected, typeof process.channel];',
      'preload.js',
    );
    const child = forkSource(t, 'process.send([globalThis.preloaded, process.execArgv.length]);', {
      execArgv: ['--require', preload],
    });
    const [value] = await Promise.all([message(child), t.closed(child)]);
    t.log(value);
  },

  'a module that NODE_OPTIONS preloads runs first and finds the channel': async (t) => {
    const preload = program(
      t,
      `globalThis.preloaded = [typeof process.send, process.connected];
       process.send('from the preload');`,
      'pre load.js',
    );
    const NODE_OPTIONS = `--no-warnings --require "${preload}"`;
    const child = forkSource(
      t,
      `process.send([globalThis.preloaded, process.env.NODE_OPTIONS === process.env.COPY,
         process.execArgv, process._preload_modules?.length]);`,
      { env: { ...process.env, NODE_OPTIONS, COPY: NODE_OPTIONS } },
    );
    const all = [];
    child.on('message', (value) => all.push(value));
    await t.closed(child);
    t.log(all);
  },

  'a module that --import preloads finds the channel': async (t) => {
    const preload = program(t, 'globalThis.preloaded = typeof process.send;', 'preload.mjs');
    const child = forkSource(t, 'process.send([globalThis.preloaded]);', {
      execArgv: ['--import', String(pathToFileURL(preload))],
    });
    const [value] = await Promise.all([message(child), t.closed(child)]);
    t.log(value);
  },

  'a preload may take the messages before the program is there': async (t) => {
    const preload = program(
      t,
      'globalThis.taken = []; process.on("message", (m) => globalThis.taken.push(m));',
      'preload.js',
    );
    const child = forkSource(
      t,
      `process.on('message', (m) => {
         if (m !== 'end') return;
         process.send(globalThis.taken);
         process.disconnect();
       });`,
      { execArgv: ['-r', preload] },
    );
    child.send('one');
    child.send('two');
    child.send('end');
    const [value] = await Promise.all([message(child), t.closed(child)]);
    t.log(value);
  },

  'flags that restrict Node leave the channel working': async (t) => {
    const source = 'process.on("message", (m) => { process.send([m]); process.disconnect(); });';
    for (const flag of [
      '--no-addons',
      '--frozen-intrinsics',
      '--disable-proto=delete',
      '--disallow-code-generation-from-strings',
      '--preserve-symlinks-main',
      '--no-deprecation',
      '--expose-gc',
    ]) {
      const child = forkSource(t, source, { execArgv: ['--no-warnings', flag] });
      child.send('flagged');
      const [value, end] = await Promise.all([message(child), t.closed(child)]);
      t.log(flag, value, end);
    }
  },

  'a child under the permission model has its channel': async (t) => {
    const flag = t.major < 22 ? '--experimental-permission' : '--permission';
    const source = `
      process.on('message', (m) => {
        let refusal;
        try { require('child_process').spawn('true'); } catch (error) { refusal = error.code; }
        process.send([m, refusal]);
        process.disconnect();
      });`;
    const child = forkSource(t, source, {
      execArgv: ['--no-warnings', flag, '--allow-fs-read=*'],
    });
    child.send('guarded');
    const [value, end] = await Promise.all([message(child), t.closed(child)]);
    t.log(value, end);
  },

  'the environment of a Node child differs in nothing from that of its parent': async (t) => {
    const seen = await report(t, REPORT, []);
    t.log(difference(seen.env, process.env));
    t.log(
      Object.keys(seen.env).filter((key) => /^NODE_|sprog/i.test(key) && !(key in process.env)),
    );
  },

  'the environment of a Node child is the given one': async (t) => {
    const env = Object.create({ INHERITED: 'yes' });
    Object.assign(env, { A: '1', EMPTY: '', GONE: undefined, NULL: null, NUMBER: 5 });
    const seen = await report(t, REPORT, [], { env });
    t.log(Object.entries(seen.env).sort());
  },

  'a grandchild inherits nothing of the channel': async (t) => {
    const child = forkSource(
      t,
      `const { execFileSync } = require('child_process');
       const lines = execFileSync('/usr/bin/env', ['-0']).toString().split('\\0').filter(Boolean);
       // Node's own descriptors are CLOEXEC; what a shell left open far above is not our concern.
       const fds = execFileSync('/bin/ls', ['-l', '/proc/self/fd']).toString().split('\\n')
         .map((line) => /(\\d+) -> socket:/.exec(line)?.[1]).filter((fd) => fd > 2 && fd < 16);
       process.send({ env: Object.fromEntries(lines.map((line) => line.split(/=(.*)/s))), fds });`,
    );
    const [value] = await Promise.all([message(child), t.closed(child)]);
    t.log(difference(value.env, process.env), value.fds);
  },

  'a grandchild that is Node has no channel of its own': async (t) => {
    const child = forkSource(
      t,
      `const { spawnSync } = require('child_process');
       const code = 'console.log(typeof process.send, process.connected, process.channel)';
       process.send(spawnSync(process.execPath, ['-e', code]).stdout.toString());`,
    );
    const [value] = await Promise.all([message(child), t.closed(child)]);
    t.log(value);
  },

  'a child can fork in its turn, with a channel of its own': async (t) => {
    const child = forkSource(
      t,
      `const { fork } = require(${JSON.stringify(t.modulePath)});
       const grandchild = fork(${JSON.stringify(ECHO)});
       grandchild.on('message', (m) => { process.send(['echoed', m]); grandchild.disconnect(); });
       grandchild.on('exit', (code) => process.send(['gone', code]));
       grandchild.send('down');`,
    );
    const all = [];
    child.on('message', (value) => all.push(value));
    t.log(await t.closed(child), all);
  },

  'a worker thread of the child has no channel': async (t) => {
    const child = forkSource(
      t,
      `const { Worker } = require('worker_threads');
       const code = \`require('worker_threads').parentPort.postMessage([typeof process.send,
         process.connected, typeof process.channel, process.env.NODE_CHANNEL_FD,
         process.env.NODE_OPTIONS, process.execArgv, process.eventNames().map(String)])\`;
       new Worker(code, { eval: true }).on('message', (m) => process.send(m));`,
    );
    const [value] = await Promise.all([message(child), t.closed(child)]);
    t.log(
      value[0],
      value[1],
      value[2],
      value[3],
      value[4] === (process.env.NODE_OPTIONS ?? null),
      value[5],
    );
    t.log(value[6]);
  },

  'cwd may be a string or a URL': async (t) => {
    const real = fs.realpathSync(t.tmp);
    for (const cwd of [t.tmp, pathToFileURL(t.tmp), pathToFileURL(`${t.tmp}/`)]) {
      t.log((await report(t, REPORT, [], { cwd })).cwd === real);
    }
  },

  'a missing cwd is reported as a missing program': async (t) => {
    const child = t.cp.fork(REPORT, [], { cwd: path.join(t.tmp, 'missing'), stdio: QUIET });
    const error = await new Promise((resolve) => child.once('error', resolve));
    t.log(error.code, error.syscall === `spawn ${t.node}`, error.path === t.node, child.pid);
  },

  'detached makes the child the leader of its own session': async (t) => {
    const source = `
      const stat = require('fs').readFileSync('/proc/self/stat', 'utf8');
      const [, , group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number);
      process.send([group === process.pid, session === process.pid]);`;
    for (const detached of [false, true]) {
      const child = forkSource(t, source, { detached });
      const [value] = await Promise.all([message(child), t.closed(child)]);
      t.log(detached, value);
    }
  },

  'the own uid and gid can be given': async (t) => {
    const child = forkSource(t, 'process.send([process.getuid(), process.getgid()]);', {
      uid: process.getuid(),
      gid: process.getgid(),
    });
    const [value] = await Promise.all([message(child), t.closed(child)]);
    t.log(value[0] === process.getuid(), value[1] === process.getgid());
  },

  'argv0 does not hide the program': async (t) => {
    const seen = await report(t, REPORT, ['x'], { argv0: 'another-name' });
    t.log(seen.argv0, seen.argv, seen.execPath === t.node);
  },

  'shell is forced off': async (t) => {
    for (const shell of [true, '/bin/false']) {
      const seen = await report(t, REPORT, ['$HOME', '; exit 3'], { shell });
      t.log(seen.argv);
    }
  },

  'abort kills the child and emits an AbortError': async (t) => {
    for (const reason of [undefined, 'because', new Error('mine')]) {
      const controller = new AbortController();
      const child = t.cp.fork(ECHO, [], { stdio: QUIET, signal: controller.signal });
      child.send('up');
      await message(child);
      const error = new Promise((resolve) => child.once('error', resolve));
      const exited = t.exited(child);
      controller.abort(reason);
      const { name, code, message: text, cause } = await error;
      t.log(name, code, text, cause === controller.signal.reason, child.killed, await exited);
      await new Promise((resolve) =>
        child.connected ? child.once('disconnect', resolve) : resolve(),
      );
    }
  },

  'abort uses killSignal': async (t) => {
    const controller = new AbortController();
    const { signal } = controller;
    const child = t.cp.fork(ECHO, [], { stdio: QUIET, signal, killSignal: 'SIGKILL' });
    const closed = t.closed(child);
    controller.abort();
    t.log(await closed);
  },

  'an aborted signal still starts the child, then kills it': async (t) => {
    const order = [];
    const child = t.cp.fork(ECHO, [], { stdio: QUIET, signal: AbortSignal.abort('early') });
    t.log(typeof child.pid, child.connected, child.killed);
    child.on('spawn', () => order.push('spawn'));
    child.on('error', (error) => order.push(`error ${error.name} ${error.cause}`));
    child.on('exit', (code, signal) => order.push(`exit ${code} ${signal}`));
    await t.closed(child);
    t.log(order);
  },

  'the abort listener is gone after the exit': async (t) => {
    const { getEventListeners } = require('node:events');
    const { signal } = new AbortController();
    const child = t.cp.fork(program(t, ''), [], { stdio: QUIET, signal });
    t.log(getEventListeners(signal, 'abort').length);
    await t.closed(child);
    t.log(getEventListeners(signal, 'abort').length);
  },

  'timeout kills with killSignal': async (t) => {
    for (const killSignal of [undefined, 'SIGKILL', 9]) {
      const child = t.cp.fork(ECHO, [], { stdio: QUIET, timeout: 60, killSignal });
      t.log(await t.closed(child), child.killed, child.connected);
    }
  },

  'a timeout that is not reached kills nobody': async (t) => {
    const child = t.cp.fork(program(t, ''), [], { stdio: QUIET, timeout: 60_000 });
    t.log(await t.closed(child), child.killed);
  },

  'exit codes and signals arrive': async (t) => {
    const ends = [
      '',
      'process.exit(5)',
      'process.exit(256 + 7)',
      'process.exitCode = 9',
      'process.reallyExit(3)',
      'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)',
      'process.kill(process.pid, "SIGKILL")',
      'process.on("disconnect", () => process.exit(6)); setImmediate(() => process.disconnect())',
      'process.on("message", () => {}); process.exit()',
      'process.on("exit", () => { process.exitCode = 4; })',
    ];
    for (const end of ends) {
      const child = forkSource(t, end);
      t.log(end, await t.closed(child), child.exitCode, child.signalCode, child.connected);
    }
  },

  'an uncaught exception or rejection of the child is exit code 1': async (t) => {
    const quiet = { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] };
    for (const end of ['throw new Error("x")', 'Promise.reject(new Error("x"))', 'syntax error']) {
      const child = forkSource(t, end, quiet);
      t.log(end, await t.closed(child), child.connected);
    }
  },

  'the properties of the channel in the child': async (t) => {
    const file = path.join(FIXTURES, 'ipc-self-portrait.js');
    const portrait = await report(t, file, []);
    for (const [name, own] of Object.entries(portrait.properties)) t.log(name, own);
    t.log(portrait.inFor);
    const { methods, ...channel } = portrait.channel;
    t.log(channel);
    for (const method of methods) t.log(method);
  },

  'a channel adds its own properties to process and globalThis and no others': async (t) => {
    const file = path.join(FIXTURES, 'ipc-self-portrait.js');
    const portrait = await report(t, file, []);
    const plain = t.cp.spawn(t.node, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
    const bare = JSON.parse(await t.text(plain.stdout));
    const beyond = (more, less) => more.filter((name) => !less.includes(name)).sort();
    t.log(beyond(portrait.ownKeys, bare.ownKeys), beyond(bare.ownKeys, portrait.ownKeys));
    t.log(beyond(portrait.globals, bare.globals), beyond(bare.globals, portrait.globals));
  },

  'the listeners on process in the child': async (t) => {
    const portrait = await report(t, path.join(FIXTURES, 'ipc-self-portrait.js'), []);
    for (const listeners of portrait.listeners) t.log(listeners);
  },

  'the child is the main module and shows no preload': async (t) => {
    const portrait = await report(t, path.join(FIXTURES, 'ipc-self-portrait.js'), ['one']);
    t.log(portrait.preloads, portrait.mainModule, portrait.parent, portrait.argvKeys);
  },

  'the parent sees the methods of the channel on the child': async (t) => {
    const child = t.cp.fork(ECHO, [], { stdio: QUIET });
    for (const name of ['send', '_send', 'disconnect', '_disconnect']) {
      const { value, ...rest } = Object.getOwnPropertyDescriptor(child, name);
      t.log(name, value.name, value.length, rest);
    }
    for (const name of ['connected', 'channel', '_handleQueue', '_pendingMessage']) {
      const { value, ...rest } = Object.getOwnPropertyDescriptor(child, name);
      t.log(name, typeof value, rest);
    }
    t.log(child._handleQueue, child._pendingMessage);
    t.log(Object.keys(child).filter((key) => !key.startsWith('_')));
    const { channel } = child;
    t.log(channel.constructor.name, Object.getOwnPropertyNames(channel), typeof channel.fd);
    t.log(Object.getOwnPropertyNames(Object.getPrototypeOf(channel)));
    t.log(child.eventNames().map((name) => [String(name), child.listenerCount(name)]));
    child.disconnect();
    await t.exited(child);
    t.log(child.channel, child.connected, typeof child.send, typeof child.disconnect);
  },

  'forking leaves no listener on process in the parent': async (t) => {
    const count = () =>
      process.eventNames().map((name) => [String(name), process.listenerCount(name)]);
    const before = JSON.stringify(count());
    const child = t.cp.fork(ECHO, [], { stdio: QUIET });
    t.log(JSON.stringify(count()) === before);
    child.disconnect();
    await t.exited(child);
    t.log(JSON.stringify(count()) === before);
  },

  'ten children at once each get their own messages': async (t) => {
    const children = Array.from({ length: 10 }, () => t.cp.fork(ECHO, [], { stdio: QUIET }));
    const replies = await Promise.all(
      children.map((child, index) => {
        child.send({ index });
        return message(child);
      }),
    );
    t.log(replies);
    for (const child of children) child.disconnect();
    t.log(await Promise.all(children.map((child) => t.exited(child))));
  },
};
