'use strict';
// What kind of objects child.stdin, stdout and stderr are: net.Sockets, with their flags, counters
// and states through life, a handle that can be tampered with, and weights of their own in the loop.

const net = require('node:net');
const stream = require('node:stream');
const { runScript, startScript } = require('../../helpers/own-process.js');
const { until } = require('../../helpers/processes.js');

const NAMES = ['stdin', 'stdout', 'stderr'];

/** The flags of a stream that a program may look at. */
function state(socket) {
  const keys = ['pending', 'connecting', 'readyState', 'bytesRead', 'bytesWritten', 'destroyed'];
  keys.push('closed', 'errored', 'readable', 'readableEnded', 'readableFlowing', 'readableLength');
  keys.push('readableAborted', 'readableDidRead', 'writable', 'writableEnded', 'writableFinished');
  keys.push('writableLength', 'writableNeedDrain', 'writableAborted', 'writableCorked');
  return Object.fromEntries(keys.map((key) => [key, socket[key]]));
}

async function allClosed(child) {
  await until(() => child.stdio.every((item) => !item || item.closed));
}

/** Whether a script whose stdin its grandchild reads ends before that grandchild does. */
async function holdsParent(t, body) {
  const parent = startScript(t, body, { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = t.closed(parent);
  let exited = false;
  parent.on('exit', () => {
    exited = true;
  });
  await new Promise((resolve) => parent.stdout.once('data', resolve));
  await t.sleep(150);
  const held = !exited;
  parent.stdin.end();
  return [held, ...(await closed)];
}

module.exports = {
  'the standard streams are sockets of the net module': async (t) => {
    const child = t.cp.spawn('cat', { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    for (const socket of child.stdio) {
      t.log(socket instanceof net.Socket, socket instanceof stream.Duplex);
      t.log(socket.constructor.name, Object.prototype.toString.call(socket));
      t.log(socket instanceof stream.Readable, socket instanceof stream.Writable);
    }
    child.stdin.end();
    child.stdio[3].end();
    await t.closed(child);
  },

  'their flags at the start': async (t) => {
    const child = t.cp.spawn('cat', { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    for (const [index, socket] of child.stdio.entries()) {
      t.log(index, state(socket));
      t.log(index, socket.allowHalfOpen, socket.readableObjectMode, socket.writableObjectMode);
      t.log(index, socket.isPaused(), socket.readableEncoding, socket.timeout);
    }
    child.stdin.end();
    child.stdio[3].end();
    await t.closed(child);
  },

  'their high-water marks are the default ones': async (t) => {
    const child = t.cp.spawn('cat');
    for (const name of NAMES) {
      const { readableHighWaterMark, writableHighWaterMark } = child[name];
      t.log(name, readableHighWaterMark, writableHighWaterMark);
      t.log(name, readableHighWaterMark === stream.getDefaultHighWaterMark(false));
    }
    child.stdin.end();
    await t.closed(child);
  },

  'a changed default high-water mark counts for new children': async (t) => {
    await runScript(t, (cp, log) => {
      require('node:stream').setDefaultHighWaterMark(false, 1234);
      const child = cp.spawn('true');
      log(child.stdout.readableHighWaterMark, child.stdin.writableHighWaterMark);
    });
  },

  'their flags after all has been read and written': async (t) => {
    const child = t.cp.spawn('cat');
    child.stdin.end('hello');
    child.stdout.resume();
    child.stderr.resume();
    await t.closed(child);
    await allClosed(child);
    for (const name of NAMES) t.log(name, state(child[name]), child[name]._handle === null);
  },

  'bytes are counted both ways, in bytes and not in characters': async (t) => {
    const child = t.cp.spawn('cat');
    child.stdout.setEncoding('utf8');
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.stdin.write('häßlich');
    t.log('at once', child.stdin.bytesWritten);
    child.stdin.cork();
    child.stdin.write('€', 'utf8');
    child.stdin.write('ff00', 'hex');
    t.log('corked', child.stdin.bytesWritten, child.stdin.writableLength);
    child.stdin.end();
    await t.closed(child);
    t.log(child.stdin.bytesWritten, child.stdout.bytesRead, child.stdout.bytesWritten, text);
  },

  'the ready state follows the life of a stream': async (t) => {
    const child = t.cp.spawn('cat', { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    const states = () => child.stdio.map((socket) => socket.readyState);
    t.log(states());
    child.stdin.end();
    child.stdio[3].end();
    t.log(states());
    await t.closed(child);
    await allClosed(child);
    t.log(states());
  },

  'a pipe has no addresses': async (t) => {
    const child = t.cp.spawn('cat');
    const { stdout } = child;
    t.log(stdout.address(), stdout.remoteAddress, stdout.remotePort, stdout.remoteFamily);
    t.log(stdout.localAddress, stdout.localPort, stdout.localFamily);
    child.stdin.end();
    await t.closed(child);
  },

  'the methods of a socket that mean nothing for a pipe are harmless': async (t) => {
    const child = t.cp.spawn('cat');
    for (const name of NAMES) {
      t.log(name, child[name].setNoDelay() === child[name]);
      t.log(name, child[name].setKeepAlive(true, 1000) === child[name]);
      t.attempt(name, () => child[name].resetAndDestroy());
    }
    child.stdin.destroy();
    child.stdout.on('error', () => {});
    await t.closed(child);
  },

  'ref and unref return the stream and move hasRef of the handle': async (t) => {
    const child = t.cp.spawn('cat');
    for (const name of NAMES) {
      const socket = child[name];
      t.log(name, socket._handle.hasRef(), socket.unref() === socket, socket._handle.hasRef());
      t.log(name, socket.ref() === socket, socket._handle.hasRef());
    }
    child.stdin.end();
    await t.closed(child);
    for (const name of NAMES) t.log(child[name].ref() === child[name], child[name]._handle);
    for (const name of NAMES) t.log(child[name].unref() === child[name]);
  },

  'a stream that is being read holds the process, and lets go when unref': async (t) => {
    const plain = await holdsParent(t, (cp, log) => {
      cp.spawn('cat', { stdio: ['inherit', 'pipe', 'ignore'] }).unref();
      log('armed');
    });
    t.log('plain', plain);
    const unref = await holdsParent(t, (cp, log) => {
      const child = cp.spawn('cat', { stdio: ['inherit', 'pipe', 'ignore'] });
      child.unref();
      child.stdout.on('data', () => {});
      child.stdout.unref();
      log('armed');
    });
    t.log('unref', unref);
    const again = await holdsParent(t, (cp, log) => {
      const child = cp.spawn('cat', { stdio: ['inherit', 'pipe', 'ignore'] });
      child.unref();
      child.stdout.unref();
      child.stdout.ref();
      log('armed');
    });
    t.log('ref again', again);
  },

  'a write that the child does not take holds the process': async (t) => {
    const held = await holdsParent(t, (cp, log) => {
      const script = 'read x <&3';
      const child = cp.spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore', 0] });
      child.unref();
      child.stdin.on('error', () => {});
      child.stdin.write(Buffer.alloc(4_000_000));
      log('armed');
    });
    t.log(held);
  },

  'the methods of the handle are called, and may be replaced': async (t) => {
    const child = t.cp.spawn('cat');
    const called = [];
    for (const method of ['readStart', 'readStop']) {
      const original = child.stdout._handle[method];
      child.stdout._handle[method] = function replaced(...args) {
        called.push(method);
        return original.apply(this, args);
      };
    }
    let total = 0;
    child.stdout.on('data', (chunk) => {
      total += chunk.length;
    });
    child.stdin.write('one');
    await until(() => total === 3);
    t.log('while it flows', called.join());
    child.stdout.pause();
    child.stdin.write(Buffer.alloc(300_000));
    await until(() => called.includes('readStop'));
    t.log('paused', called.join());
    child.stdout.resume();
    await until(() => total === 300_003);
    t.log(
      'resumed',
      called[1],
      called.every((name, i) => name === ['readStop', 'readStart'][i % 2]),
    );
    child.stdin.end();
    t.log(await t.closed(child));
  },

  'a readStart that does nothing keeps the stream from flowing on': async (t) => {
    const child = t.cp.spawn('cat');
    let total = 0;
    child.stdout.on('data', (chunk) => {
      total += chunk.length;
    });
    child.stdin.write('one');
    await until(() => total === 3);
    child.stdout.pause();
    child.stdin.write(Buffer.alloc(300_000));
    await until(() => !child.stdout._handle.reading);
    const buffered = child.stdout.readableLength;
    let asked = 0;
    const { readStart } = child.stdout._handle;
    child.stdout._handle.readStart = () => {
      asked++;
      return 0;
    };
    child.stdout.resume();
    await until(() => asked > 0);
    await t.sleep(20);
    t.log(asked, total === 3 + buffered);
    child.stdout._handle.readStart = readStart;
    child.stdout._handle.reading = true;
    child.stdout._handle.readStart();
    child.stdin.end();
    t.log(await t.closed(child), total);
  },

  'an error of readStart destroys the stream': async (t) => {
    const child = t.cp.spawn('cat');
    child.stdout.on('data', () => {});
    await new Promise((resolve) => setImmediate(resolve));
    child.stdout.pause();
    child.stdin.write(Buffer.alloc(300_000));
    await until(() => !child.stdout._handle.reading);
    child.stdout._handle.readStart = () => -5;
    const closed = t.closed(child);
    child.stdout.on('error', (error) => t.log('error', error));
    child.stdin.on('error', () => {});
    child.stdout.resume();
    await until(() => child.stdout.destroyed);
    child.kill('SIGKILL');
    await closed;
    t.log(child.stdout.errored.code);
  },

  'the handle has the usual parts and is null after close': async (t) => {
    const child = t.cp.spawn('cat');
    for (const name of NAMES) {
      const handle = child[name]._handle;
      const methods = ['readStart', 'readStop', 'ref', 'unref', 'hasRef', 'close'];
      t.log(
        name,
        methods.map((method) => typeof handle[method]),
      );
      t.log(name, typeof handle.fd, handle.fd > 2, typeof handle.reading, handle.reading);
    }
    child.stdin.end();
    await t.closed(child);
    await allClosed(child);
    t.log(NAMES.map((name) => child[name]._handle));
  },

  'setTimeout on a stream tells of idleness and closes nothing': async (t) => {
    const child = t.cp.spawn('cat');
    let told = 0;
    child.stdout.on('timeout', () => told++);
    t.log(child.stdout.setTimeout(15) === child.stdout, child.stdout.timeout);
    t.log(await until(() => told > 0), child.stdout.destroyed);
    child.stdout.setTimeout(0);
    const before = told;
    await t.sleep(40);
    t.log(told === before, child.stdout.timeout);
    child.stdin.end();
    t.log(await t.closed(child));
  },

  'setTimeout takes a listener, once, and refuses what is no time': async (t) => {
    const child = t.cp.spawn('cat');
    const listener = () => {};
    child.stdout.setTimeout(1000, listener);
    t.log(child.stdout.listenerCount('timeout'));
    child.stdout.setTimeout(0, listener);
    t.log(child.stdout.listenerCount('timeout'));
    for (const bad of ['1', -1, NaN, Infinity, null]) {
      t.attempt(`timeout ${bad}`, () => child.stdout.setTimeout(bad));
    }
    t.attempt('listener', () => child.stdout.setTimeout(1, 'listener'));
    child.stdin.end();
    await t.closed(child);
  },

  'the timeout of a stream does not hold the process': async (t) => {
    await runScript(t, (cp, log) => {
      const child = cp.spawn('true');
      child.stdout.setTimeout(60_000);
      child.on('close', (...args) => log('close', ...args));
    });
  },

  'Object.assign and spread copy the streams': async (t) => {
    const child = t.cp.spawn('true');
    const copy = Object.assign({}, child);
    t.log(
      NAMES.map((name) => copy[name] === child[name]),
      copy.stdio === child.stdio,
    );
    t.log(NAMES.map((name) => ({ ...child })[name] === child[name]));
    await t.closed(child);
  },
};
