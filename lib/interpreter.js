'use strict';
// A program that is there, and still is "no such file": what the system needs to run it is missing, the
// interpreter of a script or the loader of an ELF file. Looked for when a start has failed.

const fs = require('node:fs');
const path = require('node:path');
const { variablesOf } = require('./environment.js');
const { untilNul } = require('./terminated.js');

/** The kernel reads as much of a script for its first line. */
const HEADER_BYTES = 256;
/** What execvp searches where there is no PATH (glibc, musl). */
const DEFAULT_PATH = '/bin:/usr/bin';
/** An interpreter may be a script too; the kernel gives up at five. */
const MAX_DEPTH = 5;
const PT_INTERP = 3;
const ELF_MAGIC = '\x7fELF';

/**
 * The interpreter, or ELF loader, whose absence is why `request.file` could not be run.
 * @param {any} request
 * @returns {string | undefined}
 */
function missingInterpreter(request) {
  const base = untilNul(request.cwd || '.');
  try {
    for (const candidate of candidates(request)) {
      const missing = firstMissing(path.resolve(base, candidate), base, 0);
      if (missing !== undefined) return missing;
    }
  } catch {
    // What is relative to a working directory that was removed is nowhere.
  }
  return undefined;
}

function candidates(request) {
  const file = untilNul(request.file);
  if (file.includes('/')) return [file];
  const search = variablesOf(request).get('PATH') ?? DEFAULT_PATH;
  return search.split(':').map((directory) => path.join(directory || '.', file));
}

/** @returns {string | undefined} nothing for a file that is missing itself */
function firstMissing(file, base, depth) {
  const interpreter = depth < MAX_DEPTH ? interpreterOf(file) : undefined;
  if (interpreter === undefined) return undefined;
  // Relative to where the child is to run, as the kernel takes it.
  const place = path.resolve(base, interpreter);
  return fs.existsSync(place) ? firstMissing(place, base, depth + 1) : interpreter;
}

function interpreterOf(file) {
  let fd;
  try {
    // Not to wait for the writer of a named pipe.
    fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const header = read(fd, 0, HEADER_BYTES);
    const text = header.toString('latin1');
    if (text.startsWith('#!')) return /^#![ \t]*([^ \t\n\0]+)/.exec(header.toString())?.[1];
    return text.startsWith(ELF_MAGIC) ? loaderOf(fd, header) : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** The PT_INTERP entry of an ELF file, of either size and byte order (elf(5)). */
function loaderOf(fd, header) {
  const is64 = header[4] === 2;
  const isLittle = header[5] === 1;
  const number = (bytes, at, size) =>
    isLittle ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size);
  // Offsets of 8 bytes are read as 6: no file is longer.
  const offset = (bytes, at32, at64) => {
    if (!is64) return number(bytes, at32, 4);
    return number(bytes, isLittle ? at64 : at64 + 2, 6);
  };
  const tableAt = offset(header, 28, 32);
  const entrySize = number(header, is64 ? 54 : 42, 2);
  const count = number(header, is64 ? 56 : 44, 2);
  const table = read(fd, tableAt, entrySize * count);
  for (let at = 0; at + entrySize <= table.length; at += entrySize) {
    const entry = table.subarray(at, at + entrySize);
    if (number(entry, 0, 4) !== PT_INTERP) continue;
    const name = read(fd, offset(entry, 4, 8), Math.min(offset(entry, 16, 32), 4096)).toString();
    return name.split('\0')[0];
  }
  return undefined;
}

function read(fd, position, length) {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, fs.readSync(fd, buffer, 0, length, position));
}

module.exports = { missingInterpreter };
