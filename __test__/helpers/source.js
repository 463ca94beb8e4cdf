'use strict';
// Reads the repository's own sources for the tidy test: which files there are, and their text with
// comments and strings blanked out, so that a word in prose is not taken for code.

const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');
const SKIPPED = new Set(['node_modules', 'target', 'dist', 'npm', '.git', '.cache']);

/** Paths, relative to the repository, of the files under `place` whose names end in `suffix`. */
function files(place, suffix) {
  const absolute = path.join(ROOT, place);
  if (!fs.existsSync(absolute)) return [];
  if (fs.statSync(absolute).isFile()) return absolute.endsWith(suffix) ? [place] : [];
  return fs
    .readdirSync(absolute)
    .filter((name) => !SKIPPED.has(name))
    .sort()
    .flatMap((name) => files(path.join(place, name), suffix));
}

function read(file) {
  return fs.readFileSync(path.join(ROOT, file), 'utf8');
}

// One alternative for each thing that can hide the start of another. Lifetimes ('a) are told from
// character literals ('a') by the closing quote.
const RUST =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|b?r(#*)"[\s\S]*?"\1|b?"(?:\\[\s\S]|[^"\\])*"|b?'(?:\\[^\n]+?|[^'\\\n])'/g;
const JS_COMMENT =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g;

/** Rust code alone: comments, strings and characters become blanks; line numbers stay. */
function rustCode(text) {
  return text.replace(RUST, blank);
}

/** JavaScript without its comments; strings stay, as they name what is required. */
function jsCode(text) {
  return text.replace(JS_COMMENT, (match) => (match.startsWith('/') ? blank(match) : match));
}

function blank(match) {
  return match.replace(/[^\n]/g, ' ');
}

/** The module path of a Rust file: src/sys/linux/fd.rs is ['sys', 'linux', 'fd']. */
function modulePath(file) {
  const parts = file
    .replace(/^src\//, '')
    .replace(/\.rs$/, '')
    .split('/');
  return parts.at(-1) === 'mod' ? parts.slice(0, -1) : parts;
}

module.exports = { ROOT, files, read, rustCode, jsCode, modulePath };
