'use strict';
// `npm run pack`: the tarballs that are published, in npm/. Builds what is not up to date, and refuses an
// addon that is not fit to be published (addon.js says when).
//
//   --addons DIR   pack the addons that lie in DIR, one for every target, instead of building one
//   --out DIR      write there instead of npm/

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { bundle } = require('../bundle.js');
const { ROOT, setup } = require('../setup.js');
const { inspect } = require('./addon.js');
const { stageMain, stagePlatform, targets } = require('./stage.js');

function main() {
  const { addons, out = path.join(ROOT, 'npm') } = parseArgs({
    options: { addons: { type: 'string' }, out: { type: 'string' } },
  }).values;
  if (addons) bundle();
  else setup();
  const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const packed = addonsOf(manifest, addons ?? ROOT, addons !== undefined);

  clear(out, manifest);
  stageMain(ROOT, path.join(out, manifest.name), manifest);
  say(pack(out, manifest.name));
  for (const { target, file, bytes, glibc } of packed) {
    stagePlatform(ROOT, path.join(out, target.name), manifest, target, file);
    const libc = glibc ? `, glibc ${glibc} or newer` : '';
    say(`${pack(out, target.name)}, the addon ${kilobytes(bytes)}${libc}`);
  }
}

/** The targets whose addon is there, each with what was found out about it. */
function addonsOf(manifest, directory, isComplete) {
  const found = [];
  for (const target of targets(manifest)) {
    const file = path.join(directory, target.file);
    if (!fs.existsSync(file)) {
      if (isComplete) throw new Error(`${file} is missing`);
      continue;
    }
    const report = inspect(file, target);
    if (report.problems.length > 0) throw new Error(`${file}: ${report.problems.join('; ')}`);
    found.push({ target, file, ...report });
  }
  if (found.length === 0) throw new Error(`no addon in ${directory}`);
  return found;
}

/** Removes what an earlier run left, and nothing else: `out` may be any directory. */
function clear(out, manifest) {
  for (const name of [manifest.name, ...targets(manifest).map((target) => target.name)]) {
    fs.rmSync(path.join(out, name), { recursive: true, force: true });
    fs.rmSync(path.join(out, `${name}-${manifest.version}.tgz`), { force: true });
  }
}

/** Makes the tarball of a staged package; answers its name and size. */
function pack(out, name) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', out];
  const text = execFileSync('npm', args, { cwd: path.join(out, name), encoding: 'utf8' });
  const told = JSON.parse(text);
  // A list, or under newer versions of npm an object by name.
  const [{ filename, size, unpackedSize }] = Array.isArray(told) ? told : Object.values(told);
  const file = path.relative(process.cwd(), path.join(out, filename));
  return `${file}: ${kilobytes(size)}, unpacked ${kilobytes(unpackedSize)}`;
}

function kilobytes(bytes) {
  return `${Math.round(bytes / 1000)} kB`;
}

function say(line) {
  process.stdout.write(`pack: ${line}\n`);
}

try {
  main();
} catch (error) {
  process.stderr.write(`pack: ${error.message}\n`);
  process.exitCode = 1;
}
