'use strict';
// The native state of this thread for callers that must not fail halfway.

const { environment } = require('./native.js');

/** The first spawn opens descriptors of its own, and may find none: then that is its failure. */
function environmentOrErrno() {
  try {
    return environment();
  } catch (error) {
    const errno = Number(/** @type {any} */ (error).code);
    if (Number.isNaN(errno)) throw error;
    return -errno;
  }
}

module.exports = { environmentOrErrno };
