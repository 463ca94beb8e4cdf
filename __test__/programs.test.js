'use strict';
// A few of the programs of programs/, which people use, under plain Node and registered: they do the
// same, and every Node process that they consist of is ours. `npm run programs` runs all of them.

const assert = require('node:assert');
const { before, describe, it } = require('node:test');
const { installPrograms } = require('../programs/install.js');
const { PROGRAMS } = require('../programs/list.js');
const { compare } = require('../programs/run.js');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');

const LINES = [20, 26];

describe('programs', () => {
  before(() => installPrograms({ isQuick: true }));

  for (const major of selectedLines().filter((line) => LINES.includes(line))) {
    for (const program of PROGRAMS.filter(({ isQuick }) => isQuick)) {
      it(`${program.title} on Node ${major}`, async () => {
        const { plain, registered, differences } = await compare(program, nodeBinary(major));
        assert.deepStrictEqual(differences, []);
        assert.deepStrictEqual([plain.code, plain.signal, plain.strays], [0, null, false]);
        assert.notStrictEqual(plain.lines.length, 0);
        assert.ok(plain.processes.every(({ isOurs }) => !isOurs));
        assert.ok(registered.processes.length > 0);
        assert.ok(
          registered.processes.every(({ isOurs }) => isOurs),
          JSON.stringify(registered.processes),
        );
      });
    }
  }
});
