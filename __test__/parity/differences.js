'use strict';
// The deliberate differences: 'file: title' of a case whose events under sprog are meant to differ
// from Node's, with the reason. Each stands in docs/compat.md too. Such a case must differ: when
// Node's behaviour catches up, the entry has to go.

module.exports = {};
