'use strict';
// The same cases under node:child_process and under sprog, on every supported Node; what they
// observed must be equal, but for the deliberate differences.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { describe, it, before, after } = require('node:test');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');
const differences = require('./parity/differences.js');

const CASES = path.join(__dirname, 'parity', 'cases');
const RUNNER = path.join(__dirname, 'parity', 'runner.js');
const FILE_TIMEOUT_MS = 300_000;

function observe(node, implementation, file, scratch) {
  const output = path.join(scratch, `${implementation}.json`);
  return new Promise((resolve, reject) => {
    const args = [RUNNER, implementation, file, output];
    execFile(node, args, { timeout: FILE_TIMEOUT_MS }, (error, _stdout, stderr) => {
      if (error) reject(error);
      else resolve({ results: JSON.parse(fs.readFileSync(output, 'utf8')), stderr });
    });
  });
}

for (const major of selectedLines()) {
  describe(`parity with node:child_process on Node ${major}`, () => {
    for (const name of fs.readdirSync(CASES).sort()) {
      const file = path.join(CASES, name);
      describe(name, () => {
        let scratch;
        let node;
        let ours;
        before(async () => {
          scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-observe-'));
          const binary = nodeBinary(major);
          [node, ours] = await Promise.all([
            observe(binary, 'node', file, scratch),
            observe(binary, 'sprog', file, scratch),
          ]);
        });
        after(() => fs.rmSync(scratch, { recursive: true, force: true }));

        for (const title of Object.keys(require(file))) {
          it(title, () => {
            assert.ok(node.results[title].length > 0, 'the case observed nothing');
            if (differences[`${name}: ${title}`]) {
              assert.notDeepStrictEqual(ours.results[title], node.results[title]);
            } else {
              assert.deepStrictEqual(ours.results[title], node.results[title]);
            }
          });
        }
      });
    }
  });
}
