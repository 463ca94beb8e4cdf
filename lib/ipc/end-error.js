'use strict';
// Whether the end of a channel is one that its owner has to be told of: Node takes any failed read
// for the end of the peer, and so it is here, but for a message that would not have fitted.

const os = require('node:os');
const { messageTooLarge } = require('../errors.js');
const { environment } = require('../native.js');

const { EMSGSIZE } = os.constants.errno;

/**
 * @param {number} token of the channel
 * @param {number} errno negative
 */
function endError(token, errno) {
  return errno === -EMSGSIZE ? messageTooLarge(environment().messageLimit(token)) : undefined;
}

module.exports = { endError };
