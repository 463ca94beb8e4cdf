'use strict';
// The checks of `sprog doctor`, in the order in which they are shown. Each finds out by trying, and says
// what is so, why, and what would change it.

const fs = require('node:fs');
const os = require('node:os');
const util = require('node:util');
const { platform } = require('../../addon-files.js');
const { facts, native, nativeError } = require('../../native.js');
const { NODE_MAJOR } = require('../../node-version.js');
const version = require('../../version.js');
const { exactUsage, guard, memoryLimit, ownLimits, processLimit, tree } = require('./trials.js');

/** @typedef {import('../doctor.js').Finding} Finding */

const OLDEST_NODE = 20;

/** @returns {Finding} */
function node() {
  const runtime = process.versions.bun ? 'Bun' : process.versions.deno ? 'Deno' : 'Node';
  const summary = `${runtime} ${process.versions[runtime.toLowerCase()] ?? process.versions.node}`;
  const isRight = runtime === 'Node' && NODE_MAJOR >= OLDEST_NODE;
  const finding = { name: 'Node', summary, isEssential: true };
  if (isRight) return { ...finding, status: 'native' };
  const reason =
    runtime === 'Node' ? `sprog needs Node ${OLDEST_NODE} or newer` : 'the addon is for Node';
  return { ...finding, status: 'fallback', reason, remedy: `run Node ${OLDEST_NODE} or newer` };
}

/** @returns {Finding} */
function kernel() {
  const summary = `${os.type()} ${os.release()} on ${process.arch}`;
  const finding = { name: 'kernel', summary, isEssential: true };
  if (platform() !== undefined) return { ...finding, status: 'native' };
  return {
    ...finding,
    status: 'fallback',
    reason: 'the addon is for Linux on x64 and arm64; elsewhere the functions are those of Node',
  };
}

/** @returns {Finding} */
function libc() {
  const found = glibc();
  return { name: 'libc', status: 'native', summary: found ? `glibc ${found}` : 'musl' };
}

function glibc() {
  /** @type {any} */
  const report = process.report?.getReport();
  return report?.header?.glibcVersionRuntime;
}

/** @returns {Finding} */
function addon() {
  if (native) {
    return { name: 'addon', status: 'native', summary: `${version} for ${platform()}` };
  }
  const told = (nativeError?.message ?? '').replace('the addon of sprog cannot be loaded: ', '');
  const [reason, remedy] = told.split('; to mend it, ');
  return {
    name: 'addon',
    status: 'fallback',
    summary: 'every function is that of node:child_process',
    reason,
    remedy,
    isEssential: true,
  };
}

/** @returns {Finding} */
function clone() {
  const name = 'clone';
  if (facts().sharesMemory) {
    const summary = 'a child shares memory until exec: its start costs the same at any heap size';
    return { name, status: 'native', summary };
  }
  const isWanted = process.env.SPROG_SPAWN === 'fork';
  return {
    name,
    status: 'fallback',
    summary: 'a child is started on a copy of the page tables: the larger the heap, the longer',
    reason: isWanted
      ? 'SPROG_SPAWN=fork is in the environment'
      : 'CLONE_VM is refused or not carried out here (qemu-user, valgrind, a seccomp filter)',
    remedy: isWanted ? 'unset SPROG_SPAWN' : 'run on a kernel of the same processor, unfiltered',
  };
}

/** @returns {Finding} */
function pidfds() {
  const name = 'pidfd';
  const { pidfd } = facts();
  if (pidfd === 0) {
    return { name, status: 'native', summary: 'each child is watched by a pidfd, inside the loop' };
  }
  const isWanted = process.env.SPROG_PIDFD === 'off';
  return {
    name,
    status: 'fallback',
    summary: 'a small thread waits for each child',
    reason: isWanted
      ? 'SPROG_PIDFD=off is in the environment'
      : `pidfd_open: ${errorName(pidfd)} (a kernel before 5.3, or a seccomp filter)`,
    remedy: isWanted
      ? 'unset SPROG_PIDFD'
      : 'Linux 5.4 or newer; in a container a runtime that knows pidfd_open (Docker 20.10)',
  };
}

/** @returns {Finding} */
function memoryFiles() {
  const name = 'memfd';
  const { memfd } = facts();
  const sysctl = '/proc/sys/vm/memfd_noexec';
  const policy = fs.existsSync(sysctl) ? fs.readFileSync(sysctl, 'utf8').trim() : '0';
  if (memfd === 0 && policy !== '2') {
    return { name, status: 'native', summary: 'programs of ours run from memory' };
  }
  const summary = 'programs of ours are written to a private temporary directory';
  const reason =
    memfd === 0
      ? `${sysctl} is ${policy}: no program may run from memory`
      : `memfd_create: ${errorName(memfd)}`;
  const remedy = memfd === 0 ? 'sysctl vm.memfd_noexec=1' : 'a seccomp filter that allows it';
  return { name, status: 'fallback', summary, reason, remedy };
}

function errorName(code) {
  return util.getSystemErrorName(code);
}

const tried = [tree, guard, memoryLimit, processLimit, ownLimits, exactUsage];
const ofTheAddon = native ? [clone, pidfds, memoryFiles, ...tried] : [];
const ofLinux = process.platform === 'linux' ? [libc] : [];

/** @type {(() => Finding | Promise<Finding>)[]} */
const checks = [node, kernel, ...ofLinux, addon, ...ofTheAddon];

module.exports = { checks };
