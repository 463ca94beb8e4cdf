'use strict';
// Which Node this is: where its lines differ, so does what a drop-in for it has to do.

const [NODE_MAJOR, NODE_MINOR] = process.versions.node.split('.').map(Number);

module.exports = { NODE_MAJOR, NODE_MINOR };
