'use strict';
// What `command` of a program answers: the words after `node`.

/** A file among its own, and arguments; options of Node's may come first. */
const script =
  (...words) =>
  () =>
    words;

/** The program that a package puts into node_modules/.bin; `of` is the package, if named otherwise. */
const tool =
  (name, of, ...words) =>
  ({ bin }) => [bin(name, of), ...words];

const npm = (...words) => tool('npm', 'npm', ...words);

module.exports = { npm, script, tool };
