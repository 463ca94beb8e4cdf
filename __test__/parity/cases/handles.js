'use strict';
// Handles over the channel: sockets, servers and raw handles of TCP, pipes and UDP, both ways; the
// answers that each waits for; and how a server counts the sockets that live in other processes.
//
// A child is forked twice where it matters: by this Node's own path, which lets both ends be those of
// the module under test, and by a link to it, which gives the child Node's end.

const { AsyncLocalStorage } = require('node:async_hooks');
const dgram = require('node:dgram');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const {
  blockUntilDead,
  emitted,
  forkSource,
  message,
  messages,
  program,
  runParent,
  spawnWire,
} = require('../../helpers/ipc.js');

const MODES = ['json', 'advanced'];

/** Forks a program given as source, with either end and either serialization in turn. */
async function withEveryChild(t, source, ...rest) {
  const [given, run] = rest.length === 2 ? rest : [{}, rest[0]];
  for (const end of ['own', 'plain']) {
    for (const serialization of MODES) {
      t.log(`${end} end, ${serialization}`);
      const options = { ...given, serialization };
      if (end === 'plain') options.execPath = plainNode(t);
      await run(forkSource(t, source, options));
    }
  }
}

/** Node under another path. */
function plainNode(t) {
  const link = path.join(t.tmp, 'node');
  if (!fs.existsSync(link)) fs.symlinkSync(process.execPath, link);
  return link;
}

async function dismiss(t, child) {
  const exited = t.exited(child);
  if (child.connected) child.disconnect();
  return exited;
}

/** A server, listening on a free port or at `address`. */
async function listening(options, address = { port: 0, host: '127.0.0.1' }) {
  const server = net.createServer(options);
  server.listen(address);
  await emitted(server, 'listening');
  return server;
}

/** Connects, and resolves with all that was received until the end. */
function talk(address, text = '') {
  return new Promise((resolve) => {
    let got = '';
    const socket = net.connect(address, () => socket.end(text));
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      got += chunk;
    });
    socket.on('error', (error) => {
      got += error.code;
    });
    socket.on('close', () => resolve(got));
  });
}

/** The server's and the client's end of a fresh connection. */
async function connection(server) {
  const accepted = emitted(server, 'connection');
  const client = net.connect(server.address());
  const [[socket]] = await Promise.all([accepted, emitted(client, 'connect')]);
  return { socket, client };
}

/** Resolves with what a socket receives until it closes. */
function received(socket) {
  return new Promise((resolve) => {
    let got = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      got += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(got));
  });
}

function closed(server) {
  return new Promise((resolve) => server.close(resolve));
}

/** Not waited for: Node never calls back once a child that was sent a socket has ended. */
function shut(server) {
  net.Server.prototype.close.call(server);
}

const connections = (server) =>
  new Promise((resolve) => server.getConnections((error, count) => resolve(error ?? count)));

/** The native handle of a datagram socket. */
function datagramHandle(socket) {
  const symbols = Object.getOwnPropertySymbols(socket);
  return socket[symbols.find(({ description }) => description === 'state symbol')].handle;
}

// Children: what a program does with what it is given.

const ANSWER_ON_SOCKET = `
process.on('message', (message, socket) => {
  process.send([message, socket.constructor.name, socket.readable, socket.writable]);
  let got = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk) => { got += chunk; });
  socket.on('end', () => socket.end('child got ' + got));
  socket.resume();
});`;

const SERVE = `
process.on('message', (message, server) => {
  if (message === 'close') return served.close();
  served = server;
  server.on('connection', (socket) => socket.end('served by the child'));
  process.send([message, server.constructor.name, server.listening]);
});
let served;`;

const SERVE_RAW = `
const net = require('node:net');
process.on('message', (message, handle) => {
  if (message === 'close') return served.close();
  served = net.createServer((socket) => socket.end('served by the child'));
  served.listen(handle, () => process.send([message, handle.constructor.name, handle.fd > 2]));
});
let served;`;

const HOLD = `
const held = [];
process.on('message', (message, handle) => {
  if (handle) {
    held.push(handle);
    handle.on('close', () => process.send('closed'));
    handle.on('error', () => {});
    handle.resume();
  }
  if (message === 'release') held.splice(0, 1)[0].destroy();
  else if (message === 'exit') process.exit();
  else process.send(message);
});`;

const SAY = `
process.on('message', (message, handle) => {
  process.send([message, handle ? handle.constructor.name : typeof handle]);
  if (handle && handle.destroy) handle.destroy();
  else if (handle) handle.close();
});`;

const cases = {
  'a TCP socket is answered by the child': async (t) => {
    const server = await listening({ pauseOnConnect: true });
    await withEveryChild(t, ANSWER_ON_SOCKET, async (child) => {
      const { socket, client } = await connection(server);
      const told = message(child);
      const answer = received(client);
      t.log(child.send('socket', socket));
      client.end('from the client');
      t.log(await told, await answer);
      await dismiss(t, child);
    });
    shut(server);
  },

  'a UNIX socket is answered by the child': async (t) => {
    const address = { path: path.join(t.tmp, 'socket') };
    const server = await listening({ pauseOnConnect: true }, address);
    await withEveryChild(t, ANSWER_ON_SOCKET, async (child) => {
      const { socket, client } = await connection(server);
      const told = message(child);
      const answer = received(client);
      child.send({ some: 'object' }, socket);
      client.end('from the client');
      t.log(await told, await answer);
      await dismiss(t, child);
    });
    shut(server);
  },

  'a client socket is answered by the child': async (t) => {
    const server = await listening({});
    await withEveryChild(t, ANSWER_ON_SOCKET, async (child) => {
      const { socket, client } = await connection(server);
      client.pause();
      const answer = received(socket);
      const told = message(child);
      child.send('client', client);
      t.log(await told);
      socket.end('from the server');
      t.log(await answer);
      await dismiss(t, child);
    });
    shut(server);
  },

  'data that comes while a socket is under way': async (t) => {
    const server = await listening({});
    const child = forkSource(t, ANSWER_ON_SOCKET);
    const { socket, client } = await connection(server);
    client.pause();
    const answer = received(socket);
    child.send('client', client);
    socket.end('from the server');
    t.log(await answer);
    await dismiss(t, child);
    await closed(server);
  },

  'a TCP server accepts in the child': async (t) => {
    await withEveryChild(t, SERVE, async (child) => {
      const server = await listening({});
      const address = server.address();
      const told = message(child);
      t.log(child.send('server', server));
      t.log(await told, server.listening);
      await closed(server);
      t.log(await talk(address), await talk(address));
      child.send('close');
      await dismiss(t, child);
      t.log(await talk(address));
    });
  },

  'a UNIX server accepts in the child': async (t) => {
    await withEveryChild(t, SERVE, async (child) => {
      const address = { path: path.join(t.tmp, `server-${fs.readdirSync(t.tmp).length}`) };
      const server = await listening({}, address);
      server.on('connection', (socket) => socket.end('served by the parent'));
      const told = message(child);
      child.send('server', server);
      t.log(await told, /^served by the (child|parent)$/.test(await talk(address)));
      await closed(server);
      child.send('close');
      await dismiss(t, child);
    });
  },

  'a raw TCP handle arrives raw and is kept open': async (t) => {
    await withEveryChild(t, SERVE_RAW, async (child) => {
      const server = await listening({});
      const address = server.address();
      const told = message(child);
      t.log(child.send('raw', server._handle), child._pendingMessage);
      t.log(await told, server._handle.fd > 2);
      await closed(server);
      t.log(await talk(address));
      child.send('close');
      await dismiss(t, child);
    });
  },

  'a raw pipe handle arrives raw': async (t) => {
    await withEveryChild(t, SERVE_RAW, async (child) => {
      const address = { path: path.join(t.tmp, `raw-${fs.readdirSync(t.tmp).length}`) };
      const server = await listening({}, address);
      server.on('connection', (socket) => socket.end('served by the parent'));
      const told = message(child);
      child.send('raw', server._handle);
      t.log(await told, /^served by the (child|parent)$/.test(await talk(address)));
      await closed(server);
      child.send('close');
      await dismiss(t, child);
    });
  },

  'a raw handle that has been closed is an error, and nothing waits for it': async (t) => {
    await withEveryChild(t, SERVE_RAW, async (child) => {
      const server = await listening({});
      const native = server._handle;
      await closed(server);
      // Some turns later there is nothing left below it.
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
      const called = new Promise((resolve) => {
        child.send('raw', native, ({ code, errno, message }) => resolve([code, errno, message]));
      });
      t.log(await called, child._handleQueue, child._pendingMessage);
      const failed = new Promise((resolve) => child.once('error', ({ code }) => resolve(code)));
      child.send('raw', native);
      t.log(await failed, child._handleQueue);
      await dismiss(t, child);
    });
  },

  'a raw handle is a connection, too': async (t) => {
    const source = `
      const net = require('node:net');
      process.on('message', (message, handle) => {
        const socket = new net.Socket({ handle, readable: true, writable: true });
        socket.setEncoding('utf8');
        socket.on('data', (chunk) => socket.end(message + ' ' + chunk));
      });`;
    const server = await listening({ pauseOnConnect: true });
    await withEveryChild(t, source, async (child) => {
      const { socket, client } = await connection(server);
      const answer = received(client);
      child.send('raw', socket._handle);
      client.write('text');
      t.log(await answer);
      socket.destroy();
      await dismiss(t, child);
    });
    shut(server);
  },

  'a datagram socket receives in the child': async (t) => {
    const source = `
      process.on('message', (message, socket) => {
        if (message === 'close') return bound.close();
        bound = socket;
        socket.on('message', (bytes) => process.send(String(bytes)));
        process.send([message, socket.constructor.name, socket.type, socket.address().family]);
      });
      let bound;`;
    await withEveryChild(t, source, async (child) => {
      for (const type of ['udp4', 'udp6']) {
        const host = type === 'udp4' ? '127.0.0.1' : '::1';
        const socket = dgram.createSocket(type);
        socket.bind(0, host);
        await emitted(socket, 'listening');
        const told = message(child);
        child.send('datagrams', socket);
        t.log(await told);
        const { port } = socket.address();
        await new Promise((resolve) => socket.close(resolve));
        const got = message(child);
        const sender = dgram.createSocket(type);
        sender.send('over UDP', port, host, () => sender.close());
        t.log(await got);
        child.send('close');
      }
      await dismiss(t, child);
    });
  },

  'a raw datagram handle arrives raw': async (t) => {
    const source = `
      const dgram = require('node:dgram');
      process.on('message', (message, handle) => {
        if (message === 'close') return bound.close();
        bound = dgram.createSocket('udp4');
        bound.on('message', (bytes) => process.send(String(bytes)));
        bound.bind(handle, () => process.send([message, handle.constructor.name]));
      });
      let bound;`;
    await withEveryChild(t, source, async (child) => {
      const socket = dgram.createSocket('udp4');
      socket.bind(0, '127.0.0.1');
      await emitted(socket, 'listening');
      const { port } = socket.address();
      const told = message(child);
      child.send('raw', datagramHandle(socket));
      t.log(await told);
      await new Promise((resolve) => socket.close(resolve));
      const got = message(child);
      const sender = dgram.createSocket('udp4');
      sender.send('over UDP', port, '127.0.0.1', () => sender.close());
      t.log(await got);
      child.send('close');
      await dismiss(t, child);
    });
  },

  'the child sends a connected socket': async (t) => {
    const source = `
      const net = require('node:net');
      process.on('message', (port) => {
        const socket = net.connect(port, '127.0.0.1', () => {
          process.send('mine', socket, (error) => process.send(['sent', error, socket._handle === null]));
        });
        socket.pause();
      });`;
    const server = await listening({});
    await withEveryChild(t, source, async (child) => {
      const accepted = emitted(server, 'connection');
      const all = [];
      const both = new Promise((resolve) => {
        child.on('message', (value, socket) => {
          all.push([value, socket?.constructor.name, socket?.readyState]);
          if (socket) socket.end('from the parent');
          if (all.length === 2) resolve();
        });
      });
      child.send(server.address().port);
      const [socket] = await accepted;
      const text = received(socket);
      socket.end();
      await both;
      t.log(all, await text);
      await dismiss(t, child);
    });
    shut(server);
  },

  'the child sends a server, and then its sockets': async (t) => {
    const source = `
      const net = require('node:net');
      const server = net.createServer({ pauseOnConnect: true }, (socket) => process.send('socket', socket));
      server.listen(0, '127.0.0.1', () => process.send('server', server));
      process.on('message', () => server.close());`;
    await withEveryChild(t, source, async (child) => {
      const [, server] = await emitted(child, 'message');
      t.log(server.constructor.name, server.listening);
      const address = server.address();
      server.on('connection', (socket) => socket.end('accepted here'));
      const accepted = [];
      child.on('message', (value, socket) => {
        accepted.push(value);
        socket.end('accepted there');
      });
      const answer = await talk(address);
      t.log(answer === 'accepted here' ? accepted.length === 0 : answer === 'accepted there');
      await closed(server);
      t.log(await talk(address), accepted.at(-1));
      child.send('close');
      await dismiss(t, child);
      t.log(await talk(address));
    });
  },

  'the child sends raw and datagram handles': async (t) => {
    const source = `
      const dgram = require('node:dgram');
      const net = require('node:net');
      const server = net.createServer().listen(0, '127.0.0.1', () => {
        process.send('raw', server._handle);
        const socket = dgram.createSocket('udp4');
        socket.bind(0, '127.0.0.1', () => process.send('datagrams', socket));
        process.once('message', () => { server.close(); socket.close(); });
      });`;
    await withEveryChild(t, source, async (child) => {
      const handles = [];
      await new Promise((resolve) => {
        child.on('message', (value, handle) => {
          t.log(value, handle.constructor.name);
          if (handles.push(handle) === 2) resolve();
        });
      });
      child.send('close');
      await dismiss(t, child);
      const server = net.createServer((socket) => socket.end('taken over'));
      server.listen(handles[0]);
      await emitted(server, 'listening');
      t.log(await talk(server.address()));
      await closed(server);
      await new Promise((resolve) => handles[1].close(resolve));
    });
  },

  'ten children send a socket each at once': async (t) => {
    const source = `
      const net = require('node:net');
      const server = net.createServer({ pauseOnConnect: true }, (socket) => {
        process.send('socket', socket);
        server.close();
      });
      server.listen(0, '127.0.0.1', () => net.connect(server.address()).pipe(process.stderr));`;
    const children = Array.from({ length: 10 }, () =>
      forkSource(t, source, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] }),
    );
    const texts = children.map((child) => t.text(child.stderr));
    for (const child of children) {
      child.on('message', (_value, socket) => {
        socket.end('hello');
        child.disconnect();
      });
    }
    t.log(await Promise.all(texts));
    await Promise.all(children.map((child) => child.exitCode ?? t.exited(child)));
    t.log(children.map((child) => child.exitCode));
  },

  'what a sender without keepOpen is left with': async (t) => {
    const server = await listening({ pauseOnConnect: true });
    await withEveryChild(t, SAY, async (child) => {
      const { socket, client } = await connection(server);
      client.resume();
      const events = [];
      for (const name of ['close', 'end', 'error', 'timeout']) {
        socket.on(name, () => events.push(name));
      }
      socket.setTimeout(60_000);
      const native = socket._handle;
      const told = message(child);
      child.send('socket', socket);
      t.log(
        socket._handle,
        socket.timeout,
        socket.destroyed,
        socket.readyState,
        server._connections,
      );
      const pending = child._pendingMessage;
      t.log(Object.keys(pending), pending.handle === native, pending.retransmissions);
      t.log({ ...pending.message, key: typeof pending.message.key });
      t.log(native.fd > 2, child._handleQueue);
      t.log(await told, child._pendingMessage, child._handleQueue, native.fd < 0);
      await emitted(client, 'close');
      t.log(events, socket.destroyed);
      await dismiss(t, child);
    });
    shut(server);
  },

  'with keepOpen both processes can write': async (t) => {
    const source = `
      process.on('message', (message, socket) => socket.write('child ', () => {
        process.send('written');
        socket.destroy();
      }));`;
    const server = await listening({});
    await withEveryChild(t, source, async (child) => {
      const { socket, client } = await connection(server);
      const text = received(client);
      const told = message(child);
      child.send('socket', socket, { keepOpen: true });
      t.log(socket._handle !== null, server._connections, child._pendingMessage);
      await told;
      socket.end('parent');
      t.log(await text);
      client.destroy();
      await dismiss(t, child);
    });
    shut(server);
  },

  'all that is sent behind a handle waits for its answer': async (t) => {
    const server = await listening({ pauseOnConnect: true });
    await withEveryChild(t, SAY, async (child) => {
      child.send('up');
      await message(child);
      const one = await connection(server);
      const two = await connection(server);
      for (const { client } of [one, two]) client.resume();
      const told = messages(child, 6);
      const order = [];
      const note = (name) => (error) => order.push([name, error]);
      t.log(child.send('first', one.socket, note('first')), child._handleQueue.length);
      t.log(child.send('second', note('second')), child._handleQueue.length);
      t.log(child.send('third', note('third')), child._handleQueue.length);
      t.log(child.send('fourth', two.socket, note('fourth')), child._handleQueue.length);
      t.log(two.socket._handle !== null);
      t.log(child.send('fifth', undefined, { swallowErrors: true }, note('fifth')));
      child.send('sixth');
      t.log(child._handleQueue.map(({ message, handle }) => [message, handle !== null]));
      process.nextTick(() => order.push('tick'));
      t.log(await told);
      t.log(order, child._handleQueue, two.socket._handle);
      await dismiss(t, child);
    });
    shut(server);
  },

  'all that a child sends behind a handle waits for its answer': async (t) => {
    const source = `
      const net = require('node:net');
      const server = net.createServer().listen(0, '127.0.0.1', () => {
        const returned = [process.send('one', server), process.send('two'), process.send('three')];
        process.send(returned, (error) => process.send(['sent', error, process._handleQueue]));
        process.once('message', () => server.close());
      });`;
    await withEveryChild(t, source, async (child) => {
      const all = [];
      await new Promise((resolve) => {
        child.on('message', (value, handle) => {
          all.push([value, handle?.constructor.name]);
          if (handle) handle.close();
          if (all.length === 5) resolve();
        });
      });
      t.log(all);
      child.send('close');
      await dismiss(t, child);
    });
  },

  'fifty sockets arrive in the order of their sending': async (t) => {
    const source = `
      process.on('message', (n, socket) => {
        if (socket) socket.end(String(n));
        process.send(n);
      });`;
    const server = await listening({ pauseOnConnect: true });
    await withEveryChild(t, source, async (child) => {
      const told = messages(child, 100);
      const texts = [];
      for (let n = 0; n < 50; n++) {
        const { socket, client } = await connection(server);
        texts.push(received(client));
        child.send(2 * n, socket);
        child.send(2 * n + 1);
      }
      t.log((await told).every((n, index) => n === index));
      t.log((await Promise.all(texts)).every((text, n) => text === String(2 * n)));
      await dismiss(t, child);
    });
    shut(server);
  },

  'a handle is found behind other messages and with a large one': async (t) => {
    const source = `
      const net = require('node:net');
      const server = net.createServer().listen(0, '127.0.0.1', () => {
        for (let n = 0; n < 20; n++) process.send(n);
        process.send({ cmd: 'NODE_OTHER' });
        process.send({ large: 'x'.repeat(1_000_000) }, server);
        process.send('after');
        process.once('message', () => server.close());
      });`;
    await withEveryChild(t, source, async (child) => {
      const all = [];
      await new Promise((resolve) => {
        child.on('message', (value, handle) => {
          all.push([value.large?.length ?? value, handle?.constructor.name]);
          if (handle) handle.close();
          if (value === 'after') resolve();
        });
      });
      t.log(all);
      child.send('close');
      await dismiss(t, child);
    });
  },

  'a handle goes to the child with a large message and behind many': async (t) => {
    const source = `
      let count = 0;
      process.on('message', (value, handle) => {
        count++;
        if (value.large) {
          process.send([count, value.large.length, handle.constructor.name]);
          handle.close();
        }
        if (value === 'after') process.send(['after', count]);
      });`;
    await withEveryChild(t, source, async (child) => {
      const server = await listening({});
      const told = messages(child, 2);
      for (let n = 0; n < 40; n++) child.send(n);
      child.send({ large: 'x'.repeat(1_000_000) }, server);
      child.send('after');
      t.log(await told);
      await closed(server);
      await dismiss(t, child);
    });
  },

  'a handle that comes before anybody listens waits with its message': async (t) => {
    const source = `
      const net = require('node:net');
      const server = net.createServer().listen(0, '127.0.0.1', () => {
        process.send('early', server, () => process.send('late'));
        process.once('message', () => server.close());
      });`;
    await withEveryChild(t, source, async (child) => {
      await new Promise((resolve) => {
        child.on('internalMessage', ({ cmd }) => cmd === 'NODE_HANDLE' && resolve());
      });
      await t.sleep(20);
      const [value, handle] = await emitted(child, 'message');
      t.log(value, handle.constructor.name, handle.listening);
      await closed(handle);
      child.send('close');
      await dismiss(t, child);
    });
  },

  'a child whose listener comes late gets its handle': async (t) => {
    const source = `setTimeout(() => { ${SAY} }, 50);`;
    await withEveryChild(t, source, async (child) => {
      const server = await listening({});
      const told = messages(child, 2);
      child.send('early', server);
      child.send('plain');
      t.log(await told);
      await closed(server);
      child.kill();
      await t.exited(child);
    });
  },

  'an internal message carries a handle to internalMessage': async (t) => {
    const source = `
      process.on('internalMessage', (message, handle) => {
        if (message.cmd !== 'NODE_OURS') return;
        process.send([message, handle.constructor.name]);
        process.send({ cmd: 'NODE_BACK', n: 1 }, handle);
      });
      process.on('message', () => process.exit());`;
    await withEveryChild(t, source, async (child) => {
      const server = await listening({});
      const back = new Promise((resolve) => {
        child.on('internalMessage', (value, handle) => {
          if (value.cmd === 'NODE_BACK') resolve([value, handle]);
        });
      });
      const told = message(child);
      child.send({ cmd: 'NODE_OURS', n: 1 }, server._handle);
      t.log(await told);
      const [value, handle] = await back;
      t.log(value, handle.constructor.name, handle.fd > 2);
      handle.close();
      await closed(server);
      child.send('exit');
      await t.exited(child);
    });
  },

  'the talk about handles is seen by internalMessage listeners': async (t) => {
    await withEveryChild(t, SAY, async (child) => {
      const server = await listening({});
      const seen = [];
      child.on('internalMessage', (value, handle) => seen.push([value, typeof handle]));
      const told = message(child);
      child.send('server', server);
      t.log(await told, seen);
      await closed(server);
      await dismiss(t, child);
    });
  },

  'a socket that was sent, destroyed or never connected is a bare message': async (t) => {
    const server = await listening({ pauseOnConnect: true });
    await withEveryChild(t, SAY, async (child) => {
      const { socket, client } = await connection(server);
      client.resume();
      const closedServer = await listening({});
      await closed(closedServer);
      const closedDatagram = dgram.createSocket('udp4');
      closedDatagram.close();
      const told = messages(child, 6);
      child.send('once', socket);
      child.send('twice', socket, (error) => t.log('twice', error));
      child.send('never', new net.Socket(), (error) => t.log('never', error));
      child.send('not listening', new net.Server());
      child.send('closed server', closedServer);
      child.send('closed datagram socket', closedDatagram);
      t.log(await told);
      await dismiss(t, child);
    });
    shut(server);
  },

  'what is no handle is refused by a throw, and what follows is sent': async (t) => {
    const source = `
      const refused = [];
      for (const value of [{}, [], 5, 'text', true, /x/, process.stdin, process]) {
        try { process.send('no', value); } catch (error) { refused.push([error.name, error.code]); }
      }
      process.send(refused);
      process.on('message', (message) => process.send(message));`;
    await withEveryChild(t, source, async (child) => {
      t.log(await message(child));
      const values = { object: {}, array: [], number: 5, text: 'x', true: true, date: new Date(0) };
      for (const [name, value] of Object.entries({ ...values, child, look: { fd: 1 } })) {
        t.attempt(name, () => child.send('no', value));
      }
      const told = message(child);
      t.log(child.send('yes'), await told, child._handleQueue);
      await dismiss(t, child);
    });
  },

  'what is no handle is refused while another is under way': async (t) => {
    const child = forkSource(t, SAY);
    const server = await listening({});
    const told = messages(child, 2);
    child.send('server', server);
    t.attempt('object', () => child.send('no', {}));
    t.attempt('message', () => child.send(undefined, server));
    t.attempt('type of message', () => child.send(() => {}, server));
    child.send('yes');
    t.log(await told);
    shut(server);
    await dismiss(t, child);
  },

  'a handle without a descriptor is a write error': async (t) => {
    await withEveryChild(t, SAY, async (child) => {
      const server = await listening({});
      const native = server._handle;
      server.close();
      const failed = (value, handle) =>
        new Promise((resolve) => child.send(value, handle, (...args) => resolve(args)));
      t.log(await failed('closing', native), child._handleQueue);
      await t.sleep(10);
      t.log(await failed('closed', native));
      const unbound = dgram.createSocket('udp4');
      t.log(await failed('unbound', unbound), child._handleQueue);
      child.send('no callback', unbound);
      t.log(await emitted(child, 'error'));
      unbound.close();
      const told = message(child);
      child.send('yes');
      t.log(await told);
      await dismiss(t, child);
    });
  },

  'a handle for a child that is gone is a closed channel': async (t) => {
    const server = await listening({});
    const child = forkSource(t, '');
    await t.closed(child);
    child.removeAllListeners('error');
    const { socket, client } = await connection(server);
    t.log(child.send('late', socket, (error) => t.log(error)));
    await t.sleep(5);
    t.log(socket._handle !== null, server._connections);
    socket.end();
    client.resume();
    await emitted(client, 'close');
    shut(server);
  },

  'a socket for a child whose death is not yet known': async (t) => {
    const server = await listening({});
    const child = spawnWire(t.cp, [['exit', 0]]);
    child.stdout.resume();
    const { socket, client } = await connection(server);
    const events = [];
    for (const name of ['close', 'end']) client.on(name, () => events.push(name));
    client.resume();
    child.on('error', (error) => events.push(error));
    blockUntilDead(child.pid);
    t.log(child.send('late', socket, (error) => events.push(['sent', error])));
    const { handle } = child._pendingMessage ?? {};
    t.log(socket._handle, server._connections);
    await t.closed(child);
    await t.sleep(10);
    t.log(events);
    handle?.close();
    shut(server);
  },

  'a raw handle for a child whose death is not yet known is no error event': async (t) => {
    const server = await listening({});
    const child = spawnWire(t.cp, [['exit', 0]]);
    child.stdout.resume();
    const events = [];
    for (const name of ['error', 'exit', 'close']) child.on(name, () => events.push(name));
    blockUntilDead(child.pid);
    t.log(child.send({ cmd: 'NODE_CLUSTER' }, server._handle));
    await emitted(child, 'close');
    t.log(events, server._handle.fd > 2);
    shut(server);
  },

  'the callback of a handle comes behind ticks and microtasks': async (t) => {
    await withEveryChild(t, SAY, async (child) => {
      const server = await listening({});
      child.send('up');
      await message(child);
      const order = [];
      const told = message(child);
      await new Promise((resolve) => {
        child.send('server', server, (error) => {
          order.push(['callback', error]);
          resolve();
        });
        process.nextTick(() => order.push('tick'));
        Promise.resolve().then(() => order.push('microtask'));
      });
      t.log(order, await told);
      shut(server);
      await dismiss(t, child);
    });
  },

  'a parent that has sent a handle is no longer held by the channel': async (t) => {
    const listener = `process.on('message', (message, server) => server ? server.close() : process.send('up'));`;
    for (const [what, stays] of [
      ['undefined', true],
      ['server', false],
    ]) {
      const { ended, said } = await runParent(
        t,
        `const child = cp.fork(process.argv[2]);
         const server = require('node:net').createServer().listen(0, '127.0.0.1', () => {
           child.once('message', () => {
             child.unref();
             child.send('x', ${what}, () => {
               server.close();
               armed();
               say('sent');
             });
           });
           child.send('start');
         });`,
        { stays, args: [program(t, listener, 'listener.js')] },
      );
      t.log(what, ended, said);
    }
  },

  'a disconnect waits for the answer and for what waits behind it': async (t) => {
    const source = `
      const got = [];
      process.on('message', (message, socket) => {
        got.push([message, typeof socket]);
        if (socket) socket.destroy();
      });
      process.on('disconnect', () => require('node:fs').writeSync(2, JSON.stringify(got)));`;
    const stdio = ['ignore', 'inherit', 'pipe', 'ipc'];
    await withEveryChild(t, source, { stdio }, async (child) => {
      const server = await listening({ pauseOnConnect: true });
      const text = t.text(child.stderr);
      const { socket, client } = await connection(server);
      client.resume();
      const events = [];
      child.on('disconnect', () => events.push('disconnect'));
      const exited = t.exited(child);
      child.send('socket', socket);
      child.send('behind', (error) => events.push(['sent', error]));
      child.disconnect();
      t.log(child.connected, child.channel !== null, child._pendingMessage !== null);
      t.log(child.send('too late', (error) => t.log(error)));
      await exited;
      t.log(events, await text);
      t.log(child.channel, child._handleQueue, child._pendingMessage);
      shut(server);
    });
  },

  'a disconnect by a child waits for the answer and for what waits behind it': async (t) => {
    const source = `
      const net = require('node:net');
      const server = net.createServer().listen(0, '127.0.0.1', () => {
        process.send('server', server);
        process.send('behind');
        process.disconnect();
        const seen = [process.connected, process.channel === null];
        process.once('disconnect', () => {
          server.close();
          require('node:fs').writeSync(1, JSON.stringify([...seen, process.connected]));
        });
      });`;
    for (const execPath of [undefined, plainNode(t)]) {
      const options = { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] };
      const child = forkSource(t, source, execPath ? { ...options, execPath } : options);
      const all = [];
      child.on('message', (value, handle) => {
        all.push([value, handle?.constructor.name]);
        if (handle) handle.close();
      });
      const text = t.text(child.stdout);
      await t.closed(child);
      t.log(all, await text);
    }
  },

  'the bytes of a handle message, and its answer': async (t) => {
    const steps = [
      ['read'],
      ['write', '{"cmd":"NODE_HANDLE_ACK"}\n'],
      ['read'],
      ['report'],
      ['exit', 0],
    ];
    const bytes = async (value, handle, options) => {
      const child = spawnWire(t.cp, steps);
      const text = t.text(child.stdout);
      child.send(value, handle, options);
      child.send('behind');
      await t.closed(child);
      return text;
    };
    const server = await listening({});
    const { socket, client } = await connection(server);
    const datagram = dgram.createSocket('udp4');
    datagram.bind(0, '127.0.0.1');
    await emitted(datagram, 'listening');
    t.log(await bytes({ a: [1] }, client, { keepOpen: true }));
    t.log((await bytes('x', socket, { keepOpen: true })).replace(/\d+"}/, 'PORT"}'));
    t.log(await bytes(null, server));
    t.log(await bytes(1, server._handle));
    t.log(await bytes('d', datagram));
    t.log(await bytes({ cmd: 'NODE_X' }, datagramHandle(datagram)));
    client.destroy();
    socket.destroy();
    datagram.close();
    server._workers = [];
    shut(server);
  },

  'a handle message without a descriptor is refused': async (t) => {
    for (const type of ['net.Socket', 'net.Server', 'net.Native', 'dgram.Socket', 'unheard of']) {
      const line = JSON.stringify({ cmd: 'NODE_HANDLE', type, msg: 'hi' });
      const child = spawnWire(t.cp, [
        ['write', `{"first":1}\n${line}\n"last"\n`],
        ['read'],
        ['report'],
        ['exit', 0],
      ]);
      const text = t.text(child.stdout);
      child.on('message', (value, handle) => t.log(value, handle));
      child.on('internalMessage', (value, handle) => t.log(value, handle));
      await t.closed(child);
      t.log(await text);
    }
  },

  'a handle message without a descriptor is refused by a child': async (t) => {
    await withEveryChild(t, SAY, async (child) => {
      const answered = emitted(child, 'internalMessage');
      child._send({ cmd: 'NODE_HANDLE', type: 'net.Socket', msg: 'hi' });
      const told = message(child);
      const handleQueue = child._handleQueue;
      child._handleQueue = [];
      const [value] = await answered;
      child.send('yes');
      t.log(handleQueue, value, await told, child._handleQueue);
      await dismiss(t, child);
    });
  },

  'a handle that never arrives is sent four times and then warned of': async (t) => {
    const refuse = [['read'], ['write', '{"cmd":"NODE_HANDLE_NACK"}\n']];
    const steps = [refuse, refuse, refuse, refuse].flat();
    const child = spawnWire(t.cp, [...steps, ['read'], ['report'], ['exit', 0]]);
    const server = await listening({});
    const { socket, client } = await connection(server);
    const text = t.text(child.stdout);
    const warned = emitted(process, 'warning');
    const end = received(client);
    child.send('lost', socket);
    const { handle } = child._pendingMessage;
    child.send('behind');
    const [warning] = await warned;
    t.log(warning.name, warning.message);
    t.log(child._pendingMessage, child._handleQueue, handle.fd < 0);
    await t.closed(child);
    const lines = (await text).trim().split('\n');
    t.log(
      lines.length,
      lines.map((line) => /NODE_HANDLE/.test(line)),
      lines.at(-1),
    );
    t.log(await end);
    shut(server);
  },

  'a handle that is not closed behind its message is not sent again': async (t) => {
    const steps = [['read'], ['write', '{"cmd":"NODE_HANDLE_NACK"}\n'], ['read'], ['report']];
    const child = spawnWire(t.cp, [...steps, ['exit', 0]]);
    const server = await listening({});
    const text = t.text(child.stdout);
    child.send('lost', server);
    child.send('behind');
    await t.closed(child);
    t.log(await text);
    shut(server);
  },

  'a child that ends with a handle unanswered': async (t) => {
    const child = spawnWire(t.cp, [['read'], ['exit', 0]]);
    child.stdout.resume();
    const server = await listening({});
    const { socket, client } = await connection(server);
    client.resume();
    const events = [];
    for (const name of ['disconnect', 'exit', 'close']) child.on(name, () => events.push(name));
    child.send('unanswered', socket, (error) => events.push(['first', error]));
    child.send('behind', (error) => events.push(['second', error?.code]));
    const { handle } = child._pendingMessage;
    await t.closed(child);
    await t.sleep(5);
    t.log(
      events.map(String).sort(),
      child.connected,
      child.channel,
      child._pendingMessage === null,
    );
    if (handle.fd >= 0) handle.close();
    shut(server);
  },

  'getConnections counts the sockets that a child has': async (t) => {
    const server = await listening({ pauseOnConnect: true });
    await withEveryChild(t, HOLD, async (child) => {
      const clients = [];
      const told = messages(child, 3);
      for (let n = 0; n < 3; n++) {
        const { socket, client } = await connection(server);
        client.resume();
        clients.push(client);
        child.send('hold', socket);
      }
      t.log(await told, server._connections, server._usingWorkers, server._workers.length);
      t.log(await Promise.all([connections(server), connections(server)]));
      let released = messages(child, 1);
      child.send('release');
      t.log(await released, await connections(server));
      released = messages(child, 2);
      for (const client of clients) client.destroy();
      t.log(await released, await connections(server));
      const exited = t.exited(child);
      child.send('exit');
      await exited;
      t.log(server._workers.length);
    });
    shut(server);
  },

  'close of a server waits for the sockets that a child has': async (t) => {
    await withEveryChild(t, HOLD, async (child) => {
      const server = await listening({ pauseOnConnect: true });
      const clients = [];
      const told = messages(child, 2);
      for (let n = 0; n < 2; n++) {
        const { socket, client } = await connection(server);
        client.resume();
        clients.push(client);
        child.send('hold', socket);
      }
      await told;
      const events = [];
      const end = closed(server).then(() => events.push('closed'));
      for (const client of clients) {
        const gone = message(child);
        events.push('one less');
        client.destroy();
        await gone;
      }
      await end;
      t.log(events);
      await dismiss(t, child);
    });
  },

  'close of a server whose child has no socket left does not wait': async (t) => {
    await withEveryChild(t, HOLD, async (child) => {
      const server = await listening({ pauseOnConnect: true });
      const { socket, client } = await connection(server);
      client.resume();
      let told = message(child);
      child.send('hold', socket);
      await told;
      told = message(child);
      client.destroy();
      await told;
      await closed(server);
      t.log('closed');
      await dismiss(t, child);
    });
  },

  'close of a server does not wait for a child that is gone': async (t) => {
    await withEveryChild(t, HOLD, async (child) => {
      const server = await listening({ pauseOnConnect: true });
      const { socket, client } = await connection(server);
      client.resume();
      client.on('error', () => {});
      const told = message(child);
      child.send('hold', socket);
      await told;
      const end = closed(server);
      child.kill('SIGKILL');
      await end;
      t.log('closed');
    });
  },

  'a child that is asked for its sockets and ends is an error': async (t) => {
    const server = await listening({ pauseOnConnect: true });
    await withEveryChild(t, HOLD, async (child) => {
      const { socket, client } = await connection(server);
      client.resume();
      client.on('error', () => {});
      const told = message(child);
      child.send('hold', socket);
      await told;
      child.kill('SIGSTOP');
      const count = connections(server);
      child.kill('SIGKILL');
      t.log(await count);
      await t.exited(child);
      t.log(server._workers.length);
    });
    shut(server);
  },

  'a disconnected child is asked for nothing': async (t) => {
    const server = await listening({ pauseOnConnect: true });
    const child = forkSource(
      t,
      `${HOLD} process.on('disconnect', () => {}); setTimeout(() => {}, 1e5);`,
    );
    const { socket, client } = await connection(server);
    client.resume();
    client.on('error', () => {});
    const told = message(child);
    child.send('hold', socket);
    await told;
    child.disconnect();
    t.log(await connections(server), server._workers.length);
    const exited = t.exited(child);
    child.kill('SIGKILL');
    await exited;
    t.log(server._workers.length);
    shut(server);
  },

  'a child counts the sockets that its parent has': async (t) => {
    const source = `
      const net = require('node:net');
      const server = net.createServer({ pauseOnConnect: true }, (socket) => process.send('socket', socket));
      server.listen(0, '127.0.0.1', () => process.send(server.address()));
      process.on('message', (message) => {
        if (message === 'count') server.getConnections((error, count) => process.send([error, count]));
        else server.close(() => { process.send('closed'); process.disconnect(); });
      });`;
    await withEveryChild(t, source, async (child) => {
      const address = await message(child);
      const arrived = emitted(child, 'message');
      const client = net.connect(address);
      client.resume();
      const [, socket] = await arrived;
      const told = message(child);
      child.send('count');
      t.log(await told);
      const ended = message(child);
      child.send('close');
      socket.destroy();
      t.log(await ended);
      await t.exited(child);
    });
  },

  'the talk about sockets is the same on the wire': async (t) => {
    const child = spawnWire(t.cp, [
      ['read'],
      ['write', '{"cmd":"NODE_HANDLE_ACK"}\n'],
      ['read'],
      ['write', '{"cmd":"NODE_SOCKET_COUNT","key":"another","count":7}\n'],
      ['write', '{"cmd":"NODE_SOCKET_COUNT","key":"KEY","count":2}\n'],
      ['read'],
      ['write', '{"cmd":"NODE_SOCKET_ALL_CLOSED","key":"KEY"}\n'],
      ['report'],
      ['exit', 0],
    ]);
    const server = await listening({});
    server._connectionKey = 'KEY';
    const { socket, client } = await connection(server);
    client.resume();
    const text = t.text(child.stdout);
    const answered = emitted(child, 'internalMessage');
    child.send('socket', socket);
    await answered;
    t.log(await connections(server));
    shut(server);
    await t.closed(child);
    t.log(await text);
  },

  'a request in progress goes to the child with its socket': async (t) => {
    const source = `
      process.on('message', (message, socket) => {
        const body = 'by the child: ' + message;
        socket.end('HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: ' + body.length + '\\r\\n\\r\\n' + body);
      });`;
    await withEveryChild(t, source, async (child) => {
      const server = http.createServer((request, response) => {
        const { socket } = request;
        child.send(request.url, socket);
        t.log(socket._handle, socket.parser, socket._httpMessage, response.socket);
      });
      server.listen(0, '127.0.0.1');
      await emitted(server, 'listening');
      const { port } = server.address();
      const text = await new Promise((resolve) => {
        http.get({ port, host: '127.0.0.1', path: '/page', agent: false }, (response) => {
          resolve(t.text(response));
        });
      });
      t.log(text);
      await dismiss(t, child);
      shut(server);
    });
  },

  'the stream of another child is a socket that can be sent': async (t) => {
    const source = `
      process.on('message', (message, stream) => {
        let got = '';
        stream.setEncoding('utf8');
        stream.on('data', (chunk) => { got += chunk; });
        stream.on('end', () => process.send([message, stream.constructor.name, got]));
        process.send('have it');
      });`;
    const child = forkSource(t, source);
    const writer = t.cp.spawn('sh', ['-c', 'read line; echo "$line"'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const exited = t.exited(writer);
    const told = message(child);
    child.send('stdout', writer.stdout);
    t.log(writer.stdout._handle, await told);
    const heard = message(child);
    writer.stdin.end('a line\n');
    t.log(await heard, await exited);
    await dismiss(t, child);
  },

  'sending and receiving handles leaves no descriptor behind': async (t) => {
    const source = `
      const net = require('node:net');
      const fs = require('node:fs');
      process.on('message', (message, socket) => {
        if (!socket) return process.send(fs.readdirSync('/proc/self/fd').length);
        process.send('back', socket, () => {});
      });`;
    const server = await listening({ pauseOnConnect: true });
    await withEveryChild(t, source, async (child) => {
      const count = () => fs.readdirSync('/proc/self/fd').length;
      const round = async () => {
        const { socket, client } = await connection(server);
        client.resume();
        const back = emitted(child, 'message');
        child.send('there', socket);
        const [, returned] = await back;
        returned.destroy();
        await emitted(client, 'close');
      };
      await round();
      const asked = message(child);
      child.send('count');
      const theirs = await asked;
      const ours = count();
      for (let n = 0; n < 10; n++) await round();
      const again = message(child);
      child.send('count');
      t.log((await again) - theirs, count() - ours);
      await dismiss(t, child);
    });
    shut(server);
  },

  'a handle that is sent calls back in the context of its send': async (t) => {
    await withEveryChild(
      t,
      `process.on('message', (m, socket) => socket && socket.end('bye'));`,
      async (child) => {
        const storage = new AsyncLocalStorage();
        const server = await listening();
        const seen = [];
        const client = net.connect(server.address().port, '127.0.0.1');
        const [socket] = await emitted(server, 'connection');
        await Promise.all([
          ...['handle', 'queued'].map(
            (name) =>
              new Promise((resolve) => {
                storage.run(name, () => {
                  child.send(name, name === 'handle' ? socket : undefined, () => {
                    if (name === 'handle') seen.push(storage.getStore());
                    resolve();
                  });
                });
              }),
          ),
          emitted(client.resume(), 'close'),
        ]);
        t.log(seen);
        await dismiss(t, child);
        shut(server);
      },
    );
  },
};

module.exports = cases;
