'use strict';
// Reads of an ELF file, 64 bits and little-endian, what the release depends on: the processor, and which
// versions of which symbols it wants of the libraries that it is linked to. The addon carries other
// programs within itself; each is a file of its own here.

const MAGIC = Buffer.from('7f454c460201', 'hex');
const HEADER = 64;
const DYNSYM = 11;
const VERNEED = 0x6ffffffe;
const VERSYM = 0x6fffffff;

/** By e_machine. */
const MACHINES = { 62: 'x64', 183: 'arm64' };

/**
 * @typedef {object} Program
 * @property {number} offset where it begins
 * @property {string | undefined} machine
 * @property {{ name: string, version: string, library: string }[]} wanted versioned symbols
 */

/** The file itself and every ELF file within it. @returns {Program[]} */
function programs(bytes) {
  const found = [];
  for (let at = bytes.indexOf(MAGIC); at !== -1; at = bytes.indexOf(MAGIC, at + 1)) {
    const file = bytes.subarray(at);
    // The header tells its own size: three characters of text somewhere are no file.
    if (file.length < HEADER || file.readUInt16LE(52) !== HEADER) continue;
    found.push({
      offset: at,
      machine: MACHINES[file.readUInt16LE(18)],
      wanted: wantedSymbols(file),
    });
  }
  return found;
}

function wantedSymbols(file) {
  const all = sections(file);
  const symbols = all.find(({ type }) => type === DYNSYM);
  const versions = all.find(({ type }) => type === VERSYM);
  const needs = all.find(({ type }) => type === VERNEED);
  if (!symbols || !versions || !needs) return [];
  const known = neededVersions(needs, all[needs.link]);
  const wanted = [];
  for (let index = 0; index < symbols.size / 24; index += 1) {
    const need = known.get(versions.at(index * 2).readUInt16LE(0) & 0x7fff);
    const symbol = symbols.at(index * 24);
    // Those with a section of their own are what this file offers.
    if (need === undefined || symbol.readUInt16LE(6) !== 0) continue;
    wanted.push({ name: text(all[symbols.link], symbol.readUInt32LE(0)), ...need });
  }
  return wanted;
}

/** The section headers; `at(n)` is the section's content from its n-th byte on. */
function sections(file) {
  const start = Number(file.readBigUInt64LE(40));
  const [size, count] = [file.readUInt16LE(58), file.readUInt16LE(60)];
  return Array.from({ length: start === 0 ? 0 : count }, (_, index) => {
    const header = file.subarray(start + index * size);
    const offset = Number(header.readBigUInt64LE(24));
    return {
      type: header.readUInt32LE(4),
      size: Number(header.readBigUInt64LE(32)),
      link: header.readUInt32LE(40),
      info: header.readUInt32LE(44),
      at: (within) => file.subarray(offset + within),
    };
  });
}

/** By the index that a symbol's version has: one list a library, each with its entries. */
function neededVersions(needs, strings) {
  const known = new Map();
  let library = 0;
  for (let left = needs.info; left > 0; left -= 1) {
    const head = needs.at(library);
    let entry = library + head.readUInt32LE(8);
    for (let entries = head.readUInt16LE(2); entries > 0; entries -= 1) {
      const each = needs.at(entry);
      known.set(each.readUInt16LE(6), {
        version: text(strings, each.readUInt32LE(8)),
        library: text(strings, head.readUInt32LE(4)),
      });
      entry += each.readUInt32LE(12);
    }
    library += head.readUInt32LE(12);
  }
  return known;
}

function text(strings, at) {
  const bytes = strings.at(at);
  return bytes.subarray(0, bytes.indexOf(0)).toString('latin1');
}

module.exports = { programs };
