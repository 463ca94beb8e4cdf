'use strict';
// spawnSync: its result, its errors, what goes in, what comes out, and the limits.

const { createHash } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { Worker } = require('node:worker_threads');
const { runScript } = require('../../helpers/own-process.js');
const { countFds, countZombies, isAlive } = require('../../helpers/processes.js');

const MISSING = '/nonexistent/program';
const NOBODY = 65534;
const isRoot = process.getuid() === 0;

/** A result without its pid, its keys in order; long output by its length. */
function shape(result) {
  const entries = Object.entries(result).map(([key, value]) => {
    if (key === 'pid') return [key, value > 0 ? 'a number' : value];
    if (key === 'output') return [key, value?.map(brief)];
    return [key, brief(value)];
  });
  return entries;
}

function brief(value) {
  const isLong = (Buffer.isBuffer(value) || typeof value === 'string') && value.length > 100;
  return isLong ? `${typeof value} of ${value.length}` : value;
}

function shell(t, script, options) {
  return t.cp.spawnSync('sh', ['-c', script], options);
}

function logShell(t, label, script, options) {
  const result = shell(t, script, options);
  t.log(label, shape(result));
  return result;
}

const digest = (bytes) => createHash('sha1').update(bytes).digest('hex');

module.exports = {
  'a result has its keys in order, and no error': (t) => {
    const result = t.cp.spawnSync('sh', ['-c', 'echo out; echo err >&2']);
    t.log(Object.keys(result), shape(result));
    t.log(Object.getPrototypeOf(result) === Object.prototype, Array.isArray(result.output));
    t.log(result.stdout === result.output[1], result.stderr === result.output[2]);
    const { value, ...flags } = Object.getOwnPropertyDescriptor(result, 'pid');
    t.log(typeof value, flags, Number.isInteger(value), isAlive(value));
  },

  'exit codes': (t) => {
    for (const code of [0, 1, 2, 127, 128, 255, 256, 300]) {
      const { status, signal, error } = shell(t, `exit ${code}`);
      t.log(code, status, signal, error);
    }
  },

  'a killed child has a signal and no status': (t) => {
    for (const name of ['TERM', 'KILL', 'INT', 'ABRT', 'HUP', 'USR1', 'ALRM', 'IO', 'SYS']) {
      const { status, signal, error } = shell(t, `kill -${name} $$`);
      t.log(name, status, signal, error);
    }
  },

  'a real-time signal has no name': (t) => {
    logShell(t, 'rt', 'kill -40 $$');
  },

  'a missing program is an error of the result': (t) => {
    const result = t.cp.spawnSync(MISSING, ['one', 'two']);
    t.log(shape(result));
    t.log(Object.keys(result.error), result.error instanceof Error, result.error.name);
    t.log(Object.hasOwn(result, 'stdout'), Object.hasOwn(result, 'stderr'));
    t.log('with an encoding', shape(t.cp.spawnSync(MISSING, { encoding: 'utf8' })));
    t.log('ignoring', shape(t.cp.spawnSync(MISSING, { stdio: 'ignore' })));
    t.log('with input', shape(t.cp.spawnSync(MISSING, { input: 'x'.repeat(1000) })));
  },

  'every failure to start is an error of the result': (t) => {
    fs.symlinkSync('loop', path.join(t.tmp, 'loop'));
    const file = path.join(t.tmp, 'plain');
    fs.writeFileSync(file, '');
    const calls = {
      'not executable': [file],
      'a directory': [t.tmp],
      'below a file': [`${file}/x`],
      'a loop': [path.join(t.tmp, 'loop')],
      'a long name': ['x'.repeat(300)],
      'a long argument': ['true', ['x'.repeat(200_000)]],
      'a bad descriptor': ['true', [], { stdio: ['pipe', 'pipe', 9999] }],
      'a bad extra descriptor': ['true', { stdio: ['pipe', 'pipe', 'pipe', 9999] }],
      'a missing directory': ['true', { cwd: '/nonexistent' }],
      'a file as directory': ['true', { cwd: file }],
      'no path': ['true', { env: { PATH: '/nonexistent' } }],
    };
    for (const [label, args] of Object.entries(calls)) {
      const result = t.cp.spawnSync(...args);
      const { code, errno, syscall } = result.error;
      const clean = (text) => text.replaceAll(t.tmp, 'TMP').replace(/x{100,}/, 'x…');
      t.log(label, code, errno, clean(syscall), clean(result.error.message));
      t.log(clean(result.error.path), result.error.spawnargs.length);
      t.log(result.status, result.signal, result.output, result.pid, result.stdout, result.stderr);
    }
  },

  'spawnargs are the arguments as they came, without argv0': (t) => {
    const { error } = t.cp.spawnSync(MISSING, ['one', 2, null, undefined, true], { argv0: 'zero' });
    t.log(error.path, error.spawnargs);
    const shelled = t.cp.spawnSync('echo one', { shell: MISSING });
    t.log(shelled.error.message, shelled.error.path, shelled.error.spawnargs);
  },

  'ids that may not be taken': async (t) => {
    const body = (cp, log) => {
      for (const ids of [{ uid: 0 }, { gid: 0 }, { uid: 0, gid: 0 }]) {
        const { error, status, output, pid } = cp.spawnSync('true', [], ids);
        log(ids, error?.code, error?.message, status, output, pid);
      }
    };
    await runScript(t, body, isRoot ? { uid: NOBODY, gid: NOBODY } : {});
  },

  'ids that may be taken': (t) => {
    const ids = isRoot
      ? { uid: NOBODY, gid: NOBODY }
      : { uid: process.getuid(), gid: process.getgid() };
    t.log(
      String(t.cp.spawnSync('id', ['-u'], ids).stdout),
      t.cp.spawnSync('id', ['-G'], ids).output,
    );
    t.log(shape(t.cp.spawnSync('true', { uid: null, gid: undefined })));
  },

  'cwd in all its forms': (t) => {
    const forms = {
      string: '/usr',
      buffer: Buffer.from('/usr'),
      url: pathToFileURL('/usr'),
      array: new Uint8Array(Buffer.from('/usr')),
    };
    for (const [label, cwd] of Object.entries(forms)) {
      const { error, stdout } = t.cp.spawnSync('pwd', { cwd });
      t.log(label, error, stdout && String(stdout));
    }
    for (const cwd of ['', null, undefined]) {
      const { error, stdout } = t.cp.spawnSync('pwd', { cwd });
      t.log(cwd, error?.message, stdout && String(stdout).trim() === process.cwd());
    }
    fs.symlinkSync('/bin/echo', path.join(t.tmp, 'relative'));
    t.log('relative', shape(t.cp.spawnSync('./relative', ['a'], { cwd: t.tmp })));
  },

  'a relative program is looked for in the new directory': (t) => {
    fs.writeFileSync(path.join(t.tmp, 'script'), 'echo "no interpreter line: $1"\n', {
      mode: 0o755,
    });
    t.log(shape(t.cp.spawnSync('./script', ['a'], { cwd: t.tmp })));
    t.log(shape(t.cp.spawnSync('script', ['a'], { env: { PATH: t.tmp } })));
  },

  'environment: inherited keys, undefined and null': (t) => {
    const env = Object.create({ FROM_PROTOTYPE: 'p' });
    Object.assign(env, { A: 'a', B: undefined, C: null, D: 4, a: 'small' });
    const lines = String(t.cp.spawnSync('/usr/bin/env', { env }).stdout).split('\n');
    t.log(lines.filter((line) => !line.startsWith('NODE_V8_COVERAGE')).sort());
    const result = t.cp.spawnSync('sh', ['-c', 'echo "$SPROG_SYNC"'], { env: undefined });
    t.log(String(result.stdout));
  },

  'arguments are turned into strings; argv0 stands first': (t) => {
    const options = { encoding: 'utf8', argv0: 'zero' };
    const args = ['-c', 'printf "[%s]" "$0" "$@"; tr "\\0" "|" < /proc/$$/cmdline', 1, null, true];
    const { stdout } = t.cp.spawnSync('sh', args, options);
    t.log(stdout.replace(/.*zero/, 'zero'));
    t.log(t.cp.spawnSync('echo', [undefined, 2.5, 'ä€😀', '', ' '], { encoding: 'utf8' }).stdout);
  },

  'the arguments may be left out or null': (t) => {
    t.log(shape(t.cp.spawnSync('true')));
    t.log(shape(t.cp.spawnSync('true', null)));
    t.log(shape(t.cp.spawnSync('true', undefined, undefined)));
    t.log(shape(t.cp.spawnSync('echo', { encoding: 'latin1' })));
    t.attempt('null options', () => t.cp.spawnSync('true', [], null));
    t.attempt('a string', () => t.cp.spawnSync('true', 'x'));
    t.attempt('a function', () => t.cp.spawnSync('true', () => {}));
  },

  'a shell runs file and arguments as one line': (t) => {
    const run = (file, args, shellOption) =>
      t.log(file, args, shellOption, shape(t.cp.spawnSync(file, args, { shell: shellOption })));
    run('echo $0; exit 3', [], true);
    run('echo a; echo b >&2', [], '/bin/sh');
    run('nonexistent-command', [], '');
    const { status, stderr } = t.cp.spawnSync('nonexistent-command', { shell: true });
    t.log(status, /nonexistent-command.*not found/.test(stderr));
  },

  'the warning about arguments with a shell comes once': async (t) => {
    const body = (cp, log) => {
      process.on('warning', ({ name, code, message }) => log(name, code, message));
      for (let i = 0; i < 3; i++) cp.spawnSync('echo', ['a'], { shell: true });
      cp.execFileSync('echo', ['a'], { shell: true });
      cp.execSync('echo a');
      log('ran');
    };
    await runScript(t, body);
  },

  'input in every form of bytes': (t) => {
    const bytes = Buffer.from('0123456789abcdef');
    const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(65);
    const forms = {
      string: 'text ä€',
      buffer: bytes,
      'part of a buffer': bytes.subarray(3, 7),
      Uint8Array: new Uint8Array([104, 105]),
      DataView: new DataView(bytes.buffer, bytes.byteOffset + 2, 5),
      Uint16Array: new Uint16Array([0x4241, 0x4443]),
      Float64Array: new Float64Array([1]),
      Uint8ClampedArray: new Uint8ClampedArray([65]),
      'shared memory': shared,
      'an empty array': new Uint8Array(0),
      'an empty string': '',
      zero: 0,
      false: false,
      null: null,
      undefined: undefined,
      NaN: Number.NaN,
    };
    for (const [label, input] of Object.entries(forms)) {
      t.log(label, shape(t.cp.spawnSync('cat', { input })));
    }
  },

  'input of a wrong type is refused, also where there is no pipe for it': (t) => {
    const wrong = [
      1,
      true,
      {},
      [],
      [1],
      () => {},
      Symbol('s'),
      3n,
      new Date(0),
      new ArrayBuffer(2),
    ];
    for (const input of wrong) t.attempt('input', () => t.cp.spawnSync('cat', { input }));
    t.attempt('boxed', () => t.cp.spawnSync('cat', { input: new String('abc') }));
    for (const stdio of ['ignore', 'inherit', ['ignore', 'pipe', 'pipe']]) {
      t.attempt('no pipe', () => t.cp.spawnSync('cat', { input: 5, stdio }));
    }
  },

  'the encoding is the one of the input too': (t) => {
    const encodings = ['utf8', 'latin1', 'hex', 'base64', 'base64url', 'ascii', 'binary', 'ucs2'];
    for (const encoding of encodings) {
      t.log(encoding, shape(t.cp.spawnSync('cat', { input: '4142é', encoding })));
      t.log(encoding, shape(t.cp.spawnSync('od', ['-c'], { input: '4142é', encoding })));
    }
    for (const encoding of ['buffer', 'unknown', 5, null, undefined, '']) {
      t.attempt(String(encoding), () =>
        t.log(shape(t.cp.spawnSync('cat', { input: '4142é', encoding }))),
      );
    }
  },

  'input is ignored where standard input is no pipe': (t) => {
    t.log(shape(t.cp.spawnSync('cat', { input: 'x', stdio: ['ignore', 'pipe', 'pipe'] })));
    const fd = fs.openSync('/dev/null', 'r');
    t.log(shape(t.cp.spawnSync('cat', { input: 'x', stdio: [fd, 'pipe', 'pipe'] })));
    fs.closeSync(fd);
  },

  'without input standard input is at its end': (t) => {
    logShell(t, 'cat', 'cat; echo done');
    logShell(t, 'read', 'read line; echo $?');
    logShell(t, 'empty', 'cat; echo done', { input: '' });
  },

  'megabytes go in and come back': (t) => {
    const input = Buffer.alloc(3_000_000);
    for (let i = 0; i < input.length; i++) input[i] = (i * 7919) >> 3;
    const result = t.cp.spawnSync('cat', { input, maxBuffer: Number.POSITIVE_INFINITY });
    t.log(shape(result), digest(result.stdout) === digest(input));
    t.log(result.stdout.byteOffset, result.stdout.buffer.byteLength);
  },

  'input, output and errors flow at once': (t) => {
    const block = 'head -c 700000 /dev/zero';
    const script = `${block} >&2; ${block}; cat; ${block} >&2; cat | wc -c; ${block}`;
    const options = { input: Buffer.alloc(900_000, 'x'), maxBuffer: 10_000_000 };
    const result = logShell(t, 'all', script, options);
    t.log(digest(result.stdout), digest(result.stderr));
  },

  'input that is not read to its end is EPIPE, beside the status': (t) => {
    const input = 'x'.repeat(3_000_000);
    logShell(t, 'nothing read', 'exit 3', { input });
    logShell(t, 'some read', 'head -c 5; exit 4', { input });
    logShell(t, 'closed', 'exec <&-; sleep 0.05; echo on', { input });
    logShell(t, 'killed', 'kill -9 $$', { input });
  },

  'a little input that is not read is no error': (t) => {
    logShell(t, 'small', 'sleep 0.03; exit 3', { input: 'x' });
  },

  'output is text in every encoding': (t) => {
    const script = 'printf "\\303\\244\\342\\202\\254\\360\\237\\230\\200\\377z"';
    for (const encoding of ['utf8', 'UTF-8', 'latin1', 'hex', 'base64', 'ascii', 'utf16le']) {
      logShell(t, encoding, script, { encoding });
    }
  },

  'no encoding means Buffers': (t) => {
    for (const encoding of ['buffer', null, undefined, '', 0, false]) {
      t.log(encoding, shape(t.cp.spawnSync('echo', ['a'], { encoding })));
    }
  },

  'an unknown encoding throws once there is output': (t) => {
    for (const encoding of ['unknown', 'BUFFER', 5, true, {}]) {
      t.attempt('output', () => t.cp.spawnSync('echo', ['a'], { encoding }));
      t.attempt('none', () => t.log(shape(t.cp.spawnSync('true', { encoding }))));
      t.attempt('ignored', () => t.cp.spawnSync('echo', ['a'], { encoding, stdio: 'ignore' }));
      t.attempt('missing', () => t.cp.spawnSync(MISSING, { encoding }));
    }
  },

  'characters are whole however they are cut in reading': (t) => {
    const input = '€'.repeat(100_000);
    const { stdout } = t.cp.spawnSync('cat', { input, encoding: 'utf8' });
    t.log(stdout === input, stdout.length);
  },

  'maxBuffer: what exceeds it is an error, and the output is not cut': (t) => {
    const script = 'echo 123456789; exec sleep 20';
    for (const maxBuffer of [1, 4, 9, 9.5, 0.5]) {
      logShell(t, `${maxBuffer}`, script, { maxBuffer });
    }
    const { error } = shell(t, script, { maxBuffer: 4 });
    t.log(error.name, error instanceof Error, Object.keys(error));
    logShell(t, 'text', script, { maxBuffer: 4, encoding: 'utf8' });
    logShell(t, 'characters count as bytes', 'printf "ääää"; exec sleep 20', {
      maxBuffer: 7,
      encoding: 'utf8',
    });
  },

  'maxBuffer: exactly as much is fine': (t) => {
    logShell(t, '10', 'echo 123456789', { maxBuffer: 10 });
    logShell(t, '10.5', 'echo 123456789', { maxBuffer: 10.5 });
    logShell(t, 'default', 'head -c 1048576 /dev/zero');
    logShell(t, 'in two parts', 'echo 1234; sleep 0.02; echo 1234', { maxBuffer: 10 });
  },

  'maxBuffer counts all outputs together': (t) => {
    const script = 'echo 1234; sleep 0.05; echo 5678 >&2; exec sleep 20';
    logShell(t, 'both', script, { maxBuffer: 6 });
    logShell(t, 'enough', 'echo 1234; echo 5678 >&2', { maxBuffer: 10 });
    logShell(t, 'an extra pipe', 'echo 1234; sleep 0.05; echo 5678 >&3; exec sleep 20', {
      maxBuffer: 6,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    logShell(t, 'what is ignored does not count', 'echo 123456789; echo e >&2', {
      maxBuffer: 4,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
  },

  'maxBuffer: the default is 1 MiB, and no value but a number is a limit': (t) => {
    const flood = 'head -c 3000000 /dev/zero; exec sleep 20';
    const { error, signal, stdout } = shell(t, flood);
    t.log(
      error.code,
      error.message,
      signal,
      stdout.length > 2 ** 20,
      stdout.length <= 2 ** 20 + 65536,
    );
    for (const maxBuffer of [undefined, null, 0, Number.POSITIVE_INFINITY, 1e300]) {
      logShell(t, `${maxBuffer}`, 'head -c 3000000 /dev/zero', { maxBuffer });
    }
  },

  'maxBuffer: the child gets killSignal, and is waited for': (t) => {
    for (const killSignal of ['SIGKILL', 'sigint', 1, undefined, null]) {
      const result = shell(t, 'echo 1234; exec sleep 20', { maxBuffer: 2, killSignal });
      t.log(killSignal, result.error.code, result.signal, result.status);
    }
    const stubborn = 'trap "exit 7" TERM; echo 1234; while :; do sleep 0.02; done';
    logShell(t, 'a handler', stubborn, { maxBuffer: 2 });
  },

  'maxBuffer: an exited child keeps its status, and a grandchild is let go': (t) => {
    const start = Date.now();
    const script = '(sleep 0.1; echo 12345678; exec sleep 3) & exit 5';
    logShell(t, 'grandchild', script, { maxBuffer: 4 });
    t.log(Date.now() - start < 2500);
  },

  'timeout: an error, the output so far, and the signal': (t) => {
    const start = Date.now();
    const script = 'echo out; echo err >&2; exec sleep 20';
    logShell(t, 'timeout', script, { timeout: 300 });
    t.log(Date.now() - start >= 299, Date.now() - start < 10_000);
    logShell(t, 'text', script, { timeout: 300, encoding: 'utf8' });
    const { error } = shell(t, 'exec sleep 20', { timeout: 10 });
    t.log(Object.keys(error), error.errno, error.code, error.syscall, error.path, error.spawnargs);
  },

  'timeout: killSignal, and a child with a handler of its own': (t) => {
    for (const killSignal of ['SIGKILL', 'SIGINT', 'sigusr1', 9]) {
      const result = shell(t, 'exec sleep 20', { timeout: 20, killSignal });
      t.log(killSignal, result.error.code, result.signal, result.status);
    }
    const handler = 'trap "exit 7" TERM; while :; do sleep 0.02; done';
    logShell(t, 'exits by itself', handler, { timeout: 300 });
    logShell(t, 'ignores it', 'trap "" TERM; sleep 0.5; exit 8', { timeout: 300 });
  },

  'timeout: none if the child is in time, or there is none': (t) => {
    for (const timeout of [0, 10_000, 2 ** 31, 2 ** 32, 2 ** 40, undefined, null]) {
      const start = Date.now();
      logShell(t, `${timeout}`, 'sleep 0.01; echo a', { timeout });
      t.log(Date.now() - start < 5000);
    }
  },

  'timeout: counts on after the exit, while a grandchild holds the output': (t) => {
    const start = Date.now();
    logShell(t, 'grandchild', 'sleep 3 & echo a; exit 3', { timeout: 300 });
    t.log(Date.now() - start < 2500);
  },

  'a grandchild that holds the output is waited for': (t) => {
    logShell(t, 'stdout', '(sleep 0.1; echo late) & echo early; exit 3');
    logShell(t, 'stderr', '(sleep 0.1; echo late >&2) >/dev/null & exit 3');
    logShell(t, 'redirected', 'sleep 1 >/dev/null 2>&1 & exit 3');
  },

  'a child that closes its outputs is waited for': (t) => {
    const start = Date.now();
    logShell(t, 'closed', 'exec >&- 2>&- <&-; sleep 0.1; exit 3');
    t.log(Date.now() - start >= 95);
    logShell(t, 'and timed out', 'exec >&- 2>&-; exec sleep 20', { timeout: 50 });
  },

  'stdio: nothing but pipes has output': (t) => {
    const script = 'cat; echo out; echo err >&2';
    for (const stdio of [
      'pipe',
      'ignore',
      ['pipe', 'ignore', 'pipe'],
      [null, undefined, 'ignore'],
    ]) {
      logShell(t, `${stdio}`, script, { stdio, input: 'in' });
    }
    for (const stdio of [undefined, null, '', 0, false]) logShell(t, `${stdio}`, script, { stdio });
    logShell(t, 'negative numbers are pipes', script, { stdio: [-1, -7, -1] });
  },

  'stdio: extra pipes are captured, in their places': (t) => {
    const stdio = ['pipe', 'pipe', 'pipe', 'pipe', null, 'pipe', 'ignore', 'pipe'];
    logShell(t, 'all', 'echo 3 >&3; echo 5 >&5; echo 7 >&7; echo 1; echo 2 >&2', { stdio });
    logShell(t, 'text', 'echo 3 >&3', { stdio: [...stdio], encoding: 'utf8' });
    logShell(t, 'not open', '{ echo 4 >&4; } 2>/dev/null; echo $?', { stdio: [...stdio] });
  },

  'stdio: descriptors, objects that have one, and streams': (t) => {
    const file = path.join(t.tmp, 'file');
    for (const form of [(fd) => fd, (fd) => ({ fd }), (fd) => new fs.WriteStream(null, { fd })]) {
      const fd = fs.openSync(file, 'w');
      logShell(t, 'out', 'echo out; echo err >&2', { stdio: ['pipe', form(fd), form(fd)] });
      fs.closeSync(fd);
      t.log(fs.readFileSync(file, 'utf8'));
    }
    const fd = fs.openSync(file, 'r');
    t.log(shape(t.cp.spawnSync('cat', { stdio: [fd, 'pipe', 'pipe'] })));
    fs.closeSync(fd);
  },

  'stdio: descriptors that cross': (t) => {
    const files = [1, 2].map((n) => path.join(t.tmp, `${n}`));
    const fds = files.map((file) => fs.openSync(file, 'w'));
    const stdio = ['ignore', fds[0], fds[1], ...Array(fds[1] + 1).fill('ignore')];
    stdio[fds[0]] = fds[1];
    stdio[fds[1]] = fds[0];
    // By their names: a shell's redirections end at 9.
    const write = (text, fd) => `echo ${text} >>/proc/$$/fd/${fd}`;
    const script = `echo 1; echo 2 >&2; ${write('first', fds[0])}; ${write('second', fds[1])}`;
    const { status, error } = shell(t, script, { stdio });
    for (const fd of fds) fs.closeSync(fd);
    t.log(status, error);
    t.log(files.map((file) => fs.readFileSync(file, 'utf8')));
  },

  'stdio: inherit and the streams of this process': async (t) => {
    const body = (cp, log) => {
      const shape = ({ status, output, error }) => log(status, output, error);
      shape(cp.spawnSync('sh', ['-c', 'echo "[1]"'], { stdio: 'inherit' }));
      shape(cp.spawnSync('sh', ['-c', 'echo "[2]"'], { stdio: [0, 1, 2] }));
      shape(cp.spawnSync('sh', ['-c', 'echo "[3]" >&2'], { stdio: ['pipe', 'pipe', 1] }));
      const { stdin, stdout, stderr } = process;
      shape(cp.spawnSync('sh', ['-c', 'echo "[4]"'], { stdio: [stdin, stdout, stderr] }));
      shape(
        cp.spawnSync('sh', ['-c', 'echo "[5]" >&2'], { stdio: ['inherit', 'inherit', stdout] }),
      );
      shape(cp.spawnSync('sh', ['-c', 'head -c 1'], { stdio: [0, 'pipe', 'pipe'] }));
    };
    await runScript(t, body, { stdio: ['ignore', 'pipe', 'pipe'] });
  },

  'stdio: a listening server goes to the child by its handle': async (t) => {
    const net = require('node:net');
    const server = net.createServer().listen(0);
    await once(server, 'listening');
    const stdio = ['pipe', 'pipe', 'pipe', server._handle];
    logShell(t, 'server', 'readlink /proc/self/fd/3 | cut -c 1-7', { stdio });
    server.close();
    await once(server, 'close');
  },

  'stdio: text and bytes in the list are passed over': (t) => {
    const script = 'echo 1; echo 2 >&2; echo 0 >&0';
    const bytes = Buffer.from('x');
    for (const stdio of [
      ['pipe', 'pipe', 'text'],
      ['pipe', bytes, 'pipe'],
      [new DataView(new ArrayBuffer(1)), 'pipe', 'pipe'],
      ['pipe', 'text', 'pipe', 'pipe'],
    ]) {
      logShell(t, 'list', script, { stdio });
    }
  },

  'stdio: holes are passed over, a short list is padded where it is': (t) => {
    const short = ['pipe'];
    logShell(t, 'short', 'echo a; echo b >&2', { stdio: short });
    t.log(short);
    // biome-ignore lint/suspicious/noSparseArray: what a hole does is the point
    const stdio = ['pipe', 'pipe', , 'pipe'];
    logShell(t, 'hole', 'echo a; echo b >&2', { stdio });
  },

  'stdio: forms that are refused': (t) => {
    for (const stdio of [5, true, {}, 'none', 'ipc', () => {}, ['ipc'], ['pipe', 'ipc'], [{}]]) {
      t.attempt('stdio', () => t.cp.spawnSync('true', { stdio }));
    }
    for (const item of [true, {}, [], () => {}, Symbol('s'), { fd: '1' }]) {
      t.attempt('item', () => t.cp.spawnSync('true', { stdio: ['pipe', 'pipe', item] }));
    }
  },

  'stdio: the pipes of the child are sockets': (t) => {
    const script = 'for fd in 0 1 2 3; do readlink /proc/$$/fd/$fd | cut -d: -f1; done';
    logShell(t, 'kinds', script, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    logShell(t, 'ignored', 'readlink /proc/$$/fd/0; readlink /proc/$$/fd/2', {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  },

  'a child may write to its standard input': (t) => {
    logShell(t, 'write', 'echo x >&0; echo $?');
    logShell(t, 'after input', 'cat; echo x >&0; echo $?', { input: 'in' });
  },

  'the child has no descriptors but its own, and they block': (t) => {
    const fd = fs.openSync('/dev/null', 'r');
    logShell(t, 'open', 'ls /proc/$$/fd');
    const flags = 'for fd in 0 1 2; do grep flags /proc/$$/fdinfo/$fd; done';
    logShell(t, 'flags', flags);
    fs.closeSync(fd);
  },

  'the child has no signal blocked or ignored': (t) => {
    logShell(t, 'signals', 'exec grep -E "Sig(Blk|Ign)" /proc/self/status');
  },

  'detached children lead a session of their own': (t) => {
    const leads = (options) => {
      const script = 'cut -d " " -f 1,6 /proc/$$/stat';
      const [pid, session] = String(shell(t, script, options).stdout)
        .trim()
        .split(' ');
      return pid === session;
    };
    t.log(leads({ detached: true }), leads({ detached: false }), leads({}));
  },

  'checks come in order': (t) => {
    const bad = {
      cwd: 5,
      shell: 5,
      timeout: -1,
      maxBuffer: -1,
      killSignal: 'none',
      stdio: 'none',
      input: 5,
    };
    for (const name of Object.keys(bad)) {
      t.attempt('all', () => t.cp.spawnSync('true', [], { ...bad }));
      delete bad[name];
    }
    t.attempt('none', () => t.cp.spawnSync('true', [], bad));
    t.attempt('signal', () =>
      t.log(shape(t.cp.spawnSync('true', { signal: 5, serialization: 5 }))),
    );
  },

  'an aborted signal and other options of spawn do nothing': (t) => {
    t.log(shape(t.cp.spawnSync('true', { signal: AbortSignal.abort(), windowsHide: true })));
  },

  'options are not modified, and Object.prototype is no option': (t) => {
    const options = Object.freeze({
      input: 'x',
      encoding: 'utf8',
      stdio: Object.freeze(['pipe', 'pipe', 'pipe']),
    });
    t.log(shape(t.cp.spawnSync('cat', Object.freeze([]), options)));
    const prototype = /** @type {any} */ (Object.prototype);
    const inherited = { encoding: 'hex', maxBuffer: 1, timeout: 1, cwd: '/usr', shell: true };
    for (const [key, value] of Object.entries(inherited)) {
      Object.defineProperty(prototype, key, { value, configurable: true, writable: true });
    }
    try {
      const { error, stdout } = t.cp.spawnSync('sh', ['-c', 'sleep 0.02; pwd'], {});
      t.log(error, String(stdout).trim() === process.cwd());
    } finally {
      for (const key of Object.keys(inherited)) delete prototype[key];
    }
  },

  'signals of this process wait for the end of the call, and do not disturb it': async (t) => {
    const seen = once(process, 'SIGUSR2');
    process.once('SIGUSR2', () => t.log('handler'));
    const script = 'kill -USR2 $PPID; sleep 0.05; cat; kill -USR2 $PPID; echo done';
    logShell(t, 'result', script, { input: 'in ' });
    t.log('returned');
    await seen;
  },

  'nothing runs in JavaScript meanwhile': async (t) => {
    const timer = new Promise((resolve) => setTimeout(() => resolve(t.log('timer')), 1));
    const tick = Promise.resolve().then(() => t.log('microtask'));
    process.nextTick(() => t.log('tick'));
    t.log(String(t.cp.spawnSync('sleep', ['0.05']).status));
    await Promise.all([timer, tick]);
  },

  'children of spawn go on meanwhile, and their ends are not lost': async (t) => {
    const child = t.cp.spawn('sh', ['-c', 'cat; exit 4']);
    const text = t.text(child.stdout);
    child.stdin.end('from spawn');
    const closed = t.closed(child);
    logShell(t, 'sync', 'sleep 0.1; exit 3');
    t.log(await text, await closed);
  },

  'no descriptor and no zombie is left on any path': (t) => {
    const paths = [
      () => shell(t, 'echo a; exit 3', { input: 'x', stdio: ['pipe', 'pipe', 'pipe', 'pipe'] }),
      () => t.cp.spawnSync(MISSING),
      () => t.cp.spawnSync('true', { cwd: '/nonexistent' }),
      () => t.cp.spawnSync('true', { stdio: ['pipe', 'pipe', 9999] }),
      () => shell(t, 'echo 1234; exec sleep 20', { maxBuffer: 1 }),
      () => shell(t, 'exec sleep 20', { timeout: 5 }),
      () => shell(t, 'exit 0', { input: 'x'.repeat(300_000) }),
      () => t.cp.spawnSync('echo', ['a'], { encoding: 'unknown' }),
      () => t.cp.spawnSync('true', { stdio: ['pipe', 'none'] }),
      () => t.cp.spawnSync('true', { input: 5 }),
    ];
    const runAll = () => {
      for (const run of paths) {
        try {
          run();
        } catch {}
      }
    };
    runAll();
    const before = countFds();
    for (let i = 0; i < 3; i++) runAll();
    t.log(countFds() - before, countZombies());
  },

  'without descriptors': async (t) => {
    await runScript(
      t,
      (cp, log) => {
        const { openSync, closeSync } = require('node:fs');
        const held = [];
        try {
          for (;;) held.push(openSync('/dev/null'));
        } catch {}
        const { error, status, output, pid } = cp.spawnSync('true');
        for (const fd of held) closeSync(fd);
        log(error?.code, error?.message, status, output, pid);
        log(cp.spawnSync('true').status);
      },
      { limit: '-n 64' },
    );
  },

  'results have memory of their own, which can be given away': (t) => {
    const first = t.cp.spawnSync('echo', ['first']);
    const second = t.cp.spawnSync('echo', ['second']);
    t.log(first.stdout.byteOffset, first.stdout.buffer.byteLength);
    t.log(first.stdout.buffer !== second.stdout.buffer, first.stdout.constructor === Buffer);
    const moved = structuredClone(first.stdout.buffer, { transfer: [first.stdout.buffer] });
    t.log(String(Buffer.from(moved)), first.stdout.length);
    first.stderr.fill(0);
    t.log(first.stderr.length, second.stderr.buffer.byteLength);
  },

  'big results in a row are all right and stay so': (t) => {
    const results = [];
    for (let i = 0; i < 4; i++) {
      const script = `head -c 20000000 /dev/zero | tr '\\0' ${i}; head -c 3000000 /dev/zero >&2`;
      results.push(shell(t, script, { maxBuffer: Number.POSITIVE_INFINITY }));
    }
    for (const [i, { stdout, stderr }] of results.entries()) {
      t.log(
        stdout.length,
        stderr.length,
        stdout.every((byte) => byte === 48 + i),
      );
      t.log(stdout.buffer.byteLength, stderr.buffer.byteLength);
    }
  },

  'in a worker thread': async (t) => {
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      const cp = require(workerData);
      const { status, stdout } = cp.spawnSync('cat', { input: 'in a worker' });
      const big = cp.spawnSync('head', ['-c', '5000000', '/dev/zero'], { maxBuffer: Infinity });
      parentPort.postMessage([status, String(stdout), big.stdout.length]);`;
    const worker = new Worker(code, { eval: true, workerData: t.modulePath });
    const [[message], exit] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
    t.log(message, exit);
  },

  'while the process exits': async (t) => {
    await runScript(t, (cp, log) => {
      process.on('exit', () => log(String(cp.spawnSync('echo', ['at exit']).stdout)));
    });
  },

  'many in a row': (t) => {
    const codes = Array.from({ length: 30 }, (_, i) => shell(t, `exit ${i}`).status);
    t.log(codes);
  },
};
