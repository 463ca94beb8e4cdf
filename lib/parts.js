'use strict';
// What the package's own files take of lib/, each part loaded when it is asked for.

module.exports = {
  get api() {
    return require('./api.js');
  },
  get running() {
    return require('./run/api.js');
  },
  get loader() {
    return require('./native.js');
  },
  get pool() {
    return require('./pool/lazy.js');
  },
  get worker() {
    return require('./pool/child/context.js');
  },
  get version() {
    return require('./version.js');
  },
  commands: {
    get doctor() {
      return require('./cli/doctor.js');
    },
    get bench() {
      return require('./cli/bench.js');
    },
  },
  get patch() {
    return require('./register/patch.js');
  },
  get request() {
    return require('./register/request.js');
  },
};
