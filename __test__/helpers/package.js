'use strict';
// Copies of the package as it would be installed, for what depends on where it lies or on there being
// two of it.

const fs = require('node:fs');
const path = require('node:path');
const { bundle } = require('../../scripts/bundle.js');

const ROOT = path.join(__dirname, '..', '..');

/** What is published, by package.json, and the built addon. */
function publishedFiles() {
  const { files } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const addons = fs.readdirSync(ROOT).filter((name) => name.endsWith('.node'));
  return ['package.json', ...files, ...addons];
}

/** Copies the package into the directory `root`, which is made. */
function copyPackage(root) {
  bundle();
  fs.mkdirSync(root, { recursive: true });
  for (const name of publishedFiles()) {
    fs.cpSync(path.join(ROOT, name), path.join(root, name), { recursive: true });
  }
  return root;
}

module.exports = { copyPackage };
