'use strict';
// TEMPORARY
const { variablesOf } = require('./environment.js');
let n = 0;
function mark(request) {
  const v = variablesOf(request);
  const marker = `${process.pid}-${Date.now()}-${n++}`;
  const outer = v.get('SPROG_TREE');
  v.set('SPROG_TREE', outer ? `${outer}:${marker}` : marker);
  return { marker, cgroup: undefined, others: undefined };
}
module.exports = { mark };
