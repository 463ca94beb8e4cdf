'use strict';
// Ending a child: kill(), AbortSignal, timeout and dispose; and what ref() and unref() do to the
// life of the parent.

const { getEventListeners } = require('node:events');
const { runScript, startScript } = require('../../helpers/own-process.js');
const { isAlive, processStat, until, waitGone } = require('../../helpers/processes.js');

/** A program that lives until it is killed. */
function sleeper(t, options) {
  const child = t.cp.spawn('sleep', ['30'], { stdio: 'ignore', ...options });
  // Node 20 would signal our own process group for a child that did not start.
  if (!child.pid) throw new Error('the sleeper did not start');
  return child;
}

/** A shell that says "ready" once `trap` is set up, and then lives until it is killed. */
async function trapper(t, trap, options) {
  const script = `trap '${trap}' TERM; echo ready; while :; do sleep 0.01; done`;
  const child = t.cp.spawn('sh', ['-c', script], options);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

function watch(t, child) {
  for (const event of ['spawn', 'error', 'exit', 'close']) {
    child.on(event, (...args) => t.log(event, ...args));
  }
}

/** Whether a script whose stdin feeds its grandchild ends before that grandchild does. */
async function endsByItself(t, label, body, { stays = false } = {}) {
  const parent = startScript(t, body, { stdio: ['pipe', 'pipe', 'inherit'] });
  let exited = false;
  let output = '';
  parent.on('exit', () => {
    exited = true;
  });
  parent.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const closed = t.closed(parent);
  await until(() => output.includes('armed'));
  await (stays ? t.sleep(150) : until(() => exited));
  t.log(label, exited ? 'has ended' : 'still runs');
  parent.stdin.end();
  t.log(label, ...(await closed));
}

module.exports = {
  'kill sends SIGTERM and sets killed at once, signalCode only at the exit': async (t) => {
    const child = sleeper(t);
    watch(t, child);
    t.log(child.killed, child.kill(), child.killed, child.exitCode, child.signalCode);
    await t.closed(child);
    t.log(child.killed, child.exitCode, child.signalCode, child._handle === null);
  },

  'kill takes names in any case and numbers': async (t) => {
    for (const signal of ['SIGKILL', 'sigkill', 'SigKill', 9, 'SIGINT', 2, 'SIGHUP', undefined]) {
      const child = sleeper(t);
      t.log(signal, child.kill(signal), child.killed, await t.exited(child));
    }
  },

  'every signal that ends a process is reported by its name': async (t) => {
    const { signals } = require('node:os').constants;
    const harmless = ['SIGCHLD', 'SIGCONT', 'SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGURG'];
    harmless.push('SIGWINCH');
    for (const [name, number] of Object.entries(signals)) {
      if (harmless.includes(name)) continue;
      const child = sleeper(t, { cwd: t.tmp });
      t.log(name, number, child.kill(name), await t.exited(child), child.signalCode);
    }
  },

  'a real-time signal ends a child and has no name': async (t) => {
    const child = t.cp.spawn('sh', ['-c', 'kill -34 $$; sleep 30'], { stdio: 'ignore' });
    watch(t, child);
    t.log(await t.closed(child), child.exitCode, child.signalCode);
  },

  'signals that do not exist are refused and leave killed unset': async (t) => {
    const child = sleeper(t);
    const bad = [
      NaN,
      999,
      null,
      '',
      'SIGFOO',
      'TERM',
      '15',
      3.14,
      -1,
      Infinity,
      {},
      [],
      ['SIGKILL'],
    ];
    bad.push(true, false, Symbol('signal'), 1n, 'sigterm ', 'toString', '__proto__', 'constructor');
    for (const signal of bad) {
      t.attempt(`kill ${typeof signal} ${String(signal)}`, () => child.kill(signal));
      t.log('killed', child.killed);
    }
    t.log('alive', child.kill(0));
    child.kill('SIGKILL');
    t.log(await t.exited(child));
  },

  'signal 0 only asks, yet sets killed': async (t) => {
    const child = sleeper(t);
    t.log(child.kill(0), child.killed);
    await t.sleep(20);
    t.log(child.exitCode, child.signalCode, isAlive(child.pid));
    t.log(child.kill('SIGKILL'), await t.exited(child));
    t.log(child.kill(0), child.killed);
  },

  'kill returns false after the exit, from its listener on': async (t) => {
    const child = t.cp.spawn('true');
    child.on('exit', () => t.log('in exit', child.kill(), child.kill(0), child.killed));
    child.on('close', () => t.log('in close', child.kill('SIGKILL'), child.killed));
    await t.closed(child);
    t.log('later', child.kill(), child.killed, child.pid > 0);
    t.attempt('an unknown signal after the exit', () => child.kill('SIGFOO'));
  },

  'a kill of a zombie that is not reaped yet succeeds and changes nothing': async (t) => {
    const child = t.cp.spawn('true', { stdio: 'ignore' });
    watch(t, child);
    // The event loop is kept busy, so that the death cannot have been noticed.
    while (processStat(child.pid)?.state !== 'Z');
    t.log(child.kill(), child.killed, child.exitCode);
    await t.closed(child);
    t.log(child.exitCode, child.signalCode, child.killed);
  },

  'a kill in the same tick as the spawn reaches the child': async (t) => {
    const child = sleeper(t);
    watch(t, child);
    t.log(child.kill('SIGKILL'));
    await t.closed(child);
  },

  'kill may be called from the spawn listener': async (t) => {
    const child = sleeper(t);
    child.on('spawn', () => t.log('spawn', child.kill(), child.killed));
    t.log(await t.closed(child));
  },

  'a second kill is sent too': async (t) => {
    const child = await trapper(t, 'echo term');
    let terms = 0;
    child.stdout.on('data', () => terms++);
    t.log(child.kill(), child.killed);
    t.log(await until(() => terms === 1));
    t.log(child.exitCode, child.signalCode, child.kill());
    t.log(await until(() => terms === 2), child.kill('SIGKILL'));
    t.log(await t.closed(child));
  },

  'a child that handles SIGTERM ends with its own code': async (t) => {
    const child = await trapper(t, 'exit 7');
    t.log(child.kill());
    t.log(await t.closed(child), child.killed, child.exitCode, child.signalCode);
  },

  'a node child handles SIGINT': async (t) => {
    const child = startScript(t, (_cp, log) => {
      process.on('SIGINT', (name, number) => {
        log(name, number);
        process.exit(3);
      });
      setInterval(() => {}, 1000);
      log('ready');
    });
    child.stdout.once('data', () => child.kill('SIGINT'));
    const output = t.text(child.stdout);
    t.log(await t.closed(child), await output);
  },

  'a stopped child neither exits nor ends its streams': async (t) => {
    const child = t.cp.spawn('cat');
    watch(t, child);
    const output = t.text(child.stdout);
    await new Promise((resolve) => child.once('spawn', resolve));
    t.log(child.kill('SIGSTOP'));
    t.log(await until(() => processStat(child.pid).state === 'T'));
    child.stdin.end('while stopped');
    await t.sleep(30);
    t.log(child.exitCode, child.signalCode, child.kill('SIGCONT'));
    t.log(await t.closed(child), await output);
  },

  'a killed child leaves no process behind': async (t) => {
    const child = sleeper(t);
    child.kill('SIGKILL');
    await t.closed(child);
    t.log(await waitGone(child.pid));
  },

  'kill of a child of another user emits the error and returns false': async (t) => {
    if (process.getuid() !== 0) {
      t.log('needs root');
      return;
    }
    await runScript(t, (cp, log) => {
      const child = cp.spawn('cat');
      child.on('error', (error) => log('error', error.message, { ...error }));
      child.on('exit', (...args) => log('exit', ...args));
      process.setuid(65534);
      log(child.kill(), child.killed);
      child.stdin.end();
    });
  },

  'kill of a child of another user without a listener throws': async (t) => {
    if (process.getuid() !== 0) {
      t.log('needs root');
      return;
    }
    await runScript(t, (cp, log) => {
      const child = cp.spawn('cat');
      process.setuid(65534);
      try {
        child.kill();
      } catch (error) {
        log('thrown', error.message, { ...error }, child.killed);
      }
      child.stdin.end();
    });
  },

  'kill after a failed spawn returns false': async (t) => {
    const child = t.cp.spawn('/nonexistent/program');
    child.on('error', () => t.log('in error', child.kill(), child.kill(0), child.killed));
    child.on('close', () => t.log('in close', child.kill('SIGKILL'), child.killed));
    // Node 20 signals the caller's own process group here.
    if (t.major !== 20) t.log('at once', child.kill(), child.kill('SIGKILL'), child.killed);
    await t.closed(child);
    t.attempt('an unknown signal', () => child.kill('SIGFOO'));
  },

  'kill of a ChildProcess that was never started returns false': async (t) => {
    // Before 24, Node signals the caller's own process group here.
    if (t.major < 24) {
      t.log('not asked');
      return;
    }
    const child = new t.cp.ChildProcess();
    t.log(child.kill(), child.kill('SIGKILL'), child.killed);
  },

  'kill looks at the handle of the child': async (t) => {
    const child = sleeper(t);
    t.log(typeof child._handle.kill, child._handle.kill(0), child._handle.pid === child.pid);
    const handle = child._handle;
    child._handle = {
      kill: (signal) => {
        t.log('handle asked', signal);
        return 0;
      },
    };
    t.log(child.kill(), child.killed);
    child._handle = { kill: () => -3 };
    t.log('ESRCH', child.kill());
    child._handle = { kill: () => -22 };
    t.attempt('EINVAL', () => child.kill());
    child._handle = { kill: () => -38 };
    t.attempt('ENOSYS', () => child.kill());
    child.on('error', (error) => t.log('error', error));
    child._handle = { kill: () => -1 };
    t.log('EPERM', child.kill());
    child._handle = handle;
    child.kill('SIGKILL');
    t.log(await t.exited(child));
  },

  'dispose kills with SIGTERM unless killed is set': async (t) => {
    const child = sleeper(t);
    const sent = [];
    child.kill = function kill(...args) {
      sent.push(args);
      return t.cp.ChildProcess.prototype.kill.apply(this, args);
    };
    t.log(child[Symbol.dispose](), child.killed);
    t.log(child[Symbol.dispose](), sent);
    t.log(await t.exited(child));
    child[Symbol.dispose]();
    t.log(sent.length);
    const { enumerable, writable } = Object.getOwnPropertyDescriptor(
      t.cp.ChildProcess.prototype,
      Symbol.dispose,
    );
    t.log(enumerable, writable, t.cp.ChildProcess.prototype[Symbol.dispose].length);
  },

  'dispose after the exit does nothing': async (t) => {
    const child = t.cp.spawn('true');
    await t.closed(child);
    child[Symbol.dispose]();
    t.log(child.killed, child.signalCode);
  },

  'ref and unref return undefined and move hasRef of the handle': async (t) => {
    const child = sleeper(t);
    t.log(child._handle.hasRef(), child.unref(), child._handle.hasRef());
    t.log(child.ref(), child._handle.hasRef());
    child.kill('SIGKILL');
    await t.exited(child);
    t.log('after exit', child.ref(), child.unref(), child._handle === null);
  },

  'ref and unref on a failed spawn are harmless': async (t) => {
    const child = t.cp.spawn('/nonexistent/program');
    t.log(child.unref(), child.ref());
    await t.closed(child);
    t.log(child.unref(), child.ref());
  },

  'a live child holds its parent': async (t) => {
    await endsByItself(
      t,
      'plain',
      (cp, log) => {
        cp.spawn('cat', { stdio: ['inherit', 'ignore', 'ignore'] });
        log('armed');
      },
      { stays: true },
    );
    await endsByItself(
      t,
      'unref and ref',
      (cp, log) => {
        const child = cp.spawn('cat', { stdio: ['inherit', 'ignore', 'ignore'] });
        child.unref();
        child.ref();
        log('armed');
      },
      { stays: true },
    );
  },

  'an unref child without pipes does not hold its parent': async (t) => {
    await endsByItself(t, 'unref', (cp, log) => {
      cp.spawn('cat', { stdio: ['inherit', 'ignore', 'ignore'] }).unref();
      log('armed');
    });
    await endsByItself(t, 'twice', (cp, log) => {
      const child = cp.spawn('cat', { stdio: ['inherit', 'ignore', 'ignore'], detached: true });
      child.unref();
      child.unref();
      log('armed');
    });
    await endsByItself(t, 'in the spawn listener', (cp, log) => {
      const child = cp.spawn('cat', { stdio: ['inherit', 'ignore', 'ignore'] });
      child.on('spawn', () => child.unref());
      child.on('exit', () => log('exit must not be seen'));
      log('armed');
    });
  },

  'a pipe that is read holds the parent of an unref child': async (t) => {
    await endsByItself(
      t,
      'stdout',
      (cp, log) => {
        cp.spawn('cat', { stdio: ['inherit', 'pipe', 'ignore'] }).unref();
        log('armed');
      },
      { stays: true },
    );
    await endsByItself(t, 'stdout unref too', (cp, log) => {
      const child = cp.spawn('cat', { stdio: ['inherit', 'pipe', 'pipe'] });
      child.unref();
      child.stdout.unref();
      child.stderr.unref();
      log('armed');
    });
    await endsByItself(t, 'stdout destroyed', (cp, log) => {
      const child = cp.spawn('cat', { stdio: ['inherit', 'pipe', 'ignore'] });
      child.unref();
      child.stdout.destroy();
      log('armed');
    });
  },

  'an idle stdin pipe does not hold the parent of an unref child': async (t) => {
    await endsByItself(t, 'stdin', (cp, log) => {
      cp.spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] }).unref();
      log('armed');
    });
  },

  'abort kills first, then emits the error with the reason as its cause': async (t) => {
    const controller = new AbortController();
    const child = sleeper(t, { signal: controller.signal });
    watch(t, child);
    child.on('error', (error) => {
      t.log('killed', child.killed, 'exit', child.exitCode, child.signalCode);
      t.log(error.constructor.name, error.code, Object.keys(error), error instanceof Error);
      t.log('cause is the reason', error.cause === controller.signal.reason);
    });
    await new Promise((resolve) => child.once('spawn', resolve));
    controller.abort();
    t.log('abort returned');
    await t.closed(child);
    t.log(child.killed, child.exitCode, child.signalCode);
  },

  'the cause is the reason whatever its type': async (t) => {
    for (const reason of ['text', new TypeError('why'), null, 0, undefined, { plain: true }]) {
      const controller = new AbortController();
      const child = sleeper(t, { signal: controller.signal });
      child.on('error', (error) =>
        t.log(error.message, Object.hasOwn(error, 'cause'), error.cause),
      );
      controller.abort(reason);
      t.log(await t.closed(child));
    }
  },

  'an aborted signal still spawns and kills on the next tick': async (t) => {
    const child = sleeper(t, { signal: AbortSignal.abort('too late') });
    watch(t, child);
    t.log(typeof child.pid, child.killed, child.signalCode);
    process.nextTick(() => t.log('next tick', child.killed));
    await t.closed(child);
  },

  'an aborted signal on a failing spawn yields only the failure': async (t) => {
    const signal = AbortSignal.abort();
    const child = t.cp.spawn('/nonexistent/program', { signal });
    watch(t, child);
    await t.closed(child);
    t.log(child.killed, getEventListeners(signal, 'abort').length);
  },

  'an abort after a failed spawn yields nothing more': async (t) => {
    const controller = new AbortController();
    const child = t.cp.spawn('/nonexistent/program', { signal: controller.signal });
    watch(t, child);
    await t.closed(child);
    t.log(getEventListeners(controller.signal, 'abort').length);
    controller.abort();
    await t.sleep(5);
    t.log(child.killed, getEventListeners(controller.signal, 'abort').length);
  },

  'an abort after the exit yields nothing, and the listener is gone': async (t) => {
    const controller = new AbortController();
    const count = () => getEventListeners(controller.signal, 'abort').length;
    const child = t.cp.spawn('true', { signal: controller.signal });
    watch(t, child);
    t.log(count());
    child.on('exit', () => t.log('at exit', count()));
    await t.closed(child);
    controller.abort();
    await t.sleep(5);
    t.log(child.killed, child.exitCode, child.signalCode, count());
  },

  'an abort within the exit listener yields nothing': async (t) => {
    const controller = new AbortController();
    const child = t.cp.spawn('true', { signal: controller.signal });
    child.on('exit', () => controller.abort());
    watch(t, child);
    await t.closed(child);
    t.log(child.killed);
  },

  'the listener is removed by the abort itself': async (t) => {
    const controller = new AbortController();
    const child = sleeper(t, { signal: controller.signal });
    child.on('error', () => {});
    controller.abort();
    t.log(getEventListeners(controller.signal, 'abort').length);
    t.log(await t.closed(child));
  },

  'one signal ends several children': async (t) => {
    const controller = new AbortController();
    const children = [1, 2, 3].map(() => sleeper(t, { signal: controller.signal }));
    t.log(getEventListeners(controller.signal, 'abort').length);
    for (const [index, child] of children.entries()) {
      child.on('error', (error) => t.log(index, error.name));
    }
    controller.abort();
    t.log(await Promise.all(children.map((child) => t.closed(child))));
  },

  'an abort without an error listener is an uncaught exception': async (t) => {
    await runScript(t, (cp, log) => {
      process.on('uncaughtException', (error) => log('uncaught', error.name, error.code));
      const controller = new AbortController();
      const child = cp.spawn('sleep', ['30'], { signal: controller.signal });
      child.on('close', (...args) => log('close', ...args));
      setImmediate(() => controller.abort());
    });
  },

  'abort sends killSignal, given by name or by number': async (t) => {
    for (const killSignal of ['SIGKILL', 'sigint', 9, 1]) {
      const controller = new AbortController();
      const child = sleeper(t, { signal: controller.signal, killSignal });
      child.on('error', (error) => t.log(error.code));
      controller.abort();
      t.log(await t.closed(child));
    }
  },

  'abort of a child that ignores the signal emits the error while it lives on': async (t) => {
    const controller = new AbortController();
    const child = await trapper(t, '', { signal: controller.signal });
    child.stdout.resume();
    watch(t, child);
    controller.abort('please');
    await t.sleep(30);
    t.log(child.killed, child.exitCode, child.signalCode);
    child.kill('SIGKILL');
    await t.closed(child);
  },

  'abort when kill() does not succeed emits no error': async (t) => {
    const controller = new AbortController();
    const child = sleeper(t, { signal: controller.signal });
    watch(t, child);
    child.kill = () => false;
    controller.abort();
    await t.sleep(10);
    t.cp.ChildProcess.prototype.kill.call(child, 'SIGKILL');
    await t.closed(child);
  },

  'AbortSignal.timeout ends a child with a TimeoutError as the cause': async (t) => {
    const child = sleeper(t, { signal: AbortSignal.timeout(20) });
    child.on('error', (error) => t.log(error.name, error.code, error.cause.name));
    t.log(await t.closed(child));
  },

  'an event target with a property aborted will do as a signal': async (t) => {
    const signal = Object.assign(new EventTarget(), { aborted: false });
    const child = sleeper(t, { signal });
    child.on('error', (error) => t.log(error.name, error.cause));
    signal.dispatchEvent(new Event('abort'));
    t.log(await t.closed(child));
  },

  'fork takes a signal too': async (t) => {
    const controller = new AbortController();
    const child = t.cp.fork(t.fixture('ipc-echo.js'), [], {
      signal: controller.signal,
      killSignal: 'SIGKILL',
    });
    child.on('error', (error) => t.log(error.name, error.cause));
    child.on('exit', (...args) => t.log('exit', ...args));
    await new Promise((resolve) => {
      child.once('message', resolve);
      child.send('up?');
    });
    controller.abort('enough');
    await t.closed(child);
    t.log(getEventListeners(controller.signal, 'abort').length);
  },

  'timeout kills without an error event': async (t) => {
    const child = sleeper(t, { timeout: 30 });
    watch(t, child);
    await t.closed(child);
    t.log(child.killed, child.exitCode, child.signalCode);
  },

  'timeout sends killSignal': async (t) => {
    for (const killSignal of ['SIGKILL', 'sighup', 2]) {
      const child = sleeper(t, { timeout: 20, killSignal });
      t.log(await t.closed(child), child.killed);
    }
  },

  'timeout asks once: a child that handles the signal lives on': async (t) => {
    const child = await trapper(t, 'exit 9', { timeout: 300 });
    child.stdout.resume();
    t.log(await t.closed(child), child.killed);
  },

  'a child that ends before its timeout is not touched': async (t) => {
    const child = t.cp.spawn('true', { timeout: 300 });
    watch(t, child);
    await t.closed(child);
    await t.sleep(320);
    t.log(child.killed, child.exitCode, child.signalCode);
  },

  'timeouts of 0 and of days do not fire, and hold no process': async (t) => {
    for (const timeout of [0, 2 ** 30, undefined]) {
      const child = t.cp.spawn('sleep', ['0.03'], { timeout });
      t.log(timeout, await t.closed(child), child.killed);
    }
    await runScript(t, (cp, log) => {
      const child = cp.spawn('true', { timeout: 2 ** 30 });
      child.on('exit', (...args) => log('exit', ...args));
    });
  },

  'a timeout holds the parent even of an unref child': async (t) => {
    await endsByItself(
      t,
      'timeout',
      (cp, log) => {
        const stdio = ['inherit', 'ignore', 'ignore'];
        cp.spawn('cat', { stdio, timeout: 60_000 }).unref();
        log('armed');
      },
      { stays: true },
    );
  },

  'fork takes timeout and killSignal': async (t) => {
    const child = t.cp.fork(t.fixture('ipc-echo.js'), [], { timeout: 100, killSignal: 'SIGKILL' });
    watch(t, child);
    await t.closed(child);
    t.log(child.killed, child.connected);
  },

  'a throwing kill() at the timeout becomes an error event': async (t) => {
    const child = sleeper(t, { timeout: 20 });
    watch(t, child);
    let asked = false;
    child.kill = () => {
      asked = true;
      throw new Error('kill failed');
    };
    await until(() => asked);
    await t.sleep(5);
    t.cp.ChildProcess.prototype.kill.call(child, 'SIGKILL');
    await t.closed(child);
  },
};
