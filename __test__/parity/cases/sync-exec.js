'use strict';
// execSync and execFileSync: what they return, what they throw, and what they print.

const { inspect } = require('node:util');
const { runScript } = require('../../helpers/own-process.js');

const MISSING = '/nonexistent/program';

/** Logs a thrown error with its keys in order, without the pid. */
function thrown(t, label, fn) {
  try {
    t.log(label, 'returned', fn());
  } catch (error) {
    t.log(label, error.name, error.message, Object.keys(error));
    const { pid, ...rest } = error;
    t.log(label, typeof pid, pid === 0, { ...rest, error: rest.error && rest.error === error });
    return error;
  }
  return undefined;
}

/** Logs what is written to process.stderr while `fn` runs. */
function echoed(t, label, fn) {
  const { write } = process.stderr;
  const written = [];
  process.stderr.write = (...args) => {
    written.push(args);
    return true;
  };
  try {
    fn();
  } catch (error) {
    written.push(error.message);
  } finally {
    process.stderr.write = write;
  }
  t.log(label, written);
}

module.exports = {
  'execSync returns what was written to standard output': (t) => {
    t.log(t.cp.execSync('echo a; echo b'));
    t.log(t.cp.execSync('printf "ä€"', { encoding: 'utf8' }));
    t.log(t.cp.execSync('true'), t.cp.execSync('true', { encoding: 'utf8' }));
    t.log(t.cp.execSync('echo a', { encoding: 'buffer' }), t.cp.execSync('echo a', {}));
    t.log(t.cp.execSync('echo a', undefined), t.cp.execSync('echo a', null));
  },

  'execFileSync returns what was written to standard output': (t) => {
    t.log(t.cp.execFileSync('echo', ['a', 'b c', '$HOME']));
    t.log(t.cp.execFileSync('echo', ['ä'], { encoding: 'latin1' }));
    t.log(t.cp.execFileSync('echo'), t.cp.execFileSync('echo', { encoding: 'utf8' }));
    t.log(t.cp.execFileSync('echo', null, null), t.cp.execFileSync('echo', undefined, undefined));
    t.log(t.cp.execFileSync('cat', { input: 'in', encoding: 'utf8' }));
  },

  'without a pipe they return null': (t) => {
    t.log(t.cp.execSync('echo a', { stdio: 'ignore' }));
    t.log(t.cp.execFileSync('echo', ['a'], { stdio: 'ignore', encoding: 'utf8' }));
    t.log(t.cp.execSync('echo a', { stdio: ['pipe', 'ignore', 'pipe'] }));
  },

  'a failing command is thrown with its whole result': (t) => {
    const error = thrown(t, 'plain', () =>
      t.cp.execSync('echo out; echo err >&2; exit 3', { stdio: 'pipe' }),
    );
    t.log(
      error.constructor === Error,
      error.code,
      'cmd' in error,
      error.stdout === error.output[1],
    );
    const { value, ...flags } = Object.getOwnPropertyDescriptor(error, 'status');
    t.log(value, flags, String(error.stack).split('\n').slice(0, 2));
    thrown(t, 'text', () =>
      t.cp.execSync('echo out; echo err >&2; exit 3', { stdio: 'pipe', encoding: 'utf8' }),
    );
    thrown(t, 'hex', () =>
      t.cp.execSync('echo err >&2; exit 3', { stdio: 'pipe', encoding: 'hex' }),
    );
    thrown(t, 'silent', () => t.cp.execSync('exit 3'));
    thrown(t, 'ignored', () => t.cp.execSync('echo err >&2; exit 3', { stdio: 'ignore' }));
  },

  'a failing file is thrown with its arguments in the message': (t) => {
    const options = { stdio: 'pipe' };
    thrown(t, 'args', () =>
      t.cp.execFileSync('sh', ['-c', 'exit 2', 'a', 'b c', 1, null], options),
    );
    thrown(t, 'argv0', () =>
      t.cp.execFileSync('sh', ['-c', 'exit 2'], { ...options, argv0: 'zero' }),
    );
    thrown(t, 'no args', () => t.cp.execFileSync('false', options));
    thrown(t, 'stderr', () => t.cp.execFileSync('sh', ['-c', 'echo "a\nb" >&2; exit 2'], options));
    thrown(t, 'empty argv0', () => t.cp.execFileSync('false', [], { argv0: '' }));
  },

  'a killed command is thrown with its signal': (t) => {
    thrown(t, 'signal', () => t.cp.execSync('kill -9 $$'));
    thrown(t, 'real-time', () => t.cp.execSync('kill -40 $$'));
    thrown(t, 'file', () => t.cp.execFileSync('sh', ['-c', 'kill -TERM $$']));
  },

  'a missing program: the error of the result, and the result in it': (t) => {
    const error = thrown(t, 'file', () => t.cp.execFileSync(MISSING, ['one', 2]));
    t.log(error.error === error, error.status, error.stdout, error.stderr, error.output, error.pid);
    thrown(t, 'shell', () => t.cp.execSync('true', { shell: MISSING }));
    thrown(t, 'cwd', () => t.cp.execSync('true', { cwd: '/nonexistent' }));
    t.log(/Circular/.test(inspect(error)));
  },

  'a missing command of a shell is status 127': (t) => {
    try {
      t.cp.execSync('nonexistent-command', { stdio: 'pipe' });
    } catch (error) {
      t.log(error.status, error.message.split('\n')[0], /not found/.test(error.stderr));
    }
  },

  'limits are thrown, with the output so far': (t) => {
    const options = { stdio: 'pipe', encoding: 'utf8' };
    const command = 'echo out; exec sleep 20';
    thrown(t, 'maxBuffer', () => t.cp.execSync(command, { ...options, maxBuffer: 2 }));
    thrown(t, 'timeout', () => t.cp.execSync(command, { ...options, timeout: 300 }));
    const args = ['-c', command];
    thrown(t, 'file', () =>
      t.cp.execFileSync('sh', args, { ...options, timeout: 300, killSignal: 9 }),
    );
    thrown(t, 'stderr', () =>
      t.cp.execSync('echo err >&2; exec sleep 20', { ...options, maxBuffer: 2 }),
    );
  },

  'input that is not read is thrown, though the command succeeds': (t) => {
    thrown(t, 'unread', () => t.cp.execSync('echo a', { input: 'x'.repeat(3_000_000) }));
  },

  'errors of the child are printed if stdio is not given': (t) => {
    const command = 'echo err >&2';
    echoed(t, 'execSync', () => t.cp.execSync(command));
    echoed(t, 'text', () => t.cp.execSync(command, { encoding: 'utf8' }));
    echoed(t, 'none', () => t.cp.execSync('true'));
    echoed(t, 'no text', () => t.cp.execSync('true', { encoding: 'utf8' }));
    echoed(t, 'file', () => t.cp.execFileSync('sh', ['-c', command]));
    for (const stdio of [undefined, null, '', 0, 'pipe', 'ignore', [], ['pipe', 'pipe', 'pipe']]) {
      echoed(t, `stdio ${stdio}`, () => t.cp.execSync(command, { stdio }));
      echoed(t, `stdio ${stdio}`, () => t.cp.execFileSync('sh', ['-c', command], { stdio }));
    }
  },

  'errors are printed before one is thrown': (t) => {
    echoed(t, 'failing', () => t.cp.execSync('echo err >&2; exit 3'));
    echoed(t, 'missing', () => t.cp.execFileSync(MISSING));
    echoed(t, 'killed', () => t.cp.execSync('echo err >&2; kill -9 $$'));
    echoed(t, 'timeout', () => t.cp.execSync('echo err >&2; exec sleep 20', { timeout: 300 }));
    echoed(t, 'spawnSync', () => t.cp.spawnSync('sh', ['-c', 'echo err >&2']));
  },

  'errors reach the standard error of this process': async (t) => {
    const body = (cp, log) => {
      log(String(cp.execSync('echo err >&2; echo out')));
      cp.execSync('echo quiet >&2', { stdio: 'pipe' });
      cp.execSync('echo "[1]"; echo inherited >&2', { stdio: 'inherit' });
    };
    t.log(await runScript(t, body));
  },

  'an uncaught failure ends the process': async (t) => {
    const body = (cp) => cp.execSync('exit 3');
    const stderr = await runScript(t, body);
    t.log(/^Error: Command failed: exit 3$/m.test(stderr), /status: 3,/.test(stderr));
  },

  'execSync has a shell, whatever the option says': (t) => {
    for (const shell of [undefined, null, false, true, '', 0, 1, '/bin/sh']) {
      t.attempt(`${shell}`, () =>
        t.log(t.cp.execSync('echo $((1 + 2))', { shell, encoding: 'utf8' })),
      );
    }
    t.attempt('an object', () => t.log(t.cp.execSync('echo $0', { shell: {} })));
    t.log(String(t.cp.execSync('a b', { shell: '/bin/echo' })));
  },

  'execFileSync has a shell if asked': (t) => {
    t.log(String(t.cp.execFileSync('echo $((1 + 2))', [], { shell: true })));
    t.log(String(t.cp.execFileSync('echo $((1 + 2))', { shell: '/bin/sh' })));
    thrown(t, 'failing', () => t.cp.execFileSync('exit 3', { shell: true }));
  },

  'options reach the child': (t) => {
    t.log(t.cp.execSync('pwd', { cwd: '/usr', encoding: 'utf8' }));
    t.log(t.cp.execSync('echo $A', { env: { A: 'a' }, encoding: 'utf8' }));
    t.log(t.cp.execSync('cat', { input: Buffer.from('in'), encoding: 'utf8' }));
    t.log(t.cp.execFileSync('pwd', [], { cwd: '/usr', encoding: 'utf8' }));
    t.log(t.cp.execFileSync('sh', ['-c', 'echo $A'], { env: { A: 'a' }, encoding: 'utf8' }));
    const stdio = ['pipe', 'pipe', 'pipe', 'pipe'];
    t.log(t.cp.execSync('echo 3 >&3; echo 1', { stdio, encoding: 'utf8' }));
  },

  'they call the spawnSync of their module, not the exported one': (t) => {
    const { spawnSync, execFileSync } = t.cp;
    t.cp.spawnSync = t.cp.execFileSync = () => t.log('called');
    try {
      t.log(String(t.cp.execSync('echo a')), String(execFileSync('echo', ['b'])));
    } finally {
      Object.assign(t.cp, { spawnSync, execFileSync });
    }
  },

  'wrong arguments throw before anything runs': (t) => {
    for (const command of [undefined, null, 5, {}, [], '', 'a\0b']) {
      t.attempt('execSync', () => t.cp.execSync(command));
      t.attempt('execFileSync', () => t.cp.execFileSync(command));
    }
    for (const options of [5, 'x', [], true, () => {}]) {
      t.attempt('execSync', () => t.cp.execSync('echo a', options));
      t.attempt('execFileSync', () => t.cp.execFileSync('echo', [], options));
    }
    t.attempt('encoding', () => t.cp.execSync('echo a', { encoding: 'unknown' }));
    t.attempt('input', () => t.cp.execSync('cat', { input: 5 }));
    t.attempt('ipc', () => t.cp.execSync('true', { stdio: ['pipe', 'pipe', 'pipe', 'ipc'] }));
    t.attempt('timeout', () => t.cp.execSync('true', { timeout: -1 }));
  },

  'options and arguments are not modified': (t) => {
    const options = Object.freeze({ encoding: 'utf8', env: Object.freeze({ A: 'a' }) });
    const args = Object.freeze(['-c', 'echo $A']);
    t.log(t.cp.execSync('echo $A', options), t.cp.execFileSync('sh', args, options));
  },

  'names and lengths': (t) => {
    for (const name of ['spawnSync', 'execSync', 'execFileSync']) {
      t.log(t.cp[name].name, t.cp[name].length, Object.getOwnPropertyNames(t.cp[name]));
    }
  },
};
