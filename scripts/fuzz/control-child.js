'use strict';
// Writes control frames that are made up at random into the channel on descriptor WIRE_FD, each followed
// by an ordinary message with its number. argv: seed, how many of both.

const fs = require('node:fs');
const { Random } = require('../support/random.js');

const fd = Number(process.env.WIRE_FD);
const random = new Random(Number(process.argv[2]));
const frames = Number(process.argv[3]);

const COMMANDS = [
  'NODE_HANDLE',
  'NODE_HANDLE_ACK',
  'NODE_HANDLE_NACK',
  'NODE_HANDLE_NACK_ACK',
  'NODE_SOCKET_NOTIFY_CLOSE',
  'NODE_SOCKET_GET_COUNT',
  'NODE_SOCKET_COUNT',
  'NODE_SOCKET_ALL_CLOSED',
  'NODE_',
  'NODE_CLUSTER',
];
const KEYS = ['type', 'msg', 'key', 'message', 'count', 'dgramType', 'ack', 'seq', '__proto__'];
const TYPES = [
  'net.Socket',
  'net.Server',
  'net.Native',
  'dgram.Socket',
  'dgram.Native',
  'toString',
];
const PLAIN = [null, true, 0, -1, 1e99, '', 'x', [], {}, [[]], '__proto__', 'constructor'];

function value(depth = 0) {
  if (depth > 2 || random.chance(0.6)) return random.pick(random.chance(0.5) ? TYPES : PLAIN);
  if (random.chance(0.3)) return Array.from({ length: random.below(4) }, () => value(depth + 1));
  return Object.fromEntries(
    Array.from({ length: random.below(4) }, () => [random.pick(KEYS), value(depth + 1)]),
  );
}

function control() {
  const cmd = random.chance(0.95) ? random.pick(COMMANDS) : value();
  const fields = Array.from({ length: random.below(5) }, () => [random.pick(KEYS), value()]);
  const text = JSON.stringify(Object.fromEntries([['cmd', cmd], ...fields]));
  // Whoever is no Node may write the key that JSON.stringify would have set as a prototype.
  return random.chance(0.1) ? text.replace('{', '{"__proto__":{"cmd":"NODE_HANDLE"},') : text;
}

let text = '';
for (let id = 0; id < frames / 2; id++) text += `${control()}\n${JSON.stringify({ id })}\n`;
const bytes = Buffer.from(text);

/** The channel does not block where Node made it: then what is full is tried again. */
function write(from, to) {
  for (let at = from; at < to; ) {
    try {
      at += fs.writeSync(fd, bytes, at, to - at);
    } catch (error) {
      if (/** @type {any} */ (error).code !== 'EAGAIN') throw error;
    }
  }
}

// Cut anywhere.
for (let at = 0; at < bytes.length; ) {
  const end = Math.min(bytes.length, at + 1 + random.below(3000));
  write(at, end);
  at = end;
}
