'use strict';
// Where the code is taken from: from dist/, which is lib/ in few files (scripts/bundle.js) and loads
// several times faster, or, in a checkout where that has not been made, from lib/ as it stands.

const path = require('node:path');

/** @returns {((file: string) => any) | undefined} loads a file by its name in lib/ */
function bundled() {
  try {
    return require(path.join(__dirname, '..', 'dist', 'main.js')).load;
  } catch (error) {
    if (/** @type {any} */ (error).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

const load = bundled();

module.exports = {
  /** @returns {typeof import('./api.js')} */
  get api() {
    return load ? load('api.js') : require('./api.js');
  },
  /** @returns {typeof import('./native.js')} */
  get loader() {
    return load ? load('native.js') : require('./native.js');
  },
  /** @returns {string} */
  get version() {
    return load ? load('version.js') : require('./version.js');
  },
  commands: {
    /** @returns {typeof import('./cli/doctor.js')} */
    get doctor() {
      return load ? load('cli/doctor.js') : require('./cli/doctor.js');
    },
    /** @returns {typeof import('./cli/bench.js')} */
    get bench() {
      return load ? load('cli/bench.js') : require('./cli/bench.js');
    },
  },
  /** @returns {typeof import('./register/patch.js')} */
  get patch() {
    return load ? load('register/patch.js') : require('./register/patch.js');
  },
  /** @returns {typeof import('./register/request.js')} */
  get request() {
    return load ? load('register/request.js') : require('./register/request.js');
  },
};
