'use strict';
// Who is compared: sprog and node:child_process on several Nodes, Bun, Deno, and the wrapper packages.
// Everything comes from npm, as packages that hold their binary: no install script is run.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { nodeBinary } = require('../__test__/helpers/nodes.js');
const { ROOT, dependenciesAreCurrent, installDependencies } = require('../scripts/setup.js');

const NODE_MODULES = path.join(__dirname, 'node_modules');
const BUILTIN = 'node:child_process';

/** Installs what is missing. */
function installPeers() {
  if (!dependenciesAreCurrent(__dirname)) installDependencies(__dirname);
}

/** The peers that `wanted` (ids) selects, or all, each with its version as it tells it itself. */
function findPeers(wanted) {
  const all = {
    'sprog-26': () => ({ ...node(26, ROOT), pool: 'sprog' }),
    'node-26': () => node(26, BUILTIN),
    bun: () => ({ runtime: 'bun', command: bun(), args: [], module: BUILTIN }),
    'sprog-20': () => ({ ...node(20, ROOT), pool: 'sprog' }),
    'node-20': () => node(20, BUILTIN),
    'node-24': () => node(24, BUILTIN),
    deno: () => ({ runtime: 'deno', command: deno(), args: ['run', '-A'], module: BUILTIN }),
    execa: () => ({ ...node(26, 'execa'), wrapper: true }),
    tinyexec: () => ({ ...node(26, 'tinyexec'), wrapper: true }),
    ...otherPools(26),
    ...otherPools(20),
    floor: () => {
      const command = floor();
      return command && { runtime: 'floor', command, args: [], module: BUILTIN };
    },
  };
  const unknown = (wanted ?? []).filter((id) => !Object.hasOwn(all, id));
  if (unknown.length > 0) throw new Error(`no such peer: ${unknown}; ${Object.keys(all)}`);
  return Object.entries(all)
    .filter(([id]) => !wanted || wanted.includes(id))
    .flatMap(([id, make]) => {
      const made = make();
      return made ? [{ id, ...made, version: version(made) }] : [];
    });
}

/** Pools of processes and of threads, each under one Node. */
function otherPools(major) {
  const pools = {
    'tinypool-processes': 'tinypool',
    'jest-worker': 'jest-worker',
    workerpool: 'workerpool',
    'tinypool-threads': 'tinypool',
    piscina: 'piscina',
  };
  return Object.fromEntries(
    Object.entries(pools).map(([pool, module]) => [
      `${pool}-${major}`,
      () => ({ ...node(major, module), pool, otherPool: true }),
    ]),
  );
}

function node(major, module) {
  return { runtime: 'node', command: nodeBinary(major), args: [], module };
}

function bun() {
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch;
  return binary(`@oven/bun-${process.platform}-${arch}`, 'bin/bun');
}

/** A C program that makes the same system calls and nothing else; no peer where nothing compiles it. */
function floor() {
  if (spawnSync('cc', ['--version']).status !== 0) return undefined;
  const place = path.join(ROOT, 'target', 'bench', 'floor');
  const home = path.join(__dirname, 'floor');
  const sources = fs.readdirSync(home).filter((name) => name.endsWith('.c'));
  fs.mkdirSync(path.dirname(place), { recursive: true });
  execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-o', place, ...sources], {
    cwd: home,
    stdio: 'inherit',
  });
  return place;
}

function deno() {
  return binary(`@deno/${process.platform}-${process.arch}-glibc`, 'deno');
}

function binary(name, file) {
  const place = path.join(NODE_MODULES, name, file);
  if (!fs.existsSync(place)) throw new Error(`${name} has no ${file}`);
  return place;
}

function version({ command, module, wrapper, otherPool }) {
  const printed = execFileSync(command, ['--version'], { encoding: 'utf8' });
  const runtime = /\d+\.\d+\.\d+/.exec(printed)[0];
  if (module === BUILTIN) return runtime;
  const home = wrapper || otherPool ? path.join(NODE_MODULES, module) : module;
  const manifest = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8'));
  return `${manifest.version} on Node ${runtime}`;
}

module.exports = { findPeers, installPeers };
