'use strict';
// The life of a child that did start: 'spawn', then 'exit', then 'close', what holds at each of
// them, and how the ways to end are reported.

const { once } = require('node:events');
const { runScript } = require('../../helpers/own-process.js');
const { countZombies, processStat, until } = require('../../helpers/processes.js');

const shell = (t, script, options) => t.cp.spawn('sh', ['-c', script], options);

function watch(t, child) {
  for (const event of ['spawn', 'error', 'exit', 'close']) {
    child.on(event, (...args) => t.log(event, ...args));
  }
}

module.exports = {
  'a handle that is closed tells of nothing, and keeps nothing alive': async (t) => {
    // In a program of its own: under Node nobody reaps such a child.
    const source = `
      const { spawn } = require(process.argv[1]);
      const long = spawn('sleep', ['20'], { stdio: 'ignore' });
      process.on('exit', () => process.kill(long.pid));
      long._handle.close();
      const child = spawn('sleep', ['0.1'], { stdio: 'ignore' });
      for (const name of ['exit', 'close']) child.on(name, () => console.log(name));
      const handle = child._handle;
      handle.close(function () {
        console.log('closed', this === handle, handle.hasRef());
        handle.ref();
        console.log(handle.hasRef());
        setTimeout(() => console.log(child.exitCode, child.signalCode), 400);
      });
      handle.close(() => console.log('closed twice'));`;
    const options = { encoding: 'utf8', timeout: 10_000 };
    const { status, signal, stdout } = t.cp.spawnSync(
      t.node,
      ['-e', source, t.modulePath],
      options,
    );
    t.log(status, signal, stdout);
  },

  'spawn is emitted on the next tick, ahead of ticks queued after the call': async (t) => {
    await new Promise((resolve) => {
      setImmediate(() => {
        process.nextTick(() => t.log('tick queued before'));
        const child = t.cp.spawn('true');
        child.on('spawn', (...args) => t.log('spawn', ...args));
        child.on('close', resolve);
        process.nextTick(() => t.log('tick queued after'));
        Promise.resolve().then(() => t.log('microtask'));
        t.log('synchronous part ends', typeof child.pid);
      });
    });
  },

  'each event comes once, with the child as this': async (t) => {
    const child = shell(t, 'echo out; echo err >&2; exit 3');
    for (const event of ['spawn', 'exit', 'close']) {
      child.on(event, function listener(...args) {
        t.log(event, this === child, args);
      });
    }
    await t.closed(child);
    await t.sleep(5);
  },

  'spawn comes before data and exit though the child has ended by then': async (t) => {
    const child = t.cp.spawn('echo', ['early']);
    while (processStat(child.pid)?.state !== 'Z');
    watch(t, child);
    let first;
    child.stdout.once('data', () => {
      first = 'data came after spawn';
    });
    child.once('spawn', () => t.log(first, child.exitCode));
    await t.closed(child);
    t.log(first);
  },

  'exitCode is set and stdin destroyed when exit is emitted': async (t) => {
    const child = shell(t, 'exit 5');
    child.on('exit', (...args) => {
      t.log(args, child.exitCode, child.signalCode, child.killed);
      t.log('stdin destroyed', child.stdin.destroyed, 'handle', child._handle === null);
      t.log('pid', typeof child.pid, 'kill', child.kill());
      process.nextTick(() => t.log('stdin is the same', child.stdin === child.stdio[0]));
    });
    t.log(child.exitCode, child.signalCode, child._handle === null);
    t.log(await t.closed(child));
  },

  'signalCode is set and exitCode stays null after a signal': async (t) => {
    const child = shell(t, 'kill -KILL $$');
    child.on('exit', (...args) => t.log(args, child.exitCode, child.signalCode, child.killed));
    t.log(await t.closed(child), child.exitCode, child.signalCode);
  },

  'exit codes are those of the child, modulo 256': async (t) => {
    for (const code of [0, 1, 2, 126, 127, 128, 137, 255, 256, 257]) {
      t.log(code, await t.closed(shell(t, `exit ${code}`)));
    }
  },

  'signals that the child sends to itself are reported by name': async (t) => {
    for (const name of ['HUP', 'INT', 'QUIT', 'ABRT', 'KILL', 'SEGV', 'PIPE', 'TERM', 'USR1']) {
      t.log(name, await t.closed(shell(t, `kill -${name} $$`, { cwd: t.tmp })));
    }
  },

  'output that nobody reads is discarded after the exit, so that close comes': async (t) => {
    const child = shell(t, 'echo unread; echo unread >&2');
    child.on('exit', () => {
      t.log('at exit', child.stdout.readableFlowing, child.stderr.readableFlowing);
      process.nextTick(() => t.log('then', child.stdout.readableFlowing));
    });
    t.log(await t.closed(child), child.stdout.readableEnded, child.stdout.readableLength);
  },

  'a paused stream is resumed after the exit': async (t) => {
    const child = shell(t, 'echo held back');
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.stdout.pause();
    child.on('exit', () => t.log('at exit', text, child.stdout.isPaused()));
    t.log(await t.closed(child), text);
  },

  'a stream with a readable listener is left to it': async (t) => {
    const child = shell(t, 'echo for the listener');
    let readable = 0;
    let closed = false;
    child.on('close', () => {
      closed = true;
    });
    child.stdout.on('readable', () => readable++);
    await t.exited(child);
    await t.sleep(20);
    t.log('closed', closed, 'told', readable > 0);
    t.log(String(child.stdout.read()));
    t.log(child.stdout.read(), await until(() => closed));
  },

  'a stream piped elsewhere after the exit loses nothing': async (t) => {
    const child = t.cp.spawn('echo', ['kept']);
    const text = await new Promise((resolve) => {
      child.on('exit', () => resolve(t.text(child.stdout)));
    });
    t.log(text);
  },

  'close waits for a grandchild that holds a pipe': async (t) => {
    // The parent closes stdin as it notices the exit: only then does the grandchild go on.
    const child = shell(t, 'exec 3<&0; (read x <&3; echo late) & exit 3');
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.on('exit', (...args) => t.log('exit', ...args, text));
    t.log('close', await t.closed(child), text);
  },

  'close does not wait for a grandchild that holds no pipe': async (t) => {
    const child = shell(t, 'sleep 0.2 >/dev/null 2>&1 </dev/null & echo $!');
    const text = t.text(child.stdout);
    t.log(await t.closed(child));
    t.log('grandchild lives', processStat(Number(await text)) !== undefined);
  },

  'close does not wait for stdin': async (t) => {
    const child = t.cp.spawn('true', { stdio: ['pipe', 'ignore', 'ignore'] });
    t.log(await t.closed(child), child.stdin.destroyed);
  },

  'streams may end long before the exit': async (t) => {
    const child = shell(t, 'exec 1>&- 2>&-; read x; exit 6');
    const seen = [];
    for (const name of ['stdout', 'stderr']) {
      child[name].resume();
      for (const event of ['end', 'close']) child[name].on(event, () => seen.push(name + event));
    }
    child.on('exit', (...args) => t.log('exit', ...args, seen.sort()));
    await until(() => seen.length === 4);
    child.stdin.end();
    child.on('close', (...args) => t.log('close', ...args));
    await t.closed(child);
  },

  'with ignored stdio close follows the exit at once': async (t) => {
    const child = t.cp.spawn('true', { stdio: 'ignore' });
    child.on('exit', () => {
      t.log('exit');
      process.nextTick(() => t.log('tick'));
    });
    child.on('close', () => t.log('close'));
    await t.closed(child);
  },

  'all output has arrived when close comes': async (t) => {
    const child = shell(t, 'head -c 1000000 /dev/zero; echo tail >&2; exit 4');
    let length = 0;
    child.stdout.on('data', (chunk) => {
      length += chunk.length;
    });
    let error = '';
    child.stderr.on('data', (chunk) => {
      error += chunk;
    });
    t.log(await t.closed(child), length, error);
  },

  'output written right before process.exit arrives': async (t) => {
    const source = "console.log('x'.repeat(50000)); console.error('e'); process.exit(4)";
    const child = t.cp.spawn(t.node, ['-e', source]);
    const [text, end] = await Promise.all([t.text(child.stdout), t.closed(child)]);
    t.log(text.length, end);
  },

  'streams that the parent destroyed do not hold close back': async (t) => {
    const child = t.cp.spawn('cat');
    child.stdout.destroy();
    child.stderr.destroy();
    child.stdin.end();
    t.log(await t.closed(child), child.stdout.destroyed);
  },

  'many children end, each with its own code, and none stays a zombie': async (t) => {
    const children = Array.from({ length: 20 }, (_, code) => shell(t, `exit ${code}`));
    t.log(await Promise.all(children.map((child) => t.closed(child))));
    t.log(await until(() => countZombies() === 0));
  },

  'a child that was replaced by exec is the same child': async (t) => {
    const child = shell(t, 'exec sh -c "exit 8"');
    watch(t, child);
    await t.closed(child);
  },

  'listeners added after the exit are not told': async (t) => {
    const child = t.cp.spawn('true');
    await t.closed(child);
    child.on('exit', () => t.log('exit'));
    child.on('close', () => t.log('close'));
    child.on('spawn', () => t.log('spawn'));
    await t.sleep(10);
    t.log('nothing came', child.exitCode);
  },

  'events.once gives the arguments of exit and of close': async (t) => {
    const child = shell(t, 'exit 9');
    t.log(await Promise.all([once(child, 'exit'), once(child, 'close'), once(child, 'spawn')]));
  },

  'a throwing exit listener is an uncaught exception, and keeps close from coming': async (t) => {
    await runScript(t, (cp, log) => {
      process.on('uncaughtException', (error) => log('uncaught', error.message));
      const child = cp.spawn('sh', ['-c', 'exit 2']);
      child.on('exit', () => {
        throw new Error('from exit');
      });
      child.on('exit', () => log('a second listener of the same event is not reached'));
      child.on('close', (...args) => log('close', ...args));
      process.on('exit', () => log('end', child.exitCode));
    });
  },

  'what a stream throws that is destroyed while it writes does not keep its close from coming':
    async (t) => {
      await runScript(t, (cp, log) => {
        const { AsyncLocalStorage } = require('node:async_hooks');
        const storage = new AsyncLocalStorage();
        process.on('uncaughtException', (error) =>
          log('uncaught', error.message, storage.getStore()),
        );
        storage.run('stored', () => {
          const child = cp.spawn('sleep', ['0.2'], { stdio: ['pipe', 'ignore', 'ignore'] });
          child.stdin.write(Buffer.alloc(4 * 1024 * 1024), () => {
            throw new Error('from write');
          });
          child.stdin.on('close', () => {
            log('stdin closes');
            throw new Error('from close');
          });
          child.on('close', () => log('close'));
          setTimeout(() => child.stdin.destroy(), 50);
        });
      });
    },

  'what a listener throws ends the program in the context of the listener': async (t) => {
    await runScript(t, (cp, log) => {
      const { AsyncLocalStorage } = require('node:async_hooks');
      const storage = new AsyncLocalStorage();
      process.on('exit', (code) => log('exit', code, storage.getStore()));
      storage.run('stored', () => {
        cp.spawn('true').on('exit', () => {
          throw new Error('from exit');
        });
      });
    });
  },

  'what the callback of a write throws is the error of its domain': async (t) => {
    await runScript(t, (cp, log) => {
      const domain = require('node:domain').create();
      domain.on('error', (error) => log('domain', error.message));
      domain.run(() => {
        const child = cp.spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
        child.stdin.end(Buffer.alloc(4 * 1024 * 1024), () => {
          throw new Error('from write');
        });
        child.on('close', () => log('close'));
      });
    });
  },

  'a throwing spawn listener is an uncaught exception and the rest still comes': async (t) => {
    await runScript(t, (cp, log) => {
      process.on('uncaughtException', (error) => log('uncaught', error.message));
      const child = cp.spawn('true');
      child.on('spawn', () => {
        throw new Error('from spawn');
      });
      child.on('close', (...args) => log('close', ...args));
    });
  },

  'a throwing close listener leaves other children alone': async (t) => {
    await runScript(t, (cp, log) => {
      process.on('uncaughtException', (error) => {
        log('uncaught', error.message);
        second.stdin.end();
      });
      const first = cp.spawn('true');
      first.on('close', () => {
        throw new Error('from close');
      });
      const second = cp.spawn('sh', ['-c', 'read line; exit 3']);
      second.on('close', (...args) => log('second', ...args));
    });
  },

  'a channel that dies with its child disconnects before close': async (t) => {
    const child = t.cp.fork(t.fixture('ipc-echo.js'), [], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const seen = [];
    for (const event of ['disconnect', 'exit', 'close']) child.on(event, () => seen.push(event));
    await new Promise((resolve) => {
      child.once('message', resolve);
      child.send('up?');
    });
    child.kill('SIGKILL');
    t.log(await t.closed(child), seen.at(-1), seen.sort(), child.connected);
  },

  'after a disconnect by the parent the exit comes, and close': async (t) => {
    const child = t.cp.fork(t.fixture('ipc-echo.js'), [], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    let closed = false;
    child.on('close', () => {
      closed = true;
    });
    child.on('disconnect', () => t.log('disconnect'));
    await new Promise((resolve) => {
      child.once('message', resolve);
      child.send('up?');
    });
    child.disconnect();
    t.log('exit', await t.exited(child));
    await t.sleep(150);
    t.log('close', closed);
  },

  'a process ends by itself once its children have': async (t) => {
    await runScript(t, (cp, log) => {
      for (const stdio of ['pipe', 'ignore', ['pipe', 'pipe', 'pipe', 'pipe']]) {
        const child = cp.spawn('true', { stdio });
        child.on('close', (...args) => log(...args));
      }
      process.on('exit', (code) => log('end', code));
    });
  },

  'process.exit does not wait for a child': async (t) => {
    await runScript(t, (cp, log) => {
      const child = cp.spawn('sleep', ['0.3'], { stdio: 'ignore' });
      child.on('exit', () => log('exit must not be seen'));
      child.on('spawn', () => process.exit(7));
    });
  },

  'until when a timeout counts': async (t) => {
    for (const file of ['true', '/nonexistent']) {
      const child = t.cp.spawn(file, { timeout: 60_000 });
      child.on('error', () => {});
      t.log(file, child.listenerCount('exit'), child.listenerCount('close'));
      await t.closed(child);
      t.log(child.listenerCount('exit'), child.listenerCount('close'));
    }
  },

  'a timeout is one of Node, whatever the program puts in its place': async (t) => {
    await runScript(t, (cp, log) => {
      globalThis.setTimeout = /** @type {any} */ (
        () => {
          log('of the program');
        }
      );
      cp.exec('sleep 60', { timeout: 50 }, (error) => {
        log('exec', error.killed, error.signal);
        cp.spawn('sleep', ['60'], { timeout: 50 }).on('exit', (...args) => log('exit', ...args));
      });
    });
  },
};
