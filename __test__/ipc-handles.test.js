'use strict';
// Handles over the channel, where Node is no measure: peers that mean no good, peers that lose
// descriptors, and what must never be left open. What Node does, too, is in parity/cases/handles.js.

const assert = require('node:assert');
const net = require('node:net');
const path = require('node:path');
const tls = require('node:tls');
const { after, afterEach, before, describe, it: test } = require('node:test');
const sprog = require('..');
const { emitted, forkSource, message, messages, spawnWire } = require('./helpers/ipc.js');
const { countFds, until } = require('./helpers/processes.js');
const { makeContext } = require('./parity/context.js');

const FIXTURE = path.join(__dirname, 'fixtures', 'wire-handles.js');
const HIDE = 'WIRE_FD=$NODE_CHANNEL_FD; unset NODE_CHANNEL_FD; export WIRE_FD; exec "$0" "$@"';

// A peer that waits for what never comes must fail its test, not hang the run.
const it = (title, run) => test(title, { timeout: 30_000 }, run);

const started = [];
const keep = (child) => {
  started.push(child);
  return child;
};
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

let t;
let dispose;
before(() => {
  ({ t, dispose } = makeContext('sprog'));
});
after(() => dispose());

/** A child that sends `list`, see the fixture. */
function startPeer(wire, list) {
  const args = ['-c', HIDE, process.execPath, FIXTURE, wire, JSON.stringify(list)];
  const serialization = wire === 'lines' ? 'json' : 'advanced';
  const stdio = ['pipe', 'pipe', 'inherit', 'ipc'];
  return keep(sprog.spawn('/bin/sh', args, { stdio, serialization }));
}

/** Ends the peer; resolves with what it got. */
async function finish(peer) {
  const text = t.text(peer.stdout);
  peer.stdin.end();
  await t.closed(peer);
  return JSON.parse(await text);
}

async function listening() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await emitted(server, 'listening');
  return server;
}

async function connection() {
  const server = await listening();
  const accepted = emitted(server, 'connection');
  const client = net.connect(server.address());
  const [[socket]] = await Promise.all([accepted, emitted(client, 'connect')]);
  server.close();
  return { socket, client };
}

const handle = (type, rest) => ({ cmd: 'NODE_HANDLE', type, msg: 'mine', ...rest });
const hasFds = (count) => until(() => countFds() <= count);

describe('descriptors that nobody asked for', () => {
  for (const wire of ['lines', 'frames']) {
    it(`a thousand on plain messages (${wire}) are closed as they come`, async () => {
      const peer = startPeer(wire, [
        [1, 'first', null],
        [1000, 'plain', 'tcp'],
        [1, 'last', null],
      ]);
      await message(peer);
      const open = countFds();
      let most = 0;
      let count = 0;
      await new Promise((resolve) => {
        peer.on('message', (value, received) => {
          assert.strictEqual(received, undefined);
          most = Math.max(most, countFds());
          if (value === 'last') resolve();
          else count++;
        });
      });
      assert.strictEqual(count, 1000);
      assert.ok(most <= open + 20, `${most - open} more than before`);
      assert.ok(await hasFds(open));
      peer.stdin.end();
      await t.closed(peer);
    });

    it(`a handle message (${wire}) takes its own only`, async () => {
      const peer = startPeer(wire, [
        [3, 'plain', 'file'],
        [1, handle('net.Server'), 'tcp'],
        [3, { cmd: 'NODE_OTHER' }, 'file'],
        [1, 'last', null],
      ]);
      const open = countFds();
      const all = [];
      await new Promise((resolve) => {
        peer.on('message', (value, received) => {
          if (received) all.push([value, received.constructor.name, received.listening]);
          received?.close();
          if (value === 'last') resolve();
        });
      });
      assert.deepStrictEqual(all, [['mine', 'Server', true]]);
      assert.ok(await hasFds(open));
      peer.stdin.end();
      await t.closed(peer);
    });
  }

  it('handles are closed with a channel that nobody listened to', async () => {
    const open = countFds();
    const peer = startPeer('lines', [
      [5, handle('net.Socket'), 'tcp'],
      [5, handle('net.Native'), 'tcp'],
      [5, handle('net.Server'), 'tcp'],
      [5, handle('dgram.Native'), 'udp'],
      [5, handle('dgram.Socket', { dgramType: 'udp4' }), 'udp'],
    ]);
    let count = 0;
    await new Promise((resolve) => {
      peer.on('internalMessage', ({ cmd }) => cmd === 'NODE_HANDLE' && ++count === 25 && resolve());
    });
    assert.ok(countFds() > open + 20);
    const answers = await finish(peer);
    assert.strictEqual(answers.filter(({ cmd }) => cmd === 'NODE_HANDLE_ACK').length, 25);
    assert.ok(await hasFds(open));
  });

  it('the handle of an internal message that nobody knows is closed at once', async () => {
    const peer = startPeer('lines', [
      [20, handle('net.Native', { msg: { cmd: 'NODE_UNHEARD_OF' } }), 'tcp'],
      [1, 'last', null],
    ]);
    const open = countFds();
    await message(peer);
    assert.ok(await hasFds(open));
    await finish(peer);
  });
});

describe('handle messages that make no sense', () => {
  it('are answered and dropped, with what they brought', async () => {
    const bad = [
      [handle('unheard of'), 'tcp'],
      [handle('constructor'), 'tcp'],
      [handle('__proto__'), 'tcp'],
      [handle(undefined), 'tcp'],
      [handle({ type: 1 }), 'tcp'],
      [handle('net.Socket'), 'udp'],
      [handle('net.Server'), 'udp'],
      [handle('net.Native'), 'udp'],
      [handle('dgram.Socket', { dgramType: 'udp4' }), 'tcp'],
      [handle('dgram.Native'), 'tcp'],
      [handle('dgram.Socket', { dgramType: 'udp5' }), 'udp'],
      [handle('dgram.Socket'), 'udp'],
    ];
    const list = bad.map(([value, kind]) => [1, value, kind]);
    const peer = startPeer('lines', [[1, 'first', null], ...list, [1, 'last', null]]);
    await message(peer);
    const open = countFds();
    assert.strictEqual(await message(peer), 'last');
    assert.ok(await hasFds(open));
    const answers = await finish(peer);
    assert.deepStrictEqual(
      answers,
      bad.map(() => ({ cmd: 'NODE_HANDLE_ACK' })),
    );
  });

  it('a descriptor of no kind that has a handle is refused', async () => {
    const peer = startPeer('lines', [
      [1, handle('net.Socket'), 'file'],
      [1, 'last', null],
    ]);
    assert.strictEqual(await message(peer), 'last');
    assert.deepStrictEqual(await finish(peer), [{ cmd: 'NODE_HANDLE_NACK' }]);
  });

  it('answers to nothing are ignored', async () => {
    const peer = startPeer('lines', [
      [2, { cmd: 'NODE_HANDLE_ACK' }, null],
      [2, { cmd: 'NODE_HANDLE_NACK' }, null],
      [2, { cmd: 'NODE_SOCKET_COUNT', key: '__proto__', count: 5 }, null],
      [1, 'last', null],
    ]);
    assert.strictEqual(await message(peer), 'last');
    assert.deepStrictEqual(await finish(peer), []);
  });

  it('a server key may be any string', async () => {
    const peer = startPeer('lines', [
      [1, handle('net.Socket', { key: '__proto__' }), 'tcp'],
      [1, { cmd: 'NODE_SOCKET_GET_COUNT', key: '__proto__' }, null],
      [1, { cmd: 'NODE_SOCKET_NOTIFY_CLOSE', key: '__proto__' }, null],
      [1, 'last', null],
    ]);
    await new Promise((resolve) => {
      peer.on('message', (value, socket) => {
        socket?.on('error', () => {});
        if (value === 'last') resolve();
        else setImmediate(() => socket.destroy());
      });
    });
    await t.sleep(50);
    const answers = await finish(peer);
    assert.deepStrictEqual(
      answers.map(({ cmd, count }) => [cmd, count]),
      [
        ['NODE_HANDLE_ACK', undefined],
        ['NODE_SOCKET_COUNT', answers[1].count],
        ['NODE_SOCKET_ALL_CLOSED', undefined],
      ],
    );
  });
});

describe('a receiver that loses descriptors', () => {
  const refuse = [['read'], ['write', '{"cmd":"NODE_HANDLE_NACK"}\n']];
  const accept = [['read'], ['write', '{"cmd":"NODE_HANDLE_ACK"}\n']];

  it('is sent the same message again, and the sender is called back once', async () => {
    const steps = [...refuse, ...refuse, ...accept, ['read'], ['report'], ['exit', 0]];
    const child = keep(spawnWire(sprog, steps));
    const text = t.text(child.stdout);
    const { socket, client } = await connection();
    client.resume();
    const calls = [];
    child.send('mine', socket, (...args) => calls.push(args));
    child.send('behind');
    await t.closed(child);
    const lines = (await text).trim().split('\n');
    assert.strictEqual(lines.length, 4);
    assert.strictEqual(new Set(lines.slice(0, 3)).size, 1);
    assert.strictEqual(lines[3], '"behind"');
    assert.deepStrictEqual(calls, [[null]]);
  });

  it('gets one answer for what Node wraps when it sends again', async () => {
    const peer = startPeer('lines', [
      [1, handle('net.Native', { msg: handle('net.Server') }), 'tcp'],
    ]);
    const [value, received] = await emitted(peer, 'message');
    assert.deepStrictEqual([value, received.constructor.name], ['mine', 'Server']);
    received.close();
    assert.deepStrictEqual(await finish(peer), [{ cmd: 'NODE_HANDLE_ACK' }]);
  });
});

describe('a sender', () => {
  it('closes a handle that is unanswered when the channel ends', async () => {
    const open = countFds();
    for (const disconnects of [false, true]) {
      const child = keep(spawnWire(sprog, [['read'], ['exit', 0]]));
      child.stdout.resume();
      const { socket, client } = await connection();
      client.resume();
      const gone = emitted(client, 'close');
      const told = emitted(child, 'disconnect');
      const codes = [];
      child.send('mine', socket);
      child.send('behind', (error) => codes.push(error.code));
      if (disconnects) child.disconnect();
      await Promise.all([t.closed(child), told, gone]);
      assert.deepStrictEqual(codes, ['ERR_IPC_CHANNEL_CLOSED']);
      assert.deepStrictEqual([child._handleQueue, child._pendingMessage], [null, null]);
    }
    assert.ok(await hasFds(open));
  });

  it('sends what waits behind a handle as it was when send was called', async () => {
    for (const serialization of ['json', 'advanced']) {
      const source = 'process.on("message", (m, h) => { h?.close(); process.send(m); });';
      const child = keep(forkSource(t, source, { serialization }));
      const server = await listening();
      const told = messages(child, 3);
      const value = { n: 1 };
      child.send(value, server);
      child.send(value);
      value.n = 2;
      child.send(value);
      value.n = 3;
      const circular = () => child.send({ refuses: () => {}, toJSON: () => 1n }, undefined);
      assert.throws(circular, serialization === 'json' ? TypeError : Error);
      assert.deepStrictEqual(await told, [{ n: 1 }, { n: 1 }, { n: 2 }]);
      server.close();
      child.disconnect();
      await t.exited(child);
    }
  });

  it('keeps a socket whose message cannot be serialised', async () => {
    const child = keep(forkSource(t, 'process.on("message", () => {});'));
    const { socket, client } = await connection();
    const text = t.text(client);
    assert.throws(() => child.send({ toJSON: () => 1n }, socket), TypeError);
    assert.strictEqual(child._handleQueue, null);
    socket.end('still mine');
    assert.strictEqual(await text, 'still mine');
    child.disconnect();
    await t.exited(child);
  });

  it('refuses a TLS socket, whose state no descriptor carries', async () => {
    const child = keep(forkSource(t, 'process.on("message", () => {});'));
    const { socket, client } = await connection();
    const secure = tls.connect({ socket: client });
    secure.on('error', () => {});
    assert.throws(() => child.send('secret', secure), { code: 'ERR_INVALID_HANDLE_TYPE' });
    secure.destroy();
    socket.destroy();
    child.disconnect();
    await t.exited(child);
  });
});
