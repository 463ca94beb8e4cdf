'use strict';
// The same cases under node:child_process and under sprog, on every supported Node, and in a program
// that is registered, on the oldest and the newest; what they observed must be equal, but for the
// deliberate differences.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { isDeepStrictEqual } = require('node:util');
const { describe, it, before, after } = require('node:test');
const { LINES, nodeBinary, selectedLines } = require('./helpers/nodes.js');
const { always, registered } = require('./parity/differences.js');

const CASES = path.join(__dirname, 'parity', 'cases');
const RUNNER = path.join(__dirname, 'parity', 'runner.js');
const FILE_TIMEOUT_MS = 300_000;

/** What the cases of a file (or the one of a title) observe under one implementation. */
function observe(node, implementation, file, scratch, title) {
  const output = path.join(scratch, `${implementation}.json`);
  const args = [RUNNER, implementation, file, output, ...(title ? [title] : [])];
  return new Promise((resolve, reject) => {
    execFile(node, args, { timeout: FILE_TIMEOUT_MS }, (error) => {
      if (error) reject(error);
      else resolve(JSON.parse(fs.readFileSync(output, 'utf8')));
    });
  });
}

/** All implementations at once, Node's first. */
function observeAll(binary, implementations, file, scratch, title) {
  const oracle = () => observe(binary, 'node', file, scratch, title);
  return Promise.all([
    // Node's own module has aborted under bad input; that says nothing of ours.
    oracle().catch(oracle),
    ...implementations.map((name) => observe(binary, name, file, scratch, title)),
  ]);
}

function isMeantToDiffer(title, implementation) {
  return title in always || (implementation === 'registered' && registered.includes(title));
}

for (const major of selectedLines()) {
  const isBound = major === LINES[0] || major === LINES.at(-1);
  const implementations = isBound ? ['sprog', 'registered'] : ['sprog'];
  describe(`parity with node:child_process on Node ${major}`, () => {
    for (const name of fs.readdirSync(CASES).sort()) {
      const file = path.join(CASES, name);
      describe(name, () => {
        let scratch;
        let node;
        let results;
        before(async () => {
          scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-observe-'));
          const all = await observeAll(nodeBinary(major), implementations, file, scratch);
          [node, ...results] = all;
        });
        after(() => fs.rmSync(scratch, { recursive: true, force: true }));

        for (const [index, implementation] of implementations.entries()) {
          for (const title of Object.keys(require(file))) {
            it(`${title} (${implementation})`, async (t) => {
              const ours = results[index][title];
              assert.ok(node[title].length > 0, 'the case observed nothing');
              if (isMeantToDiffer(`${name}: ${title}`, implementation)) {
                assert.notDeepStrictEqual(ours, node[title]);
                return;
              }
              if (isDeepStrictEqual(ours, node[title])) return;
              // On a loaded machine a case may meet another order of events under either of the two.
              // It has to agree when it is alone, and the report says that it did not at first.
              t.diagnostic(`differed at first: ${JSON.stringify([node[title], ours])}`);
              const again = [nodeBinary(major), [implementation], file, scratch, title];
              const [nodeAgain, oursAgain] = await observeAll(...again);
              assert.deepStrictEqual(oursAgain[title], nodeAgain[title]);
            });
          }
        }
      });
    }
  });
}
