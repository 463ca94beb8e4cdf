'use strict';
// Installs what a fresh clone lacks: the dependencies, the release build of the addon, and the bundle
// of lib/. Quick, and changes nothing, where all are up to date. Uses nothing but Node itself, since it runs first.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { bundle } = require('./bundle.js');

const ROOT = path.join(__dirname, '..');
const BUILD_INPUTS = ['src', 'crates', 'Cargo.toml', 'Cargo.lock', 'build.rs', 'build'];

/** Brings dependencies and addon up to date; throws where a step fails. */
function setup() {
  if (dependenciesAreCurrent(ROOT)) say('dependencies are up to date');
  else installDependencies(ROOT);

  if (addonIsCurrent()) say('the addon is up to date');
  else step('release build of the addon, a minute or more', 'npm', ['run', 'build'], ROOT);

  say(bundle() ? 'dist/ was made anew' : 'dist/ is up to date');
}

/**
 * Installs what the lockfile of `root` names. Not by `npm ci`: npm 11 refuses a lockfile that lacks an
 * optional package for another platform (npm/cli issue 9846), and writes such a lockfile itself where
 * the registry did not have that package. What `npm ci` promises is checked here instead.
 */
function installDependencies(root, { omitDev = false } = {}) {
  const place = path.relative(ROOT, root);
  const title = place ? `npm install in ${place}/` : 'npm install';
  const dev = omitDev ? '--omit=dev' : '--include=dev';
  step(title, 'npm', ['install', '--no-save', dev, '--no-fund', '--no-audit'], root);
  if (!dependenciesAreCurrent(root, { omitDev })) {
    throw new Error(
      `what npm installed is not what ${path.join(place, 'package-lock.json')} names`,
    );
  }
}

/**
 * Whether what is installed is what the lockfile asks for. By content, not by time: a fresh checkout
 * gives every file a new time.
 * @param {string} root
 * @param {{ omitDev?: boolean }} [options] without what is for development alone
 */
function dependenciesAreCurrent(root, { omitDev = false } = {}) {
  const wanted = readPackages(path.join(root, 'package-lock.json'));
  const installed = readPackages(path.join(root, 'node_modules', '.package-lock.json'));
  if (!wanted || !installed) return false;
  // What is not for development is told by its first level: npm's lockfile counts the packages that it
  // bundles itself among it, and does not install them.
  const isWanted = (place) => !omitDev || Object.hasOwn(wanted[''].dependencies, nameOf(place));
  return Object.entries(wanted).every(([place, { version, optional }]) => {
    if (place === '' || !isWanted(place)) return true;
    const found = installed[place];
    // Packages for other platforms are optional and absent.
    if (!found) return optional === true;
    return found.version === version && fs.existsSync(path.join(root, place));
  });
}

function nameOf(place) {
  return place.replace('node_modules/', '');
}

function readPackages(lockfile) {
  try {
    return JSON.parse(fs.readFileSync(lockfile, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function addonIsCurrent() {
  const prefix = `sprog.${process.platform}-${process.arch}`;
  const addon = fs
    .readdirSync(ROOT)
    .find((name) => name.startsWith(prefix) && name.endsWith('.node'));
  if (!addon) return false;
  const built = fs.statSync(path.join(ROOT, addon)).mtimeMs;
  return BUILD_INPUTS.every((input) => newest(path.join(ROOT, input)) <= built);
}

/** Time of the last change to a file, or to any file under a directory. */
function newest(place) {
  const stat = fs.statSync(place);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...fs.readdirSync(place).map((name) => newest(path.join(place, name))));
}

/** Runs one command quietly; what it printed is shown only where it fails. */
function step(title, command, args, cwd) {
  process.stdout.write(`setup: ${title} ... `);
  const started = Date.now();
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (result.status !== 0) {
    process.stdout.write('failed\n');
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
    const reason = result.error?.message ?? `exit ${result.status ?? result.signal}`;
    throw new Error(`${command} ${args.join(' ')}: ${reason}`);
  }
  process.stdout.write(`${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

function say(line) {
  process.stdout.write(`setup: ${line}\n`);
}

module.exports = { ROOT, setup, dependenciesAreCurrent, installDependencies };

if (require.main === module) {
  try {
    setup();
  } catch (error) {
    process.stderr.write(`setup: ${error.message}\n`);
    process.exitCode = 1;
  }
}
