'use strict';
// The worker's way to its pool. What a task has to say is handed to the channel at once and written with
// what follows at the end of the tick, or after a millisecond by a thread of the addon if a task blocks: a result
// never waits for the task behind it.

const { constants } = require('node:os');
const { CMD, OP } = require('../protocol.js');
const { errnoException } = require('../../errors.js');
const { ownChannel } = require('../../ipc/child-end.js');
const { refuseUnreadable } = require('../readable.js');
const { encodeError } = require('../remote-error.js');

const channel = ownChannel();
const ignore = () => {};
// That the pool is gone is told by the end of the channel.
if (channel) channel.onfailure = ignore;

/**
 * Throws where what it carries cannot be sent.
 * @param {any} frame
 * @param {boolean} [mayWait] there is more to come in this tick
 */
function send(frame, mayWait = true) {
  refuseUnreadable(frame.v ?? frame.e);
  // First of all: what cannot be read is known by it.
  const message = { cmd: CMD, ...frame };
  if (channel) {
    const status = channel.send(message, -1, undefined, mayWait);
    if (status === -constants.errno.EMSGSIZE) throw errnoException(status, 'write');
  } else if (process.connected) {
    /** @type {any} */ (process).send(message, undefined, undefined, ignore);
  }
}

/**
 * The outcome of a task.
 * @param {number} s its number
 * @param {number} t microseconds it ran
 * @param {any} v
 * @param {boolean} mayWait
 */
function sendValue(s, t, v, mayWait) {
  if (v === undefined) {
    send({ o: OP.NOTHING, s, t }, mayWait);
    return;
  }
  try {
    send({ o: OP.VALUE, s, t, v }, mayWait);
  } catch (error) {
    // A value that cannot be cloned.
    sendError(s, t, error);
  }
}

/** @param {number} s @param {number | undefined} t undefined if it could not be begun @param {any} thrown */
function sendError(s, t, thrown) {
  try {
    send({ o: OP.ERROR, s, t, e: encodeError(thrown) });
  } catch {
    send({ o: OP.ERROR, s, t, e: encodeError(thrown, true) });
  }
}

module.exports = { send, sendValue, sendError };
