'use strict';
// Users' projects for the tests of the typings: the package as it is published, beside Node's types of
// some line, and the compilers that are let loose on them.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');
const { copyPackage } = require('./package.js');
const { packageDirectory } = require('./packages.js');
const { ROOT } = require('./script.js');

const CASES = path.join(ROOT, '__test__', 'typings');
const INSTALLED = path.join(ROOT, 'node_modules');
const COMPILER = path.join(INSTALLED, 'typescript');
/** Lines of @types/node; the newest is the one that the package itself is checked with. */
const LINES = ['20', '22', '24', 'newest'];

function nodeTypes(line) {
  if (line === 'newest') return path.join(INSTALLED, '@types', 'node');
  return ofLine('@types/node', line, path.join('node-types', `v${line}`));
}

/** The directory of a compiler that is not the newest. */
function typescript(version) {
  return ofLine('typescript', version, path.join('typescript', `v${version}`));
}

function ofLine(name, line, home) {
  return packageDirectory(name, line, home, (fetched) => {
    const { version } = JSON.parse(fs.readFileSync(path.join(fetched, 'package.json'), 'utf8'));
    if (!version.startsWith(`${line}.`)) throw new Error(`${name}@${line} is ${version}`);
  });
}

/** Makes a project for each line below `tmp`, named as the line is. */
function workspace(tmp) {
  for (const line of LINES) project(line, nodeTypes(line));
  return { compile, projectWith, installed };

  /** Where the package is in a project. */
  function installed(name) {
    return path.join(tmp, name, 'node_modules', 'sprog');
  }

  /** A user's project: the published package, Node's types, and the cases as its sources. */
  function project(name, types) {
    const root = path.join(tmp, name);
    fs.cpSync(CASES, root, { recursive: true });
    fs.writeFileSync(path.join(root, 'package.json'), '{"private":true,"type":"commonjs"}');
    copyPackage(installed(name));
    fs.mkdirSync(path.join(root, 'node_modules', '@types'));
    fs.symlinkSync(types, path.join(root, 'node_modules', '@types', 'node'));
  }

  /** A project in which all functions of the package have the given type. */
  function projectWith(name, type) {
    project(name, nodeTypes('newest'));
    const index = path.join(installed(name), 'index.d.ts');
    const text = fs.readFileSync(index, 'utf8');
    const changed = text.replaceAll(/: \w+ & typeof node\.\w+;/g, `: ${type};`);
    assert.strictEqual(changed.split(`: ${type};`).length - 1, 7, 'seven functions');
    fs.writeFileSync(index, changed);
    return name;
  }

  /** Compiles part of a project. @returns the compiler's complaints, one a line */
  async function compile(name, files, options, compiler = COMPILER) {
    const root = path.join(tmp, name);
    const config = fs.mkdtempSync(path.join(root, 'run-'));
    const settings = {
      compilerOptions: {
        strict: true,
        target: 'es2022',
        noEmit: true,
        skipLibCheck: true,
        allowJs: true,
        checkJs: true,
        types: ['node'],
        ...options,
      },
      // A file that is named must be there; a directory may hold whatever it holds.
      files: files.filter((file) => path.extname(file)).map((file) => `../${file}`),
      include: files.filter((file) => !path.extname(file)).map((file) => `../${file}`),
    };
    fs.writeFileSync(path.join(config, 'tsconfig.json'), JSON.stringify(settings));
    const tsc = path.join(compiler, 'bin', 'tsc');
    const args = [tsc, '-p', config, '--pretty', 'false'];
    try {
      await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: Infinity });
      return [];
    } catch (error) {
      assert.strictEqual(typeof error.code, 'number', error);
      const lines = error.stdout.split('\n').filter(Boolean);
      // Without a complaint it failed for another reason.
      return lines.length > 0 ? lines : [String(error)];
    }
  }
}

module.exports = { CASES, LINES, typescript, workspace };
