'use strict';
// Runs operations under a fault and gathers how they end: under crates/inject, which is built here.

const { execFile, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');
const { ROOT, startScript } = require('../helpers/script.js');

const CRATE = path.join(ROOT, 'crates', 'inject');
const TARGET = path.join(ROOT, 'target', 'inject');
const LAUNCHER = path.join(TARGET, 'release', 'sprog-inject');
const PROGRAM = path.join(__dirname, 'program.js');
const LIMIT_MS = 180_000;
const NO_MEANS = 125;

/** Builds the launcher. Resolves with why there can be no faults here, or with undefined. */
async function prepare() {
  const manifest = path.join(CRATE, 'Cargo.toml');
  const args = ['build', '--release', '--manifest-path', manifest, '--target-dir', TARGET];
  await promisify(execFile)('cargo', args, { cwd: CRATE });
  const { status, stderr } = spawnSync(LAUNCHER, ['/nonexistent/rules', 'pipe2', 'true'], {
    encoding: 'utf8',
  });
  return status === NO_MEANS ? stderr.trim() : undefined;
}

/**
 * @typedef {object} Observed
 * @property {Record<string, string>} outcomes by operation; cold and warm with ' / ' between, where they
 *   differ
 * @property {Record<string, string>} healthy the same without the fault
 * @property {{ fds: number, zombies: number } | undefined} left
 * @property {string[]} strays processes that did not end
 * @property {string} end anything but '' is a crash
 * @property {number} hits how many system calls failed
 */

/**
 * @param {string} modulePath of the module under test
 * @param {{ rules: string[], env?: Record<string, string> }} fault
 * @param {string[]} operations
 * @returns {Promise<Observed>}
 */
async function observe(modulePath, { rules, env = {} }, operations) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-faults-'));
  const file = path.join(home, 'rules');
  const calls = [...new Set(rules.map((rule) => rule.split(' ')[0]))].join(',');
  const { outcome } = startScript(PROGRAM, {
    node: LAUNCHER,
    nodeArgs: [file, calls, process.execPath],
    args: [modulePath, rules.join('\n'), ...operations],
    env: { ...process.env, ...env, INJECT_RULES: file },
    limit: LIMIT_MS,
  });
  try {
    const { code, signal, said, stderr, strays } = await outcome;
    const hits = fs.existsSync(`${file}.hits`) ? fs.readFileSync(`${file}.hits`, 'utf8') : '';
    const left = said.find(([word]) => word === 'left');
    return {
      outcomes: merge(said.filter(([word]) => word === 'cold' || word === 'warm')),
      healthy: merge(said.filter(([word]) => word === 'healthy')),
      left: left && { fds: left[1], zombies: left[2] },
      strays,
      end: code === 0 ? stderr : `${signal ?? code} ${stderr}`,
      hits: hits.split('\n').length - 1,
    };
  } finally {
    fs.rmSync(home, { recursive: true, force: true });
  }
}

function merge(said) {
  /** @type {Record<string, Set<string>>} */
  const seen = {};
  for (const [, name, outcome] of said) {
    seen[name] ??= new Set();
    seen[name].add(outcome);
  }
  return Object.fromEntries(
    Object.entries(seen).map(([name, all]) => [name, [...all].join(' / ')]),
  );
}

module.exports = { observe, prepare };
