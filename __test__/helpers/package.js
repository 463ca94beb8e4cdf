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

/** Makes a copy's own files say that they are of another version. */
function pretendVersion(root, version) {
  const own = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')).version;
  // The bundle has its parts by their places.
  if (own.length !== version.length) throw new Error(`as long as ${own}: ${version}`);
  for (const name of fs.readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(root, name);
    if (!/\.(js|txt)$/.test(name) || !fs.statSync(file).isFile()) continue;
    const text = fs.readFileSync(file, 'utf8');
    if (text.includes(`'${own}'`)) {
      fs.writeFileSync(file, text.replaceAll(`'${own}'`, `'${version}'`));
    }
  }
}

module.exports = { copyPackage, pretendVersion };
