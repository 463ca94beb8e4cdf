'use strict';
// What the module and a ChildProcess look like: names, lengths, properties and their order, the
// classes of the streams, promisified forms, diagnostics channels.

const diagnostics = require('node:diagnostics_channel');
const { EventEmitter, once } = require('node:events');
const net = require('node:net');
const stream = require('node:stream');
const util = require('node:util');
const { added } = require('../differences.js');

const MISSING = '/nonexistent/program';
const EXPORTS = [
  '_forkChild',
  'ChildProcess',
  'exec',
  'execFile',
  'execFileSync',
  'execSync',
  'fork',
  'spawn',
  'spawnSync',
];
const TRACED = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];

/** The own properties of a child, less symbols and the counters that make 'close' wait. */
const ownNames = (child) => Object.keys(child).filter((name) => !name.startsWith('_closes'));

/** Starts a child that does nothing, calls `look(child)`, and waits for the end. */
async function withChild(t, look, ...call) {
  const child = call.length ? t.cp.spawn(...call) : t.cp.spawn('true');
  look(child);
  await t.closed(child);
  return child;
}

module.exports = {
  'the module exports nine functions with their names and lengths': async (t) => {
    t.log(
      Object.keys(t.cp)
        .filter((name) => EXPORTS.includes(name))
        .sort(),
    );
    for (const name of EXPORTS) t.log(name, t.cp[name].name, t.cp[name].length);
  },

  'exports are plain writable properties': async (t) => {
    for (const name of ['spawn', 'exec', 'fork', 'ChildProcess', '_forkChild']) {
      const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(t.cp, name);
      t.log(name, writable, enumerable, configurable);
    }
  },

  'exec goes through the exported execFile': async (t) => {
    const { execFile } = t.cp;
    const calls = [];
    t.cp.execFile = (...args) => {
      calls.push(args);
      return 'replaced';
    };
    try {
      const callback = () => {};
      t.log(t.cp.exec('some command', { timeout: 5 }, callback));
      t.log(calls[0].length, calls[0][0], calls[0][1], calls[0][2] === callback);
      t.log(t.cp.exec('some command'));
      t.log(calls[1].length, calls[1][0], calls[1][1], calls[1][2]);
    } finally {
      t.cp.execFile = execFile;
    }
  },

  'execFile and fork do not go through the exported spawn': async (t) => {
    const { spawn } = t.cp;
    let calls = 0;
    t.cp.spawn = (...args) => {
      calls++;
      return spawn(...args);
    };
    try {
      await new Promise((resolve) => t.cp.execFile('true', resolve));
      await t.closed(t.cp.fork(t.fixture('exit-quietly.js'), { stdio: ['ignore', 1, 2, 'ipc'] }));
    } finally {
      t.cp.spawn = spawn;
    }
    t.log(calls);
  },

  'execSync and execFileSync do not go through the exported spawnSync': async (t) => {
    const { spawnSync } = t.cp;
    let calls = 0;
    t.cp.spawnSync = (...args) => {
      calls++;
      return spawnSync(...args);
    };
    try {
      t.log(t.cp.execSync('echo a'), t.cp.execFileSync('echo', ['b']));
    } finally {
      t.cp.spawnSync = spawnSync;
    }
    t.log(calls);
  },

  'functions work when taken off the module': async (t) => {
    const { spawn, exec, execFile, spawnSync, execSync, execFileSync } = t.cp;
    t.log(spawnSync('echo', ['sync']).stdout, execSync('echo a'), execFileSync('echo', ['b']));
    t.log(await t.closed(spawn('true')));
    t.log(await new Promise((resolve) => exec('echo x', (...result) => resolve(result))));
    t.log(await new Promise((resolve) => execFile('echo', (...result) => resolve(result))));
  },

  'exec and execFile carry a hidden promisified form': async (t) => {
    for (const name of ['exec', 'execFile', 'spawn', 'fork', 'execSync']) {
      const descriptor = Object.getOwnPropertyDescriptor(t.cp[name], util.promisify.custom);
      if (!descriptor) {
        t.log(name, 'none');
        continue;
      }
      const { writable, enumerable, configurable, value, get } = descriptor;
      t.log(name, { writable, enumerable, configurable }, typeof value, typeof get);
    }
  },

  'the promisified form has the name of the function from Node 22 on': async (t) => {
    t.log(util.promisify(t.cp.exec).name, util.promisify(t.cp.execFile).name);
    t.log(util.promisify(t.cp.exec).length, util.promisify(t.cp.execFile).length);
  },

  'promisified exec resolves with stdout and stderr': async (t) => {
    const promise = util.promisify(t.cp.exec)('echo out; echo err >&2');
    t.log(promise instanceof Promise, promise.child instanceof t.cp.ChildProcess);
    t.log(Object.getOwnPropertyDescriptor(promise, 'child').enumerable);
    const result = await promise;
    t.log(result, Object.keys(result));
  },

  'promisified execFile resolves with Buffers if asked': async (t) => {
    const result = await util.promisify(t.cp.execFile)('echo', ['out'], { encoding: 'buffer' });
    t.log(result);
  },

  'promisified exec rejects with the error and both outputs': async (t) => {
    const promise = util.promisify(t.cp.exec)('echo out; echo err >&2; exit 3');
    const error = await promise.catch((reason) => reason);
    t.log(error, Object.keys(error));
  },

  'promisified execFile rejects when the program is missing': async (t) => {
    const promise = util.promisify(t.cp.execFile)(MISSING, ['a']);
    t.log(promise.child.pid);
    const error = await promise.catch((reason) => reason);
    t.log(error, Object.keys(error));
  },

  'promisified forms throw argument errors at once': async (t) => {
    t.attempt('exec', () => util.promisify(t.cp.exec)(5));
    t.attempt('execFile', () => util.promisify(t.cp.execFile)('true', 5));
    t.attempt('execFile options', () => util.promisify(t.cp.execFile)('true', [], 5));
    t.attempt('timeout', () => util.promisify(t.cp.execFile)('true', [], { killSignal: 'no' }));
  },

  'a promise of exec can be aborted': async (t) => {
    const controller = new AbortController();
    const promise = util.promisify(t.cp.exec)('sleep 60', { signal: controller.signal });
    const ended = t.exited(promise.child);
    controller.abort();
    const error = await promise.catch((reason) => reason);
    t.log(error.name, error.code, Object.keys(error));
    t.log(await ended);
  },

  'ChildProcess is a constructor of the old style': async (t) => {
    const { ChildProcess } = t.cp;
    t.log(typeof ChildProcess, ChildProcess.name, ChildProcess.length);
    t.log(Object.getPrototypeOf(ChildProcess) === EventEmitter);
    t.log(Object.getPrototypeOf(ChildProcess.prototype) === EventEmitter.prototype);
    t.log(/^class/.test(Function.prototype.toString.call(ChildProcess)));
    t.log(ChildProcess.prototype.constructor === ChildProcess);
    t.log(Object.prototype.toString.call(new ChildProcess()));
    t.log(new ChildProcess() instanceof EventEmitter, typeof ChildProcess.once);
    try {
      ChildProcess();
    } catch (error) {
      t.log('without new', error.name);
    }
  },

  'ChildProcess can be inherited from without class': async (t) => {
    function Derived() {
      t.cp.ChildProcess.call(this);
    }
    Object.setPrototypeOf(Derived.prototype, t.cp.ChildProcess.prototype);
    const child = new Derived();
    child.spawn({ file: 'true', args: ['true'], stdio: 'ignore', envPairs: [] });
    t.log(child instanceof t.cp.ChildProcess, await t.closed(child));
  },

  'ChildProcess can be inherited from with class': async (t) => {
    class Derived extends t.cp.ChildProcess {
      extra = 1;
    }
    const child = new Derived();
    t.log(ownNames(child));
    t.log(child.spawn({ file: 'sh', args: ['sh', '-c', 'exit 4'], stdio: 'ignore' }));
    t.log(await t.closed(child));
  },

  'the prototype of ChildProcess has the methods of Node': async (t) => {
    const { prototype } = t.cp.ChildProcess;
    const isNodes = (name) => !added.includes(name);
    for (const name of Object.getOwnPropertyNames(prototype).filter(isNodes).sort()) {
      const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
      const { enumerable, configurable, writable, value } = descriptor;
      t.log(name, { enumerable, configurable, writable }, typeof value, value?.length);
    }
    t.log(Object.getOwnPropertySymbols(prototype).map(String).filter(isNodes).sort());
  },

  'a ChildProcess that was never spawned has its first properties in order': async (t) => {
    const child = new t.cp.ChildProcess();
    t.log(ownNames(child));
    for (const name of ['connected', 'signalCode', 'exitCode', 'killed', 'spawnfile', 'pid']) {
      t.log(name, child[name]);
    }
    t.log(typeof child._handle, typeof child._handle.spawn, typeof child._handle.onexit);
  },

  'a spawned child has its properties in order': async (t) => {
    await withChild(t, (child) => {
      t.log(ownNames(child));
      t.log(child.connected, child.signalCode, child.exitCode, child.killed, child.spawnfile);
      t.log(typeof child.pid, typeof child._handle);
    });
  },

  'a child without a channel has none of the channel properties': async (t) => {
    await withChild(t, (child) => {
      for (const name of ['channel', 'send', 'disconnect', '_send', '_disconnect']) {
        t.log(name, name in child, Object.hasOwn(child, name));
      }
      t.log('_channel' in child, child.connected);
    });
  },

  'a child with a channel has the channel properties as its own': async (t) => {
    const child = t.cp.fork(t.fixture('exit-quietly.js'), { stdio: ['ignore', 1, 2, 'ipc'] });
    t.log(ownNames(child));
    t.log(child.connected, typeof child.send, child.send.length, typeof child.disconnect);
    t.log(await t.closed(child));
    t.log(child.connected, child.channel, Object.hasOwn(child, 'channel'));
  },

  'a finished child keeps its properties': async (t) => {
    const child = await withChild(t, () => {}, 'sh', ['-c', 'exit 7']);
    t.log(ownNames(child));
    t.log(child.exitCode, child.signalCode, child.killed, child._handle, typeof child.pid);
    t.log(child.stdin.destroyed, child.stdout.destroyed, child.stdout.readableEnded);
  },

  'a failed spawn leaves a child with all properties': async (t) => {
    const child = t.cp.spawn(MISSING, ['a']);
    t.log(ownNames(child));
    t.log(child.pid, child.spawnfile, child.spawnargs, child.exitCode, child.killed);
    t.log(Object.hasOwn(child, 'pid'), child.stdout instanceof net.Socket);
    await t.closed(child);
    t.log(child.exitCode, child.signalCode);
  },

  'spawnargs and spawnfile tell what is really run': async (t) => {
    const calls = [
      ['true', ['a', 'b']],
      ['true', ['a'], { argv0: 'other' }],
      ['true', { argv0: '' }],
      ['echo', ['a b', '$HOME'], { shell: true }],
      ['true', { shell: '/bin/bash' }],
      ['true', ['a'], { shell: true, argv0: 'other' }],
      ['true', [1, null, undefined, true, [2, 3]]],
    ];
    for (const call of calls) {
      await withChild(t, (child) => t.log(child.spawnfile, child.spawnargs), ...call);
    }
  },

  'spawnargs of exec, execFile and fork': async (t) => {
    const exec = t.cp.exec('true a b', () => {});
    t.log(exec.spawnfile, exec.spawnargs);
    const execFile = t.cp.execFile('true', ['a'], () => {});
    t.log(execFile.spawnfile, execFile.spawnargs);
    const fork = t.cp.fork(t.fixture('exit-quietly.js'), ['x'], { execArgv: ['--no-warnings'] });
    t.log(fork.spawnfile === t.node, fork.spawnargs.length);
    t.log(fork.spawnargs[0] === t.node, fork.spawnargs[1], fork.spawnargs[3]);
    t.log(fork.spawnargs[2] === t.fixture('exit-quietly.js'));
    await Promise.all([exec, execFile, fork].map(t.closed));
  },

  'spawnargs is not the array of the caller': async (t) => {
    const args = ['a'];
    await withChild(t, (child) => t.log(child.spawnargs === args), 'true', args);
    t.log(args);
  },

  'stdio lists the streams': async (t) => {
    await withChild(
      t,
      (child) => {
        t.log(Array.isArray(child.stdio), child.stdio.length);
        t.log(child.stdio[0] === child.stdin, child.stdio[1] === child.stdout);
        t.log(child.stdio[2] === child.stderr, child.stdio[3] === null);
        t.log(child.stdio[4] instanceof net.Socket, child.stdio[4].readable);
      },
      'true',
      { stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'pipe'] },
    );
    await withChild(
      t,
      (child) => t.log(child.stdio, child.stdin, child.stdout, child.stderr),
      'true',
      { stdio: 'ignore' },
    );
    await withChild(t, (child) => t.log(child.stdio.map((item) => item === null)), 'true', {
      stdio: ['inherit', 'pipe', 'ignore'],
    });
  },

  'the streams are sockets': async (t) => {
    await withChild(t, (child) => {
      for (const name of ['stdin', 'stdout', 'stderr']) {
        const socket = child[name];
        t.log(name, socket instanceof net.Socket, socket instanceof stream.Duplex);
        t.log(socket.constructor === net.Socket, socket.constructor.name);
        t.log(socket.readable, socket.writable, socket.allowHalfOpen, socket.destroyed);
        t.log(socket.readableHighWaterMark, socket.writableHighWaterMark);
        t.log(socket.connecting, socket.pending, socket.readyState, socket.bytesRead);
        t.log(socket.readableFlowing, socket.readableObjectMode, socket.readableEncoding);
        t.log(socket.remoteAddress, socket.localAddress, socket.timeout, socket.address());
      }
    });
  },

  'the streams have a handle that reads': async (t) => {
    await withChild(t, (child) => {
      for (const socket of child.stdio) {
        const handle = socket._handle;
        for (const name of ['readStart', 'readStop', 'ref', 'unref', 'hasRef', 'close']) {
          t.log(name, typeof handle[name]);
        }
        t.log(typeof handle.fd, handle.fd > 2, handle.hasRef());
      }
    });
  },

  'reading stops and goes on through the handle': async (t) => {
    const child = t.cp.spawn('head', ['-c', '1000000', '/dev/zero']);
    const closed = t.closed(child);
    const handle = child.stdout._handle;
    const calls = { readStart: 0, readStop: 0 };
    for (const name of Object.keys(calls)) {
      const original = handle[name];
      handle[name] = function (...args) {
        calls[name]++;
        return original.apply(this, args);
      };
    }
    while (calls.readStop === 0) await t.sleep(1);
    t.log('unread', calls.readStart);
    t.log((await t.text(child.stdout)).length, calls.readStart > 0);
    t.log(await closed);
  },

  'stream properties can be replaced and copied': async (t) => {
    await withChild(t, (child) => {
      for (const name of ['stdin', 'stdout', 'stderr', 'stdio', 'pid', 'spawnargs', 'killed']) {
        const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(child, name);
        t.log(name, { writable, enumerable, configurable });
      }
      const copy = Object.assign({}, child);
      t.log(copy.stdout === child.stdout, copy.pid === child.pid);
    });
  },

  'methods return what those of Node return': async (t) => {
    const child = t.cp.spawn('cat');
    t.log(child.ref(), child.unref(), child.ref());
    t.log(child.kill(0), child.killed, child.kill(), child.killed);
    t.log(await t.closed(child));
    t.log(child.kill(), child.ref(), child.unref());
  },

  'Symbol.dispose ends the child with SIGTERM': async (t) => {
    const child = t.cp.spawn('cat');
    t.log(typeof child[Symbol.dispose], child[Symbol.dispose](), child.killed);
    t.log(await t.closed(child));
  },

  'Symbol.dispose leaves a killed child alone': async (t) => {
    const child = t.cp.spawn('cat');
    child.kill('SIGKILL');
    const { kill } = child;
    let calls = 0;
    child.kill = (...args) => {
      calls++;
      return kill.apply(child, args);
    };
    t.log(child[Symbol.dispose](), calls);
    t.log(await t.closed(child));
  },

  'Symbol.dispose calls kill without a signal': async (t) => {
    const child = t.cp.spawn('cat');
    const { kill } = child;
    child.kill = (...args) => {
      t.log('kill', ...args);
      return kill.apply(child, args);
    };
    child[Symbol.dispose]();
    t.log(await t.closed(child));
    child[Symbol.dispose]();
  },

  'Symbol.dispose after the end does nothing': async (t) => {
    const child = await withChild(t, () => {});
    t.log(child[Symbol.dispose](), child.killed);
  },

  'the constructor announces itself on a diagnostics channel': async (t) => {
    const seen = [];
    const listener = (message, name) => seen.push([name, message]);
    diagnostics.subscribe('child_process', listener);
    try {
      const bare = new t.cp.ChildProcess();
      t.log(seen.length, Object.keys(seen[0][1]), seen[0][0], seen[0][1].process === bare);
      const child = t.cp.spawn('true');
      t.log(seen.length, seen[1][1].process === child);
      const forked = t.cp.fork(t.fixture('exit-quietly.js'));
      t.log(seen.length, seen[2][1].process === forked);
      t.cp.spawnSync('true');
      t.log(seen.length);
      await Promise.all([t.closed(child), t.closed(forked)]);
    } finally {
      diagnostics.unsubscribe('child_process', listener);
    }
  },

  'at the time of the announcement the child has no pid': async (t) => {
    const listener = ({ process: child }) => t.log(ownNames(child), child.pid, child.spawnfile);
    diagnostics.subscribe('child_process', listener);
    try {
      await withChild(t, () => {});
    } finally {
      diagnostics.unsubscribe('child_process', listener);
    }
  },

  'spawn is traced from Node 24 on': async (t) => {
    const listeners = TRACED.map((event) => {
      const name = `tracing:child_process.spawn:${event}`;
      const listener = (message) => {
        t.log(event, Object.keys(message));
        t.log(message.process instanceof t.cp.ChildProcess, typeof message.process?.pid);
        t.log(message.options?.file, message.options?.args.length, message.options?.cwd);
        t.log(message.error?.code, message.result);
      };
      diagnostics.subscribe(name, listener);
      return [name, listener];
    });
    try {
      await withChild(t, () => t.log('spawn returned'), 'true', ['a'], { cwd: '/' });
      await withChild(t, () => t.log('spawn returned'), MISSING);
      t.attempt('throws', () => t.cp.spawn('true', ['x'.repeat(200_000)]));
      t.attempt('invalid', () => t.cp.spawn('true', { stdio: 'none' }));
    } finally {
      for (const [name, listener] of listeners) diagnostics.unsubscribe(name, listener);
    }
    t.log('no more subscribers');
  },

  '_channel is a deprecated name of channel': async (t) => {
    const child = t.cp.fork(t.fixture('exit-quietly.js'));
    const warnings = [];
    const listener = (warning) => warnings.push(warning.code);
    process.on('warning', listener);
    t.log(child._channel === child.channel, '_channel' in child, Object.hasOwn(child, '_channel'));
    const closed = t.closed(child);
    await t.sleep(0);
    process.removeListener('warning', listener);
    t.log(warnings.filter((code) => code === 'DEP0129'));
    await closed;
    t.log(child._channel);
  },

  'inspecting a child does not throw': async (t) => {
    await withChild(t, (child) =>
      t.log(util.inspect(child, { depth: 0 }).startsWith('ChildProcess {')),
    );
  },

  'holes in the arguments stay holes in spawnargs, and are undefined for the child': async (t) => {
    const { execFile, execFileSync, spawn, spawnSync } = t.cp;
    const args = new Array(4);
    args[0] = 'a';
    args[2] = 'b';
    const keys = (list) => Object.keys(list).join();
    for (const start of [spawn, execFile]) {
      const child = start('echo', args);
      t.log(keys(child.spawnargs), await t.text(child.stdout));
      const missing = start('/nonexistent/program', args);
      const [error] = await once(missing, 'error');
      t.log(keys(error.spawnargs));
    }
    t.log(String(spawnSync('echo', args).stdout), String(execFileSync('echo', args)));
    t.log(keys(spawnSync('/nonexistent/program', args).error.spawnargs));
    t.log(keys(args));
  },

  'the kind of the list of arguments is kept': async (t) => {
    class List extends Array {}
    const child = t.cp.spawn('true', List.of('a'));
    t.log(child.spawnargs.constructor.name, child.spawnargs);
    await t.closed(child);
  },

  'with fewer than three entries of stdio the other streams are null': async (t) => {
    const child = t.cp.spawn('true', { stdio: new Array(3) });
    t.log(child.stdin, child.stdout, child.stderr, child.stdio);
    await t.closed(child);
    const entries = new Array(3);
    entries[1] = 'pipe';
    const moved = t.cp.spawn('true', { stdio: entries });
    t.log(typeof moved.stdin, moved.stdout, moved.stderr, moved.stdio.length);
    await t.closed(moved);
  },
};
