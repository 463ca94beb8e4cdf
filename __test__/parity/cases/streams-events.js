'use strict';
// The events of the streams: how often and in which order they come, in whose async context, and
// what an exception in a listener does.

const { AsyncLocalStorage } = require('node:async_hooks');
const { once } = require('node:events');
const { runScript } = require('../../helpers/own-process.js');
const { until } = require('../../helpers/processes.js');

const EVENTS = ['readable', 'data', 'end', 'prefinish', 'finish', 'drain', 'error', 'close'];
const shell = (t, script, options) => t.cp.spawn('sh', ['-c', script], options);

/** Records the events of a stream, except for 'readable', which would change how it is read. */
function record(socket) {
  const seen = [];
  for (const event of EVENTS) {
    if (event === 'readable') continue;
    socket.on(event, (...args) => {
      if (event !== 'data' || seen.at(-1) !== 'data') seen.push(event);
      if (event === 'close') seen.push(...args);
    });
  }
  return seen;
}

async function allClosed(child) {
  await until(() => child.stdio.every((item) => !item || item.closed));
}

/** Logs in which async context each event of an emitter is seen, once per event. */
function contexts(store, emitter, events, into, prefix = '') {
  for (const event of events) {
    emitter.on(event, () => {
      into[prefix + event] = store.getStore();
    });
  }
}

module.exports = {
  'a read stream ends, finishes and closes, each once': async (t) => {
    const child = shell(t, 'echo out; echo err >&2');
    const seen = [record(child.stdout), record(child.stderr)];
    await t.closed(child);
    await allClosed(child);
    t.log(seen);
  },

  'an ended stdin finishes and closes, each once': async (t) => {
    const child = t.cp.spawn('cat');
    const seen = record(child.stdin);
    child.stdin.end('text');
    child.stdout.resume();
    await t.closed(child);
    await allClosed(child);
    t.log(seen);
  },

  'a stdin that nobody ended closes at the exit and never finishes': async (t) => {
    const child = t.cp.spawn('true');
    const seen = record(child.stdin);
    await t.closed(child);
    await allClosed(child);
    t.log(seen);
  },

  'an extra pipe has the events of both sides': async (t) => {
    const child = shell(t, 'cat <&3 >&3', { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
    const seen = record(child.stdio[3]);
    child.stdio[3].end('text');
    await t.closed(child);
    await allClosed(child);
    t.log(seen);
  },

  'streams without any output end all the same': async (t) => {
    const child = t.cp.spawn('true');
    const seen = [record(child.stdout), record(child.stderr)];
    await t.closed(child);
    await allClosed(child);
    t.log(seen);
  },

  'the child closes after the end of its streams': async (t) => {
    const child = shell(t, 'echo out; echo err >&2');
    const seen = [];
    for (const name of ['stdout', 'stderr']) {
      child[name].resume();
      child[name].on('end', () => seen.push(`${name} end`));
    }
    child.on('exit', () => seen.push('exit'));
    await t.closed(child);
    t.log(seen.sort());
  },

  'a stream destroyed with an error tells so in close': async (t) => {
    const child = t.cp.spawn('cat');
    const seen = record(child.stdout);
    child.stdout.destroy(new Error('on purpose'));
    child.stdin.end();
    await t.closed(child);
    t.log(seen);
  },

  'readable comes for data and once for the end': async (t) => {
    const child = t.cp.spawn('cat');
    const reads = [];
    child.stdout.on('readable', () => {
      for (;;) {
        const chunk = child.stdout.read();
        reads.push(chunk === null ? null : String(chunk));
        if (chunk === null) break;
      }
    });
    child.stdout.on('end', () => reads.push('end'));
    child.stdin.write('one');
    await until(() => reads.includes('one'));
    child.stdin.end();
    await t.closed(child);
    t.log(reads.filter(Boolean), reads.at(-1));
  },

  'the resume and pause events are told': async (t) => {
    const child = t.cp.spawn('cat');
    for (const event of ['pause', 'resume']) child.stdout.on(event, () => t.log(event));
    child.stdout.on('data', () => {});
    await new Promise((resolve) => setImmediate(resolve));
    child.stdout.pause();
    child.stdout.resume();
    await new Promise((resolve) => setImmediate(resolve));
    child.stdin.end();
    t.log(await t.closed(child));
  },

  'removing the data listener pauses nothing by itself': async (t) => {
    const child = t.cp.spawn('cat');
    let total = 0;
    const listener = (chunk) => {
      total += chunk.length;
    };
    child.stdout.on('data', listener);
    child.stdin.write('12345');
    await until(() => total === 5);
    child.stdout.off('data', listener);
    child.stdin.end('lost');
    t.log(await t.closed(child), total, child.stdout.readableFlowing);
  },

  'events of a child run in the async context of its spawn': async (t) => {
    const store = new AsyncLocalStorage();
    const seen = {};
    const child = store.run('of the spawn', () => shell(t, 'cat; echo err >&2'));
    store.run('of the listener', () => {
      contexts(store, child, ['spawn', 'exit', 'close'], seen);
      contexts(store, child.stdout, ['data', 'end', 'close', 'finish'], seen, 'stdout ');
      contexts(store, child.stderr, ['data', 'end', 'close'], seen, 'stderr ');
      contexts(store, child.stdin, ['finish', 'close'], seen, 'stdin ');
    });
    store.run('of the write', () => {
      child.stdin.write('text', () => {
        seen['write callback'] = store.getStore();
      });
    });
    await until(() => 'stdout data' in seen);
    store.run('of the end', () => child.stdin.end());
    await t.closed(child);
    await allClosed(child);
    t.log('child', seen.spawn, seen.exit);
    t.log('data', seen['stdout data'], seen['stderr data']);
    t.log('write callback', seen['write callback'], seen['stdin finish']);
  },

  'a write that has to wait calls back in its own context': async (t) => {
    const store = new AsyncLocalStorage();
    const seen = [];
    const note = (name) => () => seen.push([name, store.getStore()]);
    const child = store.run('of the spawn', () => shell(t, 'sleep 0.1; cat > /dev/null'));
    for (const name of ['first', 'second']) {
      store.run(`of the ${name}`, () => child.stdin.write(Buffer.alloc(1 << 20), note(name)));
    }
    store.run('of the listener', () => child.stdin.on('drain', note('drain')));
    store.run('of the end', () => child.stdin.end(note('end')));
    await t.closed(child);
    t.log(seen);
  },

  'a write that is given up calls back in its own context': async (t) => {
    const store = new AsyncLocalStorage();
    const seen = [];
    const note = (name) => () => seen.push([name, store.getStore()]);
    const child = store.run('of the spawn', () => t.cp.spawn('sleep', ['60']));
    store.run('of the write', () => child.stdin.write(Buffer.alloc(4 << 20), note('write')));
    await t.sleep(50);
    store.run('of the destroy', () => child.stdin.destroy());
    store.run('of the listener', () => child.stdin.on('close', note('close')));
    await once(child.stdin, 'close');
    child.kill();
    await t.closed(child);
    t.log(seen);
  },

  'an error event of a failed spawn runs in the context of the spawn': async (t) => {
    const store = new AsyncLocalStorage();
    const seen = {};
    const child = store.run('of the spawn', () => t.cp.spawn('/nonexistent/program'));
    store.run('of the listener', () => contexts(store, child, ['error', 'close'], seen));
    await t.closed(child);
    t.log(seen.error);
  },

  'messages run in the context of the fork': async (t) => {
    const store = new AsyncLocalStorage();
    const seen = {};
    const child = store.run('of the fork', () => t.cp.fork(t.fixture('ipc-echo.js')));
    const answered = once(child, 'message');
    store.run('of the listener', () => {
      contexts(store, child, ['message', 'disconnect', 'exit'], seen);
    });
    store.run('of the send', () => {
      child.send('up?', () => {
        seen['send callback'] = store.getStore();
      });
    });
    await answered;
    child.kill();
    await t.closed(child);
    t.log(seen);
  },

  'two children keep their contexts apart': async (t) => {
    const store = new AsyncLocalStorage();
    const children = ['a', 'b'].map((name) => store.run(name, () => shell(t, `echo ${name}`)));
    const seen = [];
    for (const child of children) {
      child.stdout.on('data', (chunk) => seen.push(`${store.getStore()} data ${chunk}`.trim()));
      child.on('exit', () => seen.push(`${store.getStore()} exit`));
    }
    await Promise.all(children.map((child) => t.closed(child)));
    t.log(seen.sort());
  },

  'a callback that is given within a context returns to it': async (t) => {
    const store = new AsyncLocalStorage();
    const end = await store.run('kept', async () => {
      const child = t.cp.spawn('cat');
      child.stdin.end('text');
      let text = '';
      for await (const chunk of child.stdout) text += `${chunk} ${store.getStore()}`;
      return [text, store.getStore()];
    });
    t.log(end, store.getStore());
  },

  'an exception in a data listener is uncaught, and the next data still come': async (t) => {
    await runScript(t, (cp, log) => {
      process.on('uncaughtException', (error) => log('uncaught', error.message));
      const child = cp.spawn('cat');
      let count = 0;
      child.stdout.on('data', (chunk) => {
        count++;
        log('data', String(chunk));
        if (count === 1) {
          setImmediate(() => child.stdin.end('second'));
          throw new Error('from data');
        }
      });
      child.stdout.on('end', () => log('end'));
      child.on('close', (...args) => log('close', ...args));
      child.stdin.write('first');
    });
  },

  'an exception in an end listener is uncaught, and keeps close from coming': async (t) => {
    await runScript(t, (cp, log) => {
      process.on('uncaughtException', (error) => log('uncaught', error.message));
      const child = cp.spawn('echo', ['text'], { stdio: ['ignore', 'pipe', 'ignore'] });
      child.stdout.resume();
      child.stdout.on('end', () => {
        throw new Error('from end');
      });
      child.stdout.on('close', () => log('stdout close'));
      child.on('close', (...args) => log('close', ...args));
    });
  },

  'an exception in a write callback is uncaught, and later writes go on': async (t) => {
    await runScript(t, (cp, log) => {
      process.on('uncaughtException', (error) => log('uncaught', error.message));
      const child = cp.spawn('cat');
      child.stdout.setEncoding('utf8');
      let text = '';
      child.stdout.on('data', (chunk) => {
        text += chunk;
      });
      child.stdin.write('one ', () => {
        throw new Error('from the callback');
      });
      setTimeout(() => child.stdin.end('two'), 20);
      child.on('close', (...args) => log('close', ...args, text));
    });
  },

  'an exception with no handler ends the process with code 1': async (t) => {
    const stderr = await runScript(t, (cp, log) => {
      const child = cp.spawn('echo', ['text']);
      child.stdout.on('data', () => {
        throw new Error('nobody handles this');
      });
      child.on('close', () => log('close must not be seen'));
    });
    t.log(stderr.includes('Error: nobody handles this'));
  },

  'an error event of stdin that nobody listens to is an uncaught exception': async (t) => {
    await runScript(t, (cp, log) => {
      process.on('uncaughtException', (error) => log('uncaught', error.code, error.syscall));
      const child = cp.spawn('sh', ['-c', 'exec 0<&-; echo closed; read x <&3'], {
        stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
      });
      child.stdout.once('data', () => {
        child.stdin.write('anybody?');
        child.stdin.on('close', () => child.stdio[3].end('\n'));
      });
      child.on('close', (...args) => log('close', ...args));
    });
  },

  'a listener may destroy every stream and kill the child': async (t) => {
    const child = t.cp.spawn('yes');
    child.stdout.on('data', () => {
      for (const item of child.stdio) item.destroy();
      child.kill('SIGKILL');
    });
    const [code, signal] = await t.closed(child);
    t.log(code === 1 || signal !== null);
    await allClosed(child);
    t.log(child.stdio.map((item) => item._handle));
  },

  'an uncaught exception is told in the context of what threw it': async (t) => {
    const storage = new AsyncLocalStorage();
    const onUncaught = ({ message }) => t.log(message, storage.getStore());
    process.on('uncaughtException', onUncaught);
    const fail = (what) => () => {
      throw new Error(what);
    };
    const started = (name, ...args) => storage.run(name, () => t.cp.spawn(...args));

    const exits = started('of exit', 'true');
    exits.once('exit', fail('exit'));
    await t.exited(exits);
    await t.sleep(50);

    const tells = started('of data', 'echo', ['text']);
    tells.stdout.once('data', fail('data'));
    await t.closed(tells);

    await new Promise((resolve) => {
      const callback = () => {
        resolve();
        fail('exec')();
      };
      storage.run('of exec', () => t.cp.exec('true', callback));
    });
    await t.sleep(50);

    const closes = started('of close', 'cat');
    closes.stdin.once('close', fail('close'));
    closes.stdin.destroy();
    await t.closed(closes);

    const writes = started('of write', 'sh', ['-c', 'sleep 0.1; cat > /dev/null']);
    storage.run('at write', () => writes.stdin.end(Buffer.alloc(1e6), fail('written')));
    await t.closed(writes);
    await t.sleep(20);
    process.off('uncaughtException', onUncaught);
  },
};
