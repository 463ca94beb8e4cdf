'use strict';
// Spawns that fail: which errors come as an 'error' event and which are thrown, what the errors
// carry, and what the child object looks like afterwards.

const fs = require('node:fs');
const path = require('node:path');
const { runScript } = require('../../helpers/own-process.js');
const { countFds, countZombies, until } = require('../../helpers/processes.js');

const MISSING = '/nonexistent/program';

/** Logs every event of the child itself, and counts those of its streams. */
function watch(t, child) {
  const counts = {};
  for (const event of ['spawn', 'error', 'exit', 'close', 'disconnect']) {
    child.on(event, (...args) => t.log(event, ...args));
  }
  for (const [index, stream] of (child.stdio ?? []).entries()) {
    for (const event of ['data', 'end', 'finish', 'error', 'close']) {
      stream?.on(event, () => {
        const key = `${index} ${event}`;
        counts[key] = (counts[key] ?? 0) + 1;
      });
    }
  }
  return counts;
}

/** Waits until every stream of the child is closed. */
function streamsClosed(child) {
  return until(() => child.stdio.every((stream) => !stream || stream.closed));
}

/** An executable file with the given text. */
function program(t, name, text, mode = 0o755) {
  const file = path.join(t.tmp, name);
  fs.writeFileSync(file, text);
  fs.chmodSync(file, mode);
  return file;
}

/** An error without what differs from run to run: the temp directory. */
function withoutTmp(t, error) {
  const text = JSON.stringify({ message: error.message, ...error });
  return JSON.parse(text.replaceAll(t.tmp, 'TMP'));
}

/** Spawns, and logs whether the failure was thrown or came as an event. */
async function outcome(t, label, file, args, options) {
  let child;
  try {
    child = t.cp.spawn(file, args, options);
  } catch (error) {
    t.log(label, 'thrown', error.name, withoutTmp(t, error));
    return;
  }
  child.on('error', (error) => t.log(label, 'event', error.name, withoutTmp(t, error)));
  const end = await t.closed(child);
  t.log(label, 'closed', ...end, child.pid === undefined);
}

module.exports = {
  // The child that was started in between has a copy of the descriptor, until its exec is over.
  'a file that was written while a child was started is not busy': async (t) => {
    const codes = new Set();
    for (let i = 0; i < 100; i++) {
      const file = path.join(t.tmp, `written-${i}`);
      const fd = fs.openSync(file, 'w', 0o755);
      fs.writeSync(fd, '#!/bin/sh\nexit 7\n');
      const other = t.cp.spawn('cat', { stdio: 'ignore' });
      fs.closeSync(fd);
      const child = t.cp.spawn(file, { stdio: 'ignore' });
      const [, [code]] = await Promise.all([t.closed(other), t.closed(child)]);
      codes.add(code);
    }
    t.log(...codes);
  },

  'a missing program yields an error and a close, never a spawn or an exit': async (t) => {
    const child = t.cp.spawn(MISSING, ['one', 'two']);
    watch(t, child);
    t.log('pid', child.pid, 'pid' in child, Object.hasOwn(child, 'pid'));
    t.log('exitCode', child.exitCode, 'signalCode', child.signalCode, 'killed', child.killed);
    t.log('connected', child.connected, 'handle', child._handle === null);
    await t.closed(child);
    t.log('exitCode', child.exitCode, 'signalCode', child.signalCode, 'killed', child.killed);
    t.log('handle', child._handle === null);
  },

  'the error of a failed spawn has the documented fields in order': async (t) => {
    const child = t.cp.spawn(MISSING, ['one', 'two'], { argv0: 'zero' });
    child.on('error', (error) => {
      t.log(
        Object.keys(error),
        error instanceof Error,
        Object.getPrototypeOf(error).constructor.name,
      );
      t.log(error);
      t.log(String(error), error.stack.split('\n')[0]);
      t.log('same arguments', error.spawnargs === child.spawnargs);
      t.log('child', child.spawnfile, child.spawnargs);
    });
    await t.closed(child);
  },

  'the error event comes on the next tick, ahead of ticks queued after the call': async (t) => {
    await new Promise((resolve) => {
      setImmediate(() => {
        process.nextTick(() => t.log('tick queued before'));
        const child = t.cp.spawn(MISSING);
        child.on('error', () => t.log('error'));
        child.on('close', resolve);
        process.nextTick(() => t.log('tick queued after'));
        Promise.resolve().then(() => t.log('microtask'));
        t.log('synchronous part ends');
      });
    });
  },

  'exitCode is the negative errno when the error event is emitted': async (t) => {
    const child = t.cp.spawn(MISSING);
    child.on('error', (error) => {
      t.log(child.exitCode, child.signalCode, child.exitCode === error.errno);
      t.log('stdin destroyed', child.stdin.destroyed, 'handle', child._handle === null);
      t.log('kill', child.kill(0), 'killed', child.killed);
    });
    await t.closed(child);
    t.log('after close', child.exitCode, child.signalCode, child.pid);
  },

  'the stdio of a failed spawn exists and every stream of it ends': async (t) => {
    const child = t.cp.spawn(MISSING);
    const counts = watch(t, child);
    t.log(child.stdio.map((stream) => stream.constructor.name));
    t.log(child.stdio[0] === child.stdin, child.stdio[1] === child.stdout);
    await t.closed(child);
    await streamsClosed(child);
    t.log(Object.entries(counts).sort());
  },

  'a write to the stdin of a failed spawn gets EPIPE in its callback': async (t) => {
    const child = t.cp.spawn(MISSING);
    child.on('error', () => t.log('child error'));
    child.stdin.on('error', (error) => t.log('stdin error', error));
    t.log('write returned', typeof child.stdin.write('lost', (error) => t.log('callback', error)));
    await t.closed(child);
    await streamsClosed(child);
  },

  'ending the stdin of a failed spawn without data is no error': async (t) => {
    const child = t.cp.spawn(MISSING);
    child.stdin.on('error', (error) => t.log('stdin error', error));
    child.stdin.on('finish', () => t.log('stdin finish'));
    child.stdin.end();
    await t.closed(child);
    await streamsClosed(child);
    t.log('closed', child.stdin.destroyed);
  },

  'a failed spawn with ignored stdio has null streams and closes': async (t) => {
    const child = t.cp.spawn(MISSING, { stdio: 'ignore' });
    watch(t, child);
    t.log(child.stdin, child.stdout, child.stderr, child.stdio);
    child.on('error', () => process.nextTick(() => t.log('tick after error')));
    await t.closed(child);
  },

  'a failed spawn with inherited stdio closes': async (t) => {
    const child = t.cp.spawn(MISSING, { stdio: 'inherit' });
    watch(t, child);
    await t.closed(child);
    t.log(child.stdio);
  },

  'a failed spawn with extra pipes ends them all': async (t) => {
    const child = t.cp.spawn(MISSING, { stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'overlapped'] });
    const counts = watch(t, child);
    await t.closed(child);
    await streamsClosed(child);
    t.log(Object.entries(counts).sort());
  },

  'a failed spawn with a channel disconnects and closes': async (t) => {
    const child = t.cp.spawn(MISSING, { stdio: ['pipe', 'pipe', 'pipe', 'ipc'] });
    const seen = [];
    for (const event of ['spawn', 'error', 'exit', 'close', 'disconnect']) {
      child.on(event, () => seen.push(event));
    }
    t.log('connected', child.connected, typeof child.send);
    await t.closed(child);
    await until(() => !child.connected);
    t.log(seen.sort(), child.connected, child.channel === null, child.exitCode);
  },

  'fork with a missing execPath fails like spawn': async (t) => {
    const child = t.cp.fork('module.js', ['argument'], { execPath: MISSING, execArgv: [] });
    child.on('error', (error) => t.log(error.code, error.syscall, error.path, error.spawnargs));
    t.log('pid', child.pid);
    t.log(await t.closed(child));
  },

  'an error event that nobody listens to is an uncaught exception': async (t) => {
    await runScript(t, (cp, log) => {
      process.on('uncaughtException', (error) => log('uncaught', error.code, error.syscall));
      const child = cp.spawn('/nonexistent/program');
      child.on('close', (...args) => log('close', ...args));
    });
  },

  'without a handler the process dies of a failed spawn': async (t) => {
    const stderr = await runScript(t, (cp) => {
      cp.spawn('/nonexistent/program');
    });
    t.log(stderr.includes('Error: spawn /nonexistent/program ENOENT'));
    t.log(stderr.includes("Emitted 'error' event on ChildProcess instance"));
    t.log(stderr.includes('Unhandled'));
  },

  'a throwing error listener is an uncaught exception and close still comes': async (t) => {
    await runScript(t, (cp, log) => {
      process.on('uncaughtException', (error) => log('uncaught', error.message));
      const child = cp.spawn('/nonexistent/program');
      child.on('error', () => {
        throw new Error('from the listener');
      });
      child.on('close', (...args) => log('close', ...args));
    });
  },

  'failing spawns report in the order in which they were made': async (t) => {
    const children = ['/nonexistent/1', '/nonexistent/2', '/nonexistent/3'].map((file) => {
      const child = t.cp.spawn(file);
      child.on('error', (error) => t.log(error.path));
      return child;
    });
    await Promise.all(children.map((child) => t.closed(child)));
  },

  'files that cannot be run fail with an event or a throw by their errno': async (t) => {
    const plain = program(t, 'plain', 'text', 0o644);
    const noInterpreter = program(t, 'no-interpreter', '#!/nonexistent/interpreter\n');
    const loop = path.join(t.tmp, 'loop');
    fs.symlinkSync(loop, loop);
    const dangling = path.join(t.tmp, 'dangling');
    fs.symlinkSync('/nonexistent/target', dangling);
    await outcome(t, 'without a slash', 'no-such-program-anywhere');
    await outcome(t, 'relative', './no-such-program');
    await outcome(t, 'not executable', plain);
    await outcome(t, 'a directory', t.tmp);
    await outcome(t, 'a missing interpreter', noInterpreter);
    await outcome(t, 'a dangling link', dangling);
    await outcome(t, 'a link to itself', loop);
    await outcome(t, 'under a plain file', `${plain}/program`);
    await outcome(t, 'a name of 300 characters', `/${'n'.repeat(300)}`);
    await outcome(t, 'a path of 5000 characters', '/n'.repeat(2500));
    await outcome(t, 'a bare name of 5000 characters', 'n'.repeat(5000));
    await outcome(t, 'a blank', ' ');
  },

  'a program that is open for writing fails with ETXTBSY': async (t) => {
    const file = path.join(t.tmp, 'busy');
    fs.copyFileSync('/bin/sleep', file);
    fs.chmodSync(file, 0o755);
    const fd = fs.openSync(file, 'r+');
    await outcome(t, 'busy', file, ['0']);
    fs.closeSync(fd);
    await outcome(t, 'free again', file, ['0']);
  },

  'a name found on PATH without the right to run it is EACCES': async (t) => {
    program(t, 'unrunnable', '#!/bin/sh\n', 0o644);
    await outcome(t, 'only there', 'unrunnable', [], { env: { PATH: t.tmp } });
    await outcome(t, 'then a missing directory', 'unrunnable', [], {
      env: { PATH: `${t.tmp}:/nonexistent` },
    });
    await outcome(t, 'not a directory', 'unrunnable', [], { env: { PATH: '/etc/passwd' } });
  },

  'a working directory that cannot be entered fails like the program': async (t) => {
    const plain = program(t, 'plain', 'text');
    await outcome(t, 'missing', 'true', [], { cwd: '/nonexistent/directory' });
    await outcome(t, 'missing, without pipes', 'true', [], {
      cwd: '/nonexistent/directory',
      stdio: 'ignore',
    });
    await outcome(t, 'a file', 'true', [], { cwd: plain });
    await outcome(t, 'through a shell', 'true', [], { cwd: '/nonexistent', shell: true });
  },

  'too long an argument list is thrown as E2BIG': async (t) => {
    await outcome(t, 'one long argument', 'true', ['x'.repeat(200_000)]);
    // Past the kernel's limit of a quarter of the stack's, usually 2 MiB.
    await outcome(t, 'many arguments', 'true', new Array(3_000).fill('x'.repeat(1_000)));
    await outcome(t, 'a long variable', 'true', [], { env: { LONG: 'x'.repeat(200_000) } });
    await outcome(t, 'the longest argument that fits', 'true', ['x'.repeat(131_071)]);
  },

  'the thrown error carries errno, code and syscall only': async (t) => {
    try {
      t.cp.spawn('true', ['x'.repeat(200_000)]);
    } catch (error) {
      t.log(Object.keys(error), error.name, error.message, String(error));
      t.log(error.errno, error.code, error.syscall, error.path, error.spawnargs);
    }
  },

  'a descriptor that is not open is thrown as EBADF': async (t) => {
    await outcome(t, 'as a number', 'true', [], { stdio: ['pipe', 'pipe', 9999] });
    await outcome(t, 'as an object', 'true', [], { stdio: [{ fd: 9999 }, 'pipe', 'pipe'] });
    await outcome(t, 'at an extra index', 'true', [], { stdio: ['pipe', 'pipe', 'pipe', 9999] });
    // Not { fd: -1 }, which is EINVAL: Node 24 and 26 were seen to corrupt their heap after it.
  },

  'a bare ChildProcess keeps its initial state after a thrown failure': async (t) => {
    const child = new t.cp.ChildProcess();
    try {
      child.spawn({ file: 'true', args: ['true', 'x'.repeat(200_000)], stdio: 'pipe' });
    } catch (error) {
      t.log(error.code, error.syscall);
    }
    t.log(child.pid, child._handle === null, child.stdin, child.stdio);
    t.log(child.exitCode, child.signalCode, child.spawnfile, child.spawnargs.length);
  },

  'a bare ChildProcess answers a deferred failure with a number and a thrown one with a throw':
    async (t) => {
      const child = new t.cp.ChildProcess();
      child.on('error', (error) => t.log('error', error.code, error.spawnargs));
      t.log('returned', child.spawn({ file: MISSING, args: [MISSING, 'one'], stdio: 'pipe' }));
      t.log(await t.closed(child));
      const fine = new t.cp.ChildProcess();
      t.log('returned', fine.spawn({ file: 'true', args: ['true'], stdio: 'ignore' }));
      t.log(await t.closed(fine));
    },

  'a user change without the right is thrown as EPERM': async (t) => {
    const asNobody = process.getuid() === 0 ? { uid: 65534, gid: 65534, cwd: '/' } : {};
    await runScript(
      t,
      (cp, log) => {
        const tries = [
          { uid: 0 },
          { gid: 0 },
          { uid: 0, gid: 0 },
          { uid: process.getuid(), gid: process.getgid() },
        ];
        for (const options of tries) {
          try {
            const child = cp.spawn('true', options);
            child.on('error', (error) => log('event', error.code));
            child.on('close', (...args) => log('close', ...args));
          } catch (error) {
            log('thrown', error.message, { ...error });
          }
        }
      },
      asNobody,
    );
  },

  'a working directory that another user may not enter is EACCES': async (t) => {
    const asNobody = process.getuid() === 0 ? { uid: 65534, gid: 65534, cwd: '/' } : {};
    const closedDirectory = path.join(t.tmp, 'closed');
    fs.mkdirSync(closedDirectory, { mode: 0o000 });
    fs.chmodSync(t.tmp, 0o755);
    await runScript(
      t,
      (cp, log, [cwd]) => {
        const child = cp.spawn('true', { cwd });
        child.on('error', (error) => log('event', error.code, error.syscall, error.path));
        child.on('close', (...args) => log('close', ...args));
      },
      { ...asNobody, args: [closedDirectory] },
    );
  },

  'a process limit that is reached is an EAGAIN event': async (t) => {
    const asNobody = process.getuid() === 0 ? { uid: 65534, gid: 65534, cwd: '/' } : {};
    await runScript(
      t,
      (cp, log) => {
        const limit = require('node:child_process').spawnSync('prlimit', [
          '--nproc=1',
          `--pid=${process.pid}`,
        ]);
        if (limit.status !== 0) {
          log('no prlimit here');
          return;
        }
        const child = cp.spawn('true', ['one']);
        log('pid', child.pid, typeof child.stdin, child.exitCode);
        child.on('error', (error) => log('event', error.message, { ...error }));
        child.on('exit', () => log('exit'));
        child.on('close', (...args) => log('close', ...args));
      },
      asNobody,
    );
  },

  'without a free descriptor the streams are undefined and EMFILE is an event': async (t) => {
    await runScript(
      t,
      (cp, log) => {
        const fs = require('node:fs');
        const held = [];
        try {
          for (;;) held.push(fs.openSync('/dev/null'));
        } catch {
          log('the limit is reached');
        }
        const child = cp.spawn('true', ['one']);
        const streams = [child.stdin, child.stdout, child.stderr, child.stdio];
        log('streams', streams.map(String), 'stdin' in child, child.pid, child.exitCode);
        child.on('error', (error) => {
          log('error', error.message, { ...error }, child.exitCode, child._handle === null);
        });
        for (const event of ['spawn', 'exit', 'close']) {
          child.on(event, (...args) => log(event, ...args));
        }
        for (const fd of held) fs.closeSync(fd);
      },
      { limit: '-n 64' },
    );
  },

  'after EMFILE a spawn works again and no descriptor is lost': async (t) => {
    await runScript(
      t,
      (cp, log) => {
        const fs = require('node:fs');
        const count = () => fs.readdirSync('/proc/self/fd').length;
        const spawnTrue = (stdio) =>
          new Promise((resolve) => {
            const child = cp.spawn('true', { stdio });
            child.on('error', (error) => resolve(error.code));
            child.on('close', (code) => resolve(code));
          });
        const main = async () => {
          log('warm', await spawnTrue('pipe'));
          const before = count();
          for (const stdio of ['pipe', 'ignore', 'inherit', ['pipe', 'pipe', 'pipe', 'pipe']]) {
            const held = [];
            try {
              for (;;) held.push(fs.openSync('/dev/null'));
            } catch {}
            const failed = spawnTrue(stdio);
            for (const fd of held) fs.closeSync(fd);
            log('full', await failed);
          }
          log('free', await spawnTrue('pipe'));
          setTimeout(() => log('lost', count() - before), 20);
        };
        main();
      },
      { limit: '-n 64' },
    );
  },

  'failed spawns leave no descriptor and no zombie': async (t) => {
    await t.closed(t.cp.spawn('true'));
    await until(() => countZombies() === 0);
    const before = countFds();
    for (let i = 0; i < 10; i++) {
      await outcome({ ...t, log: () => {} }, '', MISSING);
      await outcome({ ...t, log: () => {} }, '', 'true', ['x'.repeat(200_000)]);
      await outcome({ ...t, log: () => {} }, '', 'true', [], { stdio: ['pipe', 'pipe', 9999] });
      await outcome({ ...t, log: () => {} }, '', 'true', [], { cwd: '/etc/passwd' });
    }
    t.log('descriptors', await until(() => countFds() <= before));
    t.log('zombies', await until(() => countZombies() === 0));
  },

  'a missing command in a shell is an exit status and not an error': async (t) => {
    const child = t.cp.spawn('no-such-command-anywhere', { shell: '/bin/sh' });
    watch(t, child);
    child.stderr.resume();
    t.log(await t.closed(child));
  },

  'a missing shell is the program that is not found': async (t) => {
    const child = t.cp.spawn('echo hello', { shell: '/nonexistent/shell' });
    child.on('error', (error) => t.log(error));
    t.log(await t.closed(child));
  },

  'in a working directory that was removed': async (t) => {
    await runScript(
      t,
      (cp, log, [directory]) => {
        const fs = require('node:fs');
        fs.mkdirSync(directory);
        process.chdir(directory);
        fs.rmdirSync(directory);
        const told = (name, child) =>
          child.on('error', ({ code, message }) => log(name, code, message));
        log(cp.spawnSync('./missing').error.code);
        told('spawn', cp.spawn('./missing'));
        process.env.PATH = 'bin:/usr/bin';
        told('by PATH', cp.spawn('missing-everywhere'));
        told('fork', cp.fork('a.js', [], { execPath: './missing' }));
      },
      { args: [`${t.tmp}/removed`] },
    );
  },
};
