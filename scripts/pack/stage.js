'use strict';
// Lays out what is published: `sprog` itself, and one package with an addon for each target of
// package.json that npm installs on the platform of its name alone.

const fs = require('node:fs');
const path = require('node:path');

/** Node's words for what a Rust target says. */
const ARCHS = { x86_64: 'x64', aarch64: 'arm64' };
const LIBCS = { gnu: 'glibc', musl: 'musl' };

/**
 * @typedef {object} Target
 * @property {string} name of the package
 * @property {string} file of the addon
 * @property {string} os
 * @property {string} arch
 * @property {string} libc
 */

/** @returns {Target[]} */
function targets({ name, napi }) {
  return napi.targets.map((triple) => {
    const [processor, , os, abi] = triple.split('-');
    const platform = `${os}-${ARCHS[processor]}-${abi}`;
    return {
      name: `${name}-${platform}`,
      file: `${napi.binaryName}.${platform}.node`,
      os,
      arch: ARCHS[processor],
      libc: LIBCS[abi],
    };
  });
}

/** The directory that `npm pack` makes the main package of. */
function stageMain(root, place, manifest) {
  const { scripts, devDependencies, napi, ...published } = manifest;
  const needed = targets(manifest).map(({ name }) => [name, manifest.version]);
  for (const name of [...manifest.files, 'README.md', 'LICENSE']) {
    fs.cpSync(path.join(root, name), path.join(place, name), { recursive: true });
  }
  // In the repository these would be installed, where the addon is built: they are for users alone.
  write(place, { ...published, ...source(), optionalDependencies: Object.fromEntries(needed) });
}

/** The directory of a platform's package; `addon` is the file to put there. */
function stagePlatform(root, place, manifest, target, addon) {
  fs.mkdirSync(place, { recursive: true });
  fs.copyFileSync(addon, path.join(place, target.file));
  fs.copyFileSync(path.join(root, 'LICENSE'), path.join(place, 'LICENSE'));
  const what = `The addon of ${manifest.name} for ${target.os} ${target.arch} with ${target.libc}`;
  fs.writeFileSync(
    path.join(place, 'README.md'),
    `# ${target.name}\n\n${what}. npm installs it with \`${manifest.name}\`; there is nothing to require here.\n`,
  );
  write(place, {
    name: target.name,
    version: manifest.version,
    description: what,
    license: manifest.license,
    ...source(),
    main: target.file,
    files: [target.file],
    engines: manifest.engines,
    os: [target.os],
    cpu: [target.arch],
    libc: [target.libc],
    // Node cannot load an addon out of the archives in which Yarn keeps packages.
    preferUnplugged: true,
  });
}

/** Where the files come from, which a provenance statement must agree with: known to the workflow alone. */
function source() {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;
  if (!server || !repository) return {};
  return { repository: { type: 'git', url: `git+${server}/${repository}.git` } };
}

function write(place, manifest) {
  fs.writeFileSync(path.join(place, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

module.exports = { stageMain, stagePlatform, targets };
