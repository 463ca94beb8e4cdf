'use strict';
// Sockets of a net.Server that live in other processes. The server's process asks the one that a
// socket was sent to how many it still has, and to be told when all are closed, so that
// server.getConnections() and server.close() count them. Per channel, and by the server's
// `_connectionKey`.

const { EventEmitter } = require('node:events');
const { childClosedBeforeReply } = require('../errors.js');

const COUNT = { question: 'NODE_SOCKET_GET_COUNT', answer: 'NODE_SOCKET_COUNT' };
const CLOSE = { question: 'NODE_SOCKET_NOTIFY_CLOSE', answer: 'NODE_SOCKET_ALL_CLOSED' };

/** One server's sockets at the other end of one channel: an element of `server._workers`. */
class SentSockets extends EventEmitter {
  #target;
  #key;
  /** @type {{ answer: string, callback: (error: any, reply?: any) => void }[]} */
  #asking = [];

  constructor(target, key) {
    super();
    this.#target = target;
    this.#key = key;
    target.once('exit', () => this.emit('exit', this));
  }

  /** @param {(error: any, count?: number) => void} callback */
  getConnections(callback) {
    this.#ask(COUNT, false, (error, reply) => {
      if (error) callback(error);
      else callback(null, reply.count);
    });
  }

  /** Calls back when all are closed. */
  close(callback) {
    this.#ask(CLOSE, true, callback);
  }

  #ask({ question, answer }, swallowErrors, callback) {
    if (!this.#target.connected) {
      callback(childClosedBeforeReply());
      return;
    }
    this.#asking.push({ answer, callback });
    this.#target._send({ cmd: question, key: this.#key }, undefined, swallowErrors);
  }

  /** @param {{ cmd: string }} reply answers all who asked for it */
  reply(reply) {
    const asking = this.#asking;
    this.#asking = asking.filter(({ answer }) => answer !== reply.cmd);
    for (const { answer, callback } of asking) if (answer === reply.cmd) callback(null, reply);
  }

  /** The channel is closed: no answer will come. */
  end() {
    for (const { callback } of this.#asking.splice(0)) callback(childClosedBeforeReply());
  }
}

class SocketLists {
  #target;
  /** @type {Map<string, SentSockets>} */
  #sent = new Map();
  /** Sockets received and open; how often the sender waits for their end. */
  /** @type {Map<string, { open: number, waiting: number }>} */
  #received = new Map();

  /** @param {any} target the owner of the channel */
  constructor(target) {
    this.#target = target;
  }

  /** A socket of `server` is sent: from now on its connections are counted here too. */
  sendsOf(server) {
    const key = server._connectionKey;
    if (this.#sent.has(key)) return;
    const list = new SentSockets(this.#target, key);
    this.#sent.set(key, list);
    server._setupWorker(list);
  }

  countReceived(key, socket) {
    const list = this.#received.get(key) ?? { open: 0, waiting: 0 };
    this.#received.set(key, list);
    list.open++;
    socket.once('close', () => {
      if (--list.open > 0) return;
      this.#received.delete(key);
      for (; list.waiting > 0; list.waiting--) this.#answer(CLOSE.answer, key);
    });
  }

  /** @param {{ cmd: string, key?: any, count?: any }} message an internal one */
  handle(message) {
    const { cmd, key } = message;
    const list = this.#received.get(key);
    switch (cmd) {
      case COUNT.question:
        this.#answer(COUNT.answer, key, list?.open ?? 0);
        return;
      case CLOSE.question:
        if (list) list.waiting++;
        else this.#answer(CLOSE.answer, key);
        return;
      case COUNT.answer:
      case CLOSE.answer:
        this.#sent.get(key)?.reply(message);
        return;
    }
  }

  #answer(cmd, key, count) {
    if (!this.#target.connected) return;
    const message = count === undefined ? { cmd, key } : { cmd, key, count };
    this.#target._send(message, undefined, true);
  }

  end() {
    for (const list of this.#sent.values()) list.end();
  }
}

module.exports = { SocketLists };
