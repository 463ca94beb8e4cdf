'use strict';
// The files of lib/ as the bundle has them: without comments, and with each require() of another file
// of lib/ as a load() by its name.

const fs = require('node:fs');
const path = require('node:path');

/** Where lib/ is entered, by a program or from a command line: published as they stand. */
const ENTRIES = ['entry.js', 'cli/sprog.js', 'cli/bench/child.js', 'cli/bench/sample.js'];

/**
 * @typedef {object} Module
 * @property {string} code
 * @property {string[]} needs the files that it loads as soon as it is loaded itself
 */

/** @param {string} lib the directory @returns {Map<string, Module>} by the names there */
function readModules(lib) {
  const names = filesUnder(lib).filter((name) => !ENTRIES.includes(name));
  return new Map(names.map((name) => [name, readModule(lib, name)]));
}

/** @returns {string[]} relative, with slashes */
function filesUnder(directory, prefix = '') {
  return fs
    .readdirSync(path.join(directory, prefix), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const name = path.posix.join(prefix, entry.name);
      if (entry.isDirectory()) return filesUnder(directory, name);
      return name.endsWith('.js') ? [name] : [];
    });
}

function readModule(lib, name) {
  const source = withoutComments(fs.readFileSync(path.join(lib, name), 'utf8'), name);
  const strange = /[^\n\x20-\x7e]/.exec(source);
  // So that a place in bytes is one in characters.
  if (strange) throw new Error(`${name}: write ${JSON.stringify(strange[0])} as an escape`);
  const needs = [...source.matchAll(AT_ONCE)].map(([, given]) => inLib(name, given));
  const code = source.replace(REQUIRE, (_, given) => {
    const wanted = inLib(name, given);
    if (!wanted.startsWith('../')) return `load(${JSON.stringify(wanted)})`;
    return `require(ROOT + ${JSON.stringify(wanted.slice('..'.length))})`;
  });
  return { code, needs: needs.filter((wanted) => !wanted.startsWith('../')) };
}

/** A file beside this one, or elsewhere in the package. */
const REQUIRE = /\brequire\('(\.[^']+)'\)/g;
/** At the top level: the statement begins its line. */
const AT_ONCE = /^(?:(?:const .*|\}) = )?require\('(\.[^']+)'\)(?:\.\w+)?;$/gm;

function inLib(name, given) {
  return path.posix.join(path.posix.dirname(name), given);
}

/**
 * Blanks comments that have lines of their own. What follows code stays: telling it from a string or a
 * pattern takes a parser.
 */
function withoutComments(source, name) {
  let isInComment = false;
  let ticks = 0;
  return source
    .split('\n')
    .map((line) => {
      const text = line.trim();
      if (!isInComment && !/^(?:\/\/|\/\*(?!.*\*\/.))/.test(text)) {
        ticks += line.split('`').length - 1;
        return line;
      }
      // An odd one begins a template that goes over lines: this may be part of it.
      if (ticks % 2) throw new Error(`${name}: cannot tell whether this is a comment: ${text}`);
      if (text.startsWith('/*')) isInComment = true;
      if (isInComment && text.includes('*/')) {
        isInComment = false;
        if (!text.endsWith('*/')) throw new Error(`${name}: code behind a comment: ${text}`);
      }
      return '';
    })
    .join('\n');
}

module.exports = {
  ENTRIES,
  readModules,
  withoutComments,
};
