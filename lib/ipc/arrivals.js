'use strict';
// What one read of a channel brought, put together: messages of several kinds, which come in several
// events, and the descriptors that rode along.

const { environment, EVENT } = require('../native.js');
const { WithHandle } = require('./codec.js');

class Arrivals {
  /** For the messages of this read. */
  #descriptors = 0;
  /** Whether the messages of the next event are not the last of this read. */
  #moreFollows = false;
  /** @type {any[] | undefined} */
  #collected;
  /** @type {Map<string, string> | undefined} */
  #literals;

  /** What an event says of the messages that come next. */
  announce(event, first, second) {
    if (event === EVENT.MORE_FOLLOWS) {
      this.#moreFollows = true;
    } else if (event === EVENT.DESCRIPTORS) {
      this.#descriptors = first;
    } else {
      this.#literals ??= new Map();
      this.#literals.set(second, first);
    }
  }

  /** The messages of a text, with the long strings that came before it. */
  parse(codec, token, text, count) {
    const literals = this.#literals;
    this.#literals = undefined;
    return codec.parseBatch(environment(), token, text, count, literals);
  }

  /**
   * All messages of the read, if these are the last of them: none may be acted upon before. Those that
   * came with a descriptor are in a `WithHandle`.
   * @param {number} token
   * @param {any[]} messages
   * @returns {any[] | undefined}
   */
  add(token, messages) {
    if (this.#collected === undefined) this.#collected = messages;
    else for (const message of messages) this.#collected.push(message);
    if (this.#moreFollows) {
      this.#moreFollows = false;
      return undefined;
    }
    const all = this.#collected;
    this.#collected = undefined;
    if (this.#descriptors === 0) return all;
    this.#descriptors = 0;
    return all.map((message) => withHandle(token, message));
  }
}

function withHandle(token, message) {
  if (!isHandleMessage(message)) return message;
  const descriptor = environment().takeDescriptor(token);
  if (descriptor === -1) return new WithHandle(message, null);
  return new WithHandle(message, require('./handles.js').openNative(descriptor));
}

function isHandleMessage(message) {
  return message !== null && typeof message === 'object' && message.cmd === 'NODE_HANDLE';
}

module.exports = { Arrivals };
