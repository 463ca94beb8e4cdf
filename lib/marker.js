'use strict';
// TEMPORARY
const { variablesOf } = require('./environment.js');
let marker;
function mark(request) {
  const v = variablesOf(request);
  marker ??= `${process.pid}x${Date.now()}x${require('node:worker_threads').threadId}`;
  const outer = v.get('SPROG_TREE');
  v.set('SPROG_TREE', outer ? `${outer}:${marker}` : marker);
  return { marker, cgroup: undefined, others: undefined };
}
module.exports = { mark };
