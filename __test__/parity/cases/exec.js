'use strict';
// exec and execFile: forms of the call, what the callback and the promise get, and everything that
// ends a run: exit, failure, timeout, abort, kill. What is captured is in exec-output.js.

const { AsyncLocalStorage } = require('node:async_hooks');
const { getEventListeners } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const util = require('node:util');
const { until, waitGone } = require('../../helpers/processes.js');

const MISSING = '/nonexistent/program';
const noop = () => {};

/** Starts a run by `call(callback)`; resolves with the callback's arguments. */
function result(call) {
  return new Promise((resolve) => call((...args) => resolve(args)));
}

const exec = (t, command, options) => result((callback) => t.cp.exec(command, options, callback));

const execFile = (t, file, args, options) =>
  result((callback) => t.cp.execFile(file, args, options, callback));

/** A run of exec under way; `done` resolves with the callback's arguments. */
function start(t, command, options, oncallback = noop) {
  let child;
  const done = result((callback) => {
    child = t.cp.exec(command, options, (...args) => {
      oncallback();
      callback(...args);
    });
  });
  return { child, done };
}

/** The own keys of an error, in their order. */
function keys(error) {
  return error && Object.keys(error);
}

/** Logs spawn, exit, close and error of a child, in their order. */
function logEvents(t, child) {
  for (const event of ['spawn', 'error', 'exit', 'close']) {
    child.on(event, (...args) => t.log(event, ...args));
  }
}

/** Runs `body` while ChildProcess.prototype.kill does its work and then throws. */
async function withThrowingKill(t, body) {
  const { kill } = t.cp.ChildProcess.prototype;
  t.cp.ChildProcess.prototype.kill = function (...args) {
    kill.apply(this, args);
    throw new Error('kill failed');
  };
  try {
    await body();
  } finally {
    t.cp.ChildProcess.prototype.kill = kill;
  }
}

/** The next exception that nobody catches. */
function uncaught() {
  return new Promise((resolve) => process.once('uncaughtException', resolve));
}

module.exports = {
  'exec calls back in every form of the call': async (t) => {
    const env = { PATH: process.env.PATH, WORD: 'set' };
    t.log(await result((done) => t.cp.exec('echo "[$WORD]"', done)));
    t.log(await result((done) => t.cp.exec('echo "[$WORD]"', { env }, done)));
    for (const options of [undefined, null, {}, 'text', 5, false, []]) {
      t.log(await result((done) => t.cp.exec('echo "[$WORD]"', options, done)));
    }
    // What follows a callback is ignored.
    t.log(await result((done) => t.cp.exec('echo "[$WORD]"', done, { env })));
    t.log(await result((done) => t.cp.exec('echo "[$WORD]"', done, noop)));
  },

  'execFile calls back in every form of the call': async (t) => {
    const options = { encoding: 'latin1' };
    const forms = {
      'file, callback': (done) => t.cp.execFile('echo', done),
      'file, callback, junk': (done) => t.cp.execFile('echo', done, 'junk'),
      'file, args, callback': (done) => t.cp.execFile('echo', ['a'], done),
      'file, args, callback, junk': (done) => t.cp.execFile('echo', ['a'], done, undefined),
      'file, options, callback': (done) => t.cp.execFile('echo', options, done),
      all: (done) => t.cp.execFile('echo', ['a'], options, done),
      'null args': (done) => t.cp.execFile('echo', null, options, done),
      'undefined args': (done) => t.cp.execFile('echo', undefined, options, done),
      'null options': (done) => t.cp.execFile('echo', ['a'], null, done),
      'undefined options': (done) => t.cp.execFile('echo', ['a'], undefined, done),
      'null args and options': (done) => t.cp.execFile('echo', null, null, done),
      'null args, callback': (done) => t.cp.execFile('echo', null, done),
      'empty args': (done) => t.cp.execFile('echo', [], done),
    };
    for (const [name, form] of Object.entries(forms)) t.log(name, await result(form));
  },

  'a callback is optional in every form': async (t) => {
    const forms = [
      () => t.cp.exec('exit 1'),
      () => t.cp.exec('exit 1', {}),
      () => t.cp.exec('exit 1', {}, null),
      () => t.cp.exec('exit 1', null, undefined),
      () => t.cp.execFile('false'),
      () => t.cp.execFile('false', []),
      () => t.cp.execFile('false', [], {}),
      () => t.cp.execFile('false', [], {}, null),
      () => t.cp.execFile('false', {}, null),
      () => t.cp.execFile('false', null, null, null),
    ];
    for (const form of forms) t.log(await t.closed(form()));
  },

  'a callback must be a function': async (t) => {
    for (const callback of ['text', 5, true, {}, [], Symbol('s')]) {
      t.attempt('exec', () => t.cp.exec('true', {}, callback));
      t.attempt('execFile', () => t.cp.execFile('true', [], {}, callback));
      t.attempt('execFile options', () => t.cp.execFile('true', {}, callback));
    }
  },

  'an empty command or file is refused': async (t) => {
    t.attempt('exec', () => t.cp.exec('', noop));
    t.attempt('exec options', () => t.cp.exec('', { shell: '/bin/sh' }));
    t.attempt('execFile', () => t.cp.execFile('', noop));
    t.attempt('blank', () => t.cp.execFile('', { shell: true }));
    t.log(await result((done) => t.cp.exec(' ', done)));
  },

  'of several mistakes the same one is reported': async (t) => {
    const bad = { timeout: -1, maxBuffer: -1, killSignal: 'no', signal: 5, cwd: 5, shell: 5 };
    const order = ['timeout', 'maxBuffer', 'killSignal', 'cwd', 'shell', 'signal'];
    for (const name of order) {
      t.attempt(`execFile before ${name}`, () => t.cp.execFile(5, ['a\0'], bad));
      delete bad[name];
    }
    t.attempt('file', () => t.cp.execFile(5, ['a\0'], {}));
    t.attempt('args', () => t.cp.execFile('true', ['a\0'], {}));
    t.attempt('exec', () => t.cp.exec(5, { timeout: -1 }));
    t.attempt('exec NUL', () => t.cp.exec('a\0', { timeout: -1 }));
    t.attempt('exec timeout', () => t.cp.exec('true', { timeout: -1, maxBuffer: -1 }));
  },

  'options are neither changed nor kept': async (t) => {
    const options = Object.freeze({ env: Object.freeze({ ...process.env, WORD: 'a' }) });
    const args = ['-c', 'echo $WORD; exit 3'];
    const pending = execFile(t, 'sh', args, options);
    args.push('later');
    args[0] = 'changed';
    t.log(await pending, args);

    const changing = { killSignal: 'SIGKILL', timeout: 50, maxBuffer: 5 };
    const run = exec(t, 'exec sleep 60', changing);
    Object.assign(changing, { killSignal: 'SIGINT', timeout: 0, maxBuffer: 0 });
    t.log(await run, changing);
  },

  'what stands on Object.prototype is no option': async (t) => {
    const polluted = { shell: '/nonexistent', timeout: -5, maxBuffer: 0, cwd: 5, uid: 'none' };
    for (const [key, value] of Object.entries(polluted)) {
      Object.defineProperty(Object.prototype, key, { value, configurable: true, writable: true });
    }
    try {
      t.log(await exec(t, 'echo a', {}), await execFile(t, 'echo', ['b'], {}));
    } finally {
      for (const key of Object.keys(polluted)) delete Object.prototype[key];
    }
  },

  'inherited options do not count, getters do': async (t) => {
    t.log(await exec(t, 'echo a', Object.create({ encoding: 'hex' })));
    t.log(
      await exec(t, 'echo a', {
        get encoding() {
          return 'hex';
        },
      }),
    );
  },

  'options that mean nothing to exec are passed by': async (t) => {
    const options = { windowsHide: 'yes', windowsVerbatimArguments: 7, input: 'text', other: 1 };
    t.log(await execFile(t, 'cat', ['/dev/null'], options));
    t.log(await exec(t, 'echo a', { ...options, stdio: 'ignore', detached: 5 }));
    t.log(await exec(t, 'echo a', { serialization: 'none', stdio: 'bad' }));
  },

  'the child of exec has all that a spawned one has': async (t) => {
    for (const name of ['exec', 'execFile']) {
      const child = t.cp[name]('true', noop);
      t.log(Object.keys(child).filter((key) => !key.startsWith('_')));
      t.log(child instanceof t.cp.ChildProcess, child.spawnfile, child.spawnargs);
      t.log(child.connected, child.killed, child.exitCode, typeof child.pid, child.stdio.length);
      t.log(child.stdin.writable, child.stdout.readable, child.stderr.readable);
      t.log(child.stdin.readable, child.stdio[1] === child.stdout, 'send' in child);
      await t.closed(child);
      t.log(child.exitCode, child.signalCode, child.killed);
    }
  },

  'exec listens once to each event that it needs': async (t) => {
    for (const args of [[], [{ timeout: 9_999 }, noop]]) {
      const child = t.cp.exec('true', ...args);
      t.log(child.eventNames(), child.listenerCount('close'), child.listenerCount('error'));
      t.log(child.stdout.eventNames(), child.stdout.listenerCount('data'));
      t.log(
        child.stderr.eventNames(),
        child.stderr.listenerCount('data'),
        child.stdin.eventNames(),
      );
      t.log(child.stdout.readableFlowing, child.stderr.readableFlowing);
      await t.closed(child);
    }
  },

  'the callback comes after exit and ahead of later close listeners': async (t) => {
    const child = t.cp.exec('exit 2', (error) => t.log('callback', error));
    logEvents(t, child);
    t.log('returned');
    await t.closed(child);
  },

  'the callback of a success gets null and two strings': async (t) => {
    await new Promise((resolve) => {
      t.cp.exec('echo out; echo err >&2', function (...args) {
        t.log(args.length, args, this === undefined);
        resolve();
      });
    });
  },

  'a failed command is described by keys in a fixed order': async (t) => {
    const [error, stdout, stderr] = await exec(t, 'echo out; echo err >&2; exit 3');
    t.log(keys(error), error, stdout, stderr);
    t.log(error.constructor === Error, error.toString(), error.stack.split('\n')[0]);
    t.log((await execFile(t, 'sh', ['-c', 'exit 255']))[0]);
  },

  'stderr stands in the message, whatever its encoding': async (t) => {
    for (const encoding of ['utf8', 'buffer', 'hex', 'utf16le']) {
      const [error] = await exec(t, "printf 'l1\\nl2\\303\\251' >&2; exit 1", { encoding });
      t.log(encoding, error.message);
    }
  },

  'a signal of whatever origin is told by name': async (t) => {
    for (const signal of ['TERM', 'KILL', 'HUP', 'ABRT', 'USR1', 'PIPE']) {
      const [error] = await exec(t, `ulimit -c 0; kill -${signal} $$`);
      t.log(keys(error), error);
    }
  },

  'cmd is file and arguments with blanks between': async (t) => {
    const args = ['a b', '', 'c', 1, null, undefined, true, { toString: () => 'object' }];
    t.log((await execFile(t, 'false', args))[0].cmd);
    t.log((await execFile(t, 'false', []))[0].cmd);
    t.log((await execFile(t, 'false', ['x'], { argv0: 'other' }))[0].cmd);
    t.log((await execFile(t, 'exit', ['4'], { shell: true }))[0]);
    t.log((await exec(t, '  exit   4  '))[0]);
  },

  'a shell is chosen by path': async (t) => {
    t.log(await exec(t, 'echo $0', { shell: '/bin/sh' }));
    t.log(await exec(t, 'echo $0', { shell: '/bin/bash' }));
    t.log(await execFile(t, 'echo', ['$0'], { shell: '/bin/bash' }));
    t.log(await exec(t, 'echo $0', { shell: '/nonexistent/shell' }));
    t.log(await exec(t, 'echo a', { shell: '/bin/cat' }));
    t.log(await exec(t, 'exit 6', { shell: '' }));
  },

  "quotes, redirections and several lines are the shell's": async (t) => {
    t.log(await exec(t, 'echo "a  b" \'c"d\' | tr a-z A-Z'));
    t.log(await exec(t, 'x=1\necho $x\n(echo sub; exit 9) || echo $?'));
    t.log(await exec(t, 'echo é “ü” 🙂'));
  },

  'a missing program is the error of spawn with cmd': async (t) => {
    for (const encoding of ['utf8', 'buffer', 'hex']) {
      const [error, stdout, stderr] = await execFile(t, MISSING, ['a', 'b'], { encoding });
      t.log(keys(error), error, stdout, stderr);
    }
    t.log(await execFile(t, 'no such program', []));
  },

  'events of a missing program': async (t) => {
    const child = t.cp.execFile(MISSING, ['a'], (error) => {
      t.log('callback', error.code, child.stdout.destroyed, child.stderr.destroyed, child.exitCode);
    });
    logEvents(t, child);
    t.log(child.pid, child.stdin !== null, child.stdout !== null);
    await t.closed(child);
  },

  'through a shell a missing program is exit code 127': async (t) => {
    const [error, stdout] = await exec(t, MISSING);
    t.log(error.code, error.killed, error.signal, error.cmd, stdout);
    const [other] = await execFile(t, MISSING, ['a'], { shell: true });
    t.log(other.code, other.cmd);
  },

  'other failures to start': async (t) => {
    const plain = path.join(t.tmp, 'plain');
    fs.writeFileSync(plain, 'text');
    const [error] = await execFile(t, plain, []);
    t.log(
      error.code,
      error.errno,
      error.syscall === `spawn ${plain}`,
      error.spawnargs,
      keys(error),
    );
    t.log(await execFile(t, 'true', [], { cwd: '/nonexistent' }));
    t.log(await exec(t, 'true', { cwd: '/nonexistent' }));
    t.log(await execFile(t, 'true', [], { env: { PATH: '/nonexistent' } }));
  },

  'what spawn throws exec throws, and calls nothing': async (t) => {
    const callback = () => t.log('called');
    const long = 'x'.repeat(300_000);
    t.attempt('E2BIG', () => t.cp.execFile('true', [long], callback));
    t.attempt('exec E2BIG', () => t.cp.exec(`true ${long}`, callback));
    t.attempt('ENOTDIR', () => t.cp.execFile('/dev/null/x', callback));
    await t.sleep(20);
  },

  'a negative code is told by its name': async (t) => {
    for (const code of [-1, -2, -9999]) {
      const error = await new Promise((resolve) => {
        const child = t.cp.execFile('true', resolve);
        child.emit('close', code, null);
      });
      t.log(keys(error), error);
    }
  },

  'a close emitted by hand ends the run': async (t) => {
    for (const args of [[0, null], [0], [], [7, null], [null, 'SIGHUP'], [undefined, null]]) {
      let child;
      const [error] = await result((done) => {
        child = t.cp.execFile('true', done);
        child.emit('close', ...args);
      });
      t.log(args, keys(error), error);
      await t.closed(child);
    }
  },

  'an error emitted by hand is the error of the callback': async (t) => {
    const child = t.cp.exec('echo a; exit 1', (...args) => t.log('callback', ...args));
    child.emit('error', new RangeError('by hand'));
    t.log(child.stdout.destroyed, child.stderr.destroyed, child.stdin.destroyed);
    await t.closed(child);
  },

  'the callback is called once, whatever else happens': async (t) => {
    let calls = 0;
    const child = t.cp.exec('exit 1', () => calls++);
    await t.closed(child);
    child.emit('close', 0, null);
    child.emit('error', new Error('late'));
    child.emit('exit', 0, null);
    t.log(calls);

    const missing = t.cp.execFile(MISSING, () => calls++);
    await t.closed(missing);
    missing.emit('error', new Error('late'));
    t.log(calls);
  },

  'an exception in the callback is an uncaught one': async (t) => {
    let calls = 0;
    const failing = () => {
      calls++;
      throw new Error(`thrown by call ${calls}`);
    };
    for (const command of ['exit 0', 'exit 1', 'sleep 60']) {
      const seen = uncaught();
      t.cp.exec(command, { timeout: 50, killSignal: 'SIGKILL', shell: '/bin/bash' }, failing);
      t.log((await seen).message);
    }
    const seen = uncaught();
    const child = t.cp.execFile(MISSING, failing);
    t.log((await seen).message);
    child.emit('close', 0, null);
    await t.sleep(10);
    t.log(calls);
  },

  'without a callback a missing program is no uncaught error': async (t) => {
    const child = t.cp.execFile(MISSING);
    logEvents(t, child);
    await t.closed(child);
  },

  'without a callback timeout and maxBuffer still hold': async (t) => {
    t.log(await t.closed(t.cp.exec('exec sleep 60', { timeout: 30 })));
    t.log(await t.closed(t.cp.exec('echo ab; exec sleep 60', { maxBuffer: 1 })));
  },

  'killed is true for a child that was killed by hand': async (t) => {
    for (const signal of [undefined, 'SIGKILL', 'SIGINT', 9]) {
      const { child, done } = start(t, 'echo up; exec sleep 60');
      await new Promise((resolve) => child.stdout.once('data', resolve));
      t.log(child.kill(signal));
      t.log(await done);
    }
  },

  'killed is true after a kill(0), which kills nothing': async (t) => {
    const { child, done } = start(t, 'read x; exit 4');
    t.log(child.kill(0));
    child.stdin.end('\n');
    t.log(await done);
  },

  'a child killed by others was not killed by us': async (t) => {
    const { child, done } = start(t, 'exec sleep 60');
    process.kill(child.pid, 'SIGKILL');
    t.log(await done);
  },

  'a timeout kills, destroys the outputs and says killed': async (t) => {
    const { child, done } = start(t, 'echo out; echo err >&2; exec sleep 60', { timeout: 150 });
    const [error, stdout, stderr] = await done;
    t.log(keys(error), error, stdout, stderr);
    t.log(child.killed, child.exitCode, child.signalCode, child.stdout.destroyed);
    t.log(await waitGone(child.pid));
  },

  'events of a timeout': async (t) => {
    const { child, done } = start(t, 'exec sleep 60', { timeout: 50 });
    logEvents(t, child);
    await t.closed(child);
    t.log((await done)[0]);
  },

  'a timeout kills with killSignal': async (t) => {
    for (const killSignal of ['SIGKILL', 'sigint', 9, 'SIGHUP', undefined, null]) {
      t.log(killSignal, await exec(t, 'exec sleep 60', { timeout: 30, killSignal }));
      t.log((await execFile(t, 'sleep', ['60'], { timeout: 30, killSignal }))[0]);
    }
  },

  'a child that handles the signal decides on its code': async (t) => {
    const trap = (action) => `trap '${action}' TERM; echo up; while :; do sleep 0.02; done`;
    for (const action of ['exit 0', 'exit 3']) {
      t.log(action, await exec(t, trap(action), { timeout: 300 }));
    }
  },

  'a killSignal that the child ignores leaves it running, its outputs closed': async (t) => {
    const { child, done } = start(t, "trap '' TERM; read x; exit 5", { timeout: 100 });
    await until(() => child.killed);
    await t.sleep(20);
    t.log(child.exitCode, child.signalCode, child.stdout.destroyed, child.stderr.destroyed);
    child.stdin.end('\n');
    t.log(await done);
  },

  'a timeout that does not expire leaves no timer behind': async (t) => {
    const timers = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const { child, done } = start(t, 'exit 1', { timeout: 60_000 });
    t.log(timers() - before);
    t.log(await done, timers() - before);
    const missing = execFile(t, MISSING, [], { timeout: 60_000 });
    t.log(timers() - before, (await missing)[0].code, timers() - before);
    t.log(child.killed);
  },

  'timeouts of 0, of nothing and of many days do not fire': async (t) => {
    for (const timeout of [0, -0, null, undefined, 2 ** 30]) {
      t.log(String(timeout), await exec(t, 'sleep 0.02; echo done', { timeout }));
    }
  },

  'the callback waits for a grandchild that holds the outputs': async (t) => {
    const { child, done } = start(t, '(sleep 0.1; echo late) & echo early');
    let isDone = false;
    done.then(() => {
      isDone = true;
    });
    await t.exited(child);
    await t.sleep(20);
    t.log(isDone, child.exitCode);
    t.log(await done);
  },

  'a timeout ends the wait for a grandchild, and the run may have succeeded': async (t) => {
    for (const code of [0, 3]) {
      const { child, done } = start(t, `sleep 1 & echo early; exit ${code}`, { timeout: 200 });
      t.log(await done, child.killed, child.exitCode);
    }
  },

  'an error thrown by kill at the timeout is the error of the callback': async (t) => {
    await withThrowingKill(t, async () => {
      const { child, done } = start(t, 'echo out; exec sleep 60', { timeout: 150 });
      const [error, stdout, stderr] = await done;
      t.log(keys(error), error, stdout, stderr, child.killed);
      t.log(await t.closed(child));
    });
  },

  'an error thrown by kill at maxBuffer is the error of the callback': async (t) => {
    await withThrowingKill(t, async () => {
      const options = { maxBuffer: 1, killSignal: 'SIGKILL' };
      const { child, done } = start(t, 'echo out; exec sleep 60', options);
      t.log(await done, child.killed);
      t.log(await t.closed(child));
    });
  },

  'an error thrown by kill at an abort is the error of the callback': async (t) => {
    await withThrowingKill(t, async () => {
      const controller = new AbortController();
      const { child, done } = start(t, 'exec sleep 60', { signal: controller.signal });
      controller.abort();
      t.log(await done, child.killed);
      t.log(await t.closed(child));
    });
  },

  'an abort calls back at once, ahead of exit and close': async (t) => {
    const controller = new AbortController();
    const { child, done } = start(t, 'exec sleep 60', { signal: controller.signal }, () =>
      t.log('callback', child.exitCode, child.signalCode, child.stdout.destroyed),
    );
    logEvents(t, child);
    setTimeout(() => controller.abort(), 20);
    const [error, stdout, stderr] = await done;
    t.log(keys(error), error.name, error.code, error.cmd, stdout, stderr);
    t.log(await t.closed(child));
  },

  'the reason of an abort is the cause of the error': async (t) => {
    for (const reason of [new Error('reason'), 'text', 0, null, { a: 1 }]) {
      const controller = new AbortController();
      const { child, done } = start(t, 'exec sleep 60', { signal: controller.signal });
      controller.abort(reason);
      t.log((await done)[0]);
      await t.closed(child);
    }
  },

  'a signal aborted before the call still starts the child': async (t) => {
    for (const name of ['exec', 'execFile']) {
      let child;
      const done = new Promise((resolve) => {
        const args = name === 'exec' ? ['exec sleep 60'] : ['sleep', ['60']];
        const options = { signal: AbortSignal.abort('early') };
        child = t.cp[name](...args, options, (...values) => {
          t.log('callback', ...values);
          resolve();
        });
      });
      logEvents(t, child);
      t.log(typeof child.pid);
      await Promise.all([done, t.closed(child)]);
    }
  },

  'an abort sends SIGTERM, whatever killSignal says': async (t) => {
    const controller = new AbortController();
    const options = { signal: controller.signal, killSignal: 'SIGKILL' };
    const { child } = start(t, 'exec sleep 60', options);
    controller.abort();
    t.log(await t.closed(child));
  },

  'an abort after the end changes nothing': async (t) => {
    const controller = new AbortController();
    const { child, done } = start(t, 'exit 2', { signal: controller.signal });
    t.log(getEventListeners(controller.signal, 'abort').length);
    t.log(await done, getEventListeners(controller.signal, 'abort').length);
    controller.abort();
    await t.sleep(10);
    t.log(child.killed, child.exitCode, child.signalCode);
  },

  'an abort of a child that cannot be started': async (t) => {
    const controller = new AbortController();
    const run = execFile(t, MISSING, [], { signal: controller.signal });
    controller.abort();
    t.log((await run)[0]);
    t.log((await execFile(t, MISSING, [], { signal: AbortSignal.abort() }))[0]);
  },

  'a signal must look like an AbortSignal': async (t) => {
    for (const signal of [null, {}, 'text', 5, noop, new AbortController()]) {
      t.attempt('exec', () => t.cp.exec('true', { signal }, noop));
      t.attempt('promise', () => util.promisify(t.cp.execFile)('true', [], { signal }));
    }
    t.log(await exec(t, 'echo a', { signal: undefined }));
  },

  'a promise has its child and nothing else': async (t) => {
    for (const promise of [
      util.promisify(t.cp.exec)('echo a'),
      util.promisify(t.cp.execFile)('echo', ['a']),
    ]) {
      t.log(promise.constructor === Promise, Reflect.ownKeys(promise));
      const { value, ...attributes } = Object.getOwnPropertyDescriptor(promise, 'child');
      t.log(value instanceof t.cp.ChildProcess, attributes, value.spawnargs);
      const settled = await promise;
      t.log(settled, Object.getPrototypeOf(settled) === Object.prototype);
    }
  },

  'a promise takes every form of the call but the callback': async (t) => {
    const run = util.promisify(t.cp.execFile);
    t.log(await run('echo'), await run('echo', ['a']), await run('echo', { encoding: 'hex' }));
    t.log(await run('echo', ['a'], { encoding: 'hex' }), await run('echo', null, null));
    t.log(await run('echo', undefined, undefined), await run('echo', ['a'], undefined));
    const shell = util.promisify(t.cp.exec);
    t.log(await shell('echo a', {}), await shell('echo a', null), await shell('echo a', undefined));
  },

  'a callback given to a promisified function is called in place of the promise': async (t) => {
    let isSettled = false;
    const args = await new Promise((resolve) => {
      const promise = util.promisify(t.cp.exec)('echo a', {}, (...values) => resolve(values));
      promise.then(() => {
        isSettled = true;
      });
    });
    await t.sleep(5);
    t.log(args, isSettled);
  },

  'a promise rejects with the error of the callback and both outputs': async (t) => {
    const run = util.promisify(t.cp.exec);
    const calls = [
      ['exit', () => run('echo out; echo err >&2; exit 3')],
      ['signal', () => run('kill -9 $$')],
      ['timeout', () => run('exec sleep 60', { timeout: 30 })],
      ['maxBuffer', () => run('echo out', { maxBuffer: 2 })],
      ['Buffers', () => run('echo out; exit 1', { encoding: 'buffer' })],
      ['missing', () => util.promisify(t.cp.execFile)(MISSING, ['a'])],
    ];
    for (const [name, call] of calls) {
      const error = await call().catch((reason) => reason);
      t.log(name, keys(error), error);
    }
  },

  'a promise rejects when its signal is aborted': async (t) => {
    const calls = [
      (options) => util.promisify(t.cp.exec)('exec sleep 60', options),
      (options) => util.promisify(t.cp.execFile)('sleep', ['60'], options),
    ];
    for (const call of calls) {
      const controller = new AbortController();
      const promises = [call({ signal: controller.signal }), call({ signal: AbortSignal.abort() })];
      controller.abort('reason');
      const settled = promises.map((promise) => promise.catch((reason) => reason));
      for (const error of await Promise.all(settled)) t.log(keys(error), error);
      for (const { child } of promises) t.log(await waitGone(child.pid));
    }
  },

  'the promisified exec goes through the exported execFile too': async (t) => {
    const original = t.cp.execFile;
    t.cp.execFile = (...args) => {
      t.log('patched', args.slice(0, 2), args.length);
      return original(...args);
    };
    try {
      t.log(await util.promisify(t.cp.exec)('echo a'));
    } finally {
      t.cp.execFile = original;
    }
    t.log(await util.promisify(t.cp.exec)('echo b'));
  },

  'exec called without its module, and as a method of others': async (t) => {
    const { exec: bare, execFile: bareFile } = t.cp;
    t.log(await result((done) => bare('echo a', done)));
    t.log(await result((done) => bareFile.call({ other: true }, 'echo', ['b'], done)));
    t.log(await result((done) => Reflect.apply(bare, null, ['echo c', done])));
  },

  'the callback runs in the async context of the call': async (t) => {
    const storage = new AsyncLocalStorage();
    const inContext = (name, call) =>
      storage.run(name, () => result((done) => call(() => done(storage.getStore()))));
    const seen = await Promise.all([
      inContext('one', (done) => t.cp.exec('echo a', done)),
      inContext('two', (done) => t.cp.execFile('sleep', ['0.02'], done)),
      inContext('three', (done) => t.cp.execFile(MISSING, done)),
      inContext('four', (done) => t.cp.exec('exec sleep 60', { timeout: 20 }, done)),
    ]);
    t.log(seen);
  },

  'without a free descriptor the callback gets EMFILE and empty outputs': async (t) => {
    const script = path.join(t.tmp, 'script.js');
    fs.writeFileSync(
      script,
      `const cp = require(${JSON.stringify(t.modulePath)});
       const fs = require('node:fs');
       cp.execFile('true', () => {
         const held = [];
         try { for (;;) held.push(fs.openSync('/dev/null')); } catch {}
         for (const encoding of ['utf8', 'buffer']) {
           const child = cp.execFile('true', ['a'], { encoding }, (error, stdout, stderr) => {
             console.log(JSON.stringify([encoding, error, error.message, stdout, stderr]));
           });
           console.log(JSON.stringify([String(child.stdout), String(child.stdin)]));
         }
         for (const fd of held) fs.closeSync(fd);
       });`,
    );
    t.log(await exec(t, `ulimit -n 64; exec "${t.node}" "${script}"`));
  },

  'many runs at a time do not mix': async (t) => {
    const runs = Array.from({ length: 20 }, (_, i) =>
      exec(t, `echo out ${i}; echo err ${i} >&2; exit ${i % 3}`),
    );
    for (const [error, stdout, stderr] of await Promise.all(runs)) {
      t.log(error?.code, error?.cmd, stdout, stderr);
    }
  },

  'a run can be started in the callback of another': async (t) => {
    await new Promise((resolve) => {
      t.cp.exec('echo 1', (_, first) => {
        t.cp.exec(`echo ${first.trim()}2`, (__, second) => {
          t.log(first, second);
          resolve();
        });
      });
    });
  },

  'an unref()ed child does not end the run early': async (t) => {
    const { child, done } = start(t, 'sleep 0.05; echo a');
    child.unref();
    t.log(await done);
  },

  'a disposed child is killed and tells the callback': async (t) => {
    const { child, done } = start(t, 'exec sleep 60');
    const dispose = Symbol.dispose ?? Symbol.for('nodejs.dispose');
    t.log(typeof child[dispose]);
    child[dispose]?.();
    t.log(await done);
  },
};
