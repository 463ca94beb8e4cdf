'use strict';
// Where the code is taken from: from dist/, which is lib/ in few files (scripts/bundle.js) and loads
// several times faster, or, in a checkout where that has not been made, from lib/ as it stands.

/** @returns {typeof import('./parts.js')} */
function parts() {
  try {
    return require(`${__dirname}/../dist/main.js`).parts;
  } catch (error) {
    if (/** @type {any} */ (error).code !== 'MODULE_NOT_FOUND') throw error;
    return require('./parts.js');
  }
}

module.exports = parts();
