'use strict';
// Where a child that was started with `tree: true` keeps its tree: for those who ask whether it has one, so
// that nobody loads process-tree.js, which has what a tree can do, for children without.

const kTree = Symbol('sprog.tree');

module.exports = { kTree };
