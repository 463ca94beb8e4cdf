'use strict';
// Where the addon stands: beside package.json in a checkout, in a package of its own for this platform
// where sprog was installed; and what to do where it cannot be loaded.

const fs = require('node:fs');
const path = require('node:path');
const version = require('./version.js');

/** The package, whether this file stands in lib/ or in the bundle. */
const PACKAGE = path.join(__dirname, '..');

/** Processors that the release has packages for; `napi.targets` of package.json names them too. */
const PROCESSORS = { x64: 'x86_64', arm64: 'aarch64' };

/** `linux-x64-gnu` and its like: what the names of file and package end in. Nothing where there is none. */
function platform() {
  const { platform, arch } = process;
  if (platform !== 'linux' || !Object.hasOwn(PROCESSORS, arch)) return undefined;
  return `linux-${arch}-${isMusl(arch) ? 'musl' : 'gnu'}`;
}

/**
 * Whether this Node runs on musl. Its dynamic loader is looked for, since a diagnostic report, which
 * tells it too, takes longer than all the rest of our start. It may be installed beside glibc.
 */
function isMusl(arch) {
  try {
    if (!fs.existsSync(`/lib/ld-musl-${PROCESSORS[arch]}.so.1`)) return false;
    return fs.readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-');
  } catch {
    return false;
  }
}

/**
 * The addon. Throws where there is none for this platform, or it is not to be had.
 * @returns {typeof import('../binding.js')}
 */
function requireAddon() {
  const name = platform();
  if (name === undefined) {
    throw new Error(`there is none for ${process.platform} on ${process.arch}`);
  }
  const local = path.join(PACKAGE, `sprog.${name}.node`);
  const addon = require(fs.existsSync(local) ? local : `sprog-${name}`);
  // An addon from before there was a version has none.
  if (addon.VERSION !== version) {
    throw new Error(`sprog is ${version}, its addon ${addon.VERSION ?? 'older'}`);
  }
  return addon;
}

/**
 * What was wrong, in one line and with the remedy, if there is one.
 * @param {any} error of requireAddon()
 * @returns {{ reason: string, remedy?: string, isExpected: boolean }} `isExpected` where things are as they
 *   were meant to be, and nobody needs to be told
 */
function explain(error) {
  const name = platform();
  const reason = String(error?.message ?? error)
    .split('\n')[0]
    .replace(/\.$/, '');
  if (name === undefined) return { reason, isExpected: true };
  if (error?.code === 'ERR_DLOPEN_DISABLED') {
    const remedy = 'start Node without --no-addons, or with --allow-addons under --permission';
    return { reason, remedy, isExpected: true };
  }
  const own = `sprog-${name}`;
  if (fs.existsSync(path.join(PACKAGE, 'Cargo.toml'))) {
    const isBuilt = error?.code !== 'MODULE_NOT_FOUND';
    // Not `npm run build`: that needs what the set-up installs.
    const remedy = 'run `npm run setup` in this checkout';
    return { reason: isBuilt ? reason : 'it has not been built', remedy, isExpected: false };
  }
  if (error?.code === 'MODULE_NOT_FOUND') {
    // npm forgets optional packages where a lockfile or node_modules comes from another platform.
    const remedy =
      'remove node_modules and package-lock.json and run `npm install` again, ' +
      `without --omit=optional; or run \`npm install ${own}@${version}\``;
    return { reason: `the package ${own} is not installed`, remedy, isExpected: false };
  }
  if (/version `GLIBC_/.test(reason)) {
    return { reason, remedy: 'use a system with glibc 2.28 or newer', isExpected: false };
  }
  const remedy = `run \`npm install sprog@${version} ${own}@${version}\``;
  return { reason, remedy, isExpected: false };
}

module.exports = { platform, requireAddon, explain };
