'use strict';
// Packages that only the tests need, in versions that cannot all be installed side by side: each is
// fetched from npm once and kept under .cache.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const CACHE = path.join(__dirname, '..', '..', '.cache');

/**
 * Directory of the newest version of a package that `range` allows, as of when it was first asked for.
 * Throws where it cannot be had.
 * @param {string} home where it is kept, below .cache
 * @param {(place: string) => void} [check] throws if what was fetched is not what was meant
 */
function packageDirectory(name, range, home, check = () => {}) {
  const place = path.join(CACHE, home, 'node_modules', name);
  if (!fs.existsSync(path.join(place, 'package.json'))) fetch(name, range, home, check);
  return place;
}

// Fetched beside its place and renamed into it, so that neither an interrupted fetch nor a second one
// at the same time leaves half a package.
function fetch(name, range, home, check) {
  const target = path.join(CACHE, home);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  const staging = fs.mkdtempSync(path.join(path.dirname(target), 'fetch-'));
  try {
    fs.writeFileSync(path.join(staging, 'package.json'), '{"private":true}');
    execFileSync(
      'npm',
      ['install', '--no-save', '--no-package-lock', '--no-fund', '--no-audit', `${name}@${range}`],
      { cwd: staging, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    check(path.join(staging, 'node_modules', name));
    if (fs.existsSync(path.join(target, 'node_modules', name, 'package.json'))) return;
    fs.rmSync(target, { recursive: true, force: true });
    fs.renameSync(staging, target);
  } finally {
    fs.rmSync(staging, { recursive: true, force: true });
  }
}

module.exports = { packageDirectory };
