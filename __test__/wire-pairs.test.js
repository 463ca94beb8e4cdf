'use strict';
// Every pair of ends that one channel can have: ours, Node's, and a program's in Python, on one Node
// and across two. Each pair says the same to each other, see helpers/wire-pairs.js.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { describe, it } = require('node:test');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');
const { ROOT, runScript } = require('./helpers/script.js');
const { VALUES } = require('./helpers/wire-pairs.js');

const OURS = ROOT;
const NODE = 'node:child_process';

// A CI machine without Python has to say so instead of passing by default.
const hasPython = process.env.CI || spawnSync('python3', ['-c', '']).status === 0;

const lines = selectedLines();
// By its real path: a fork gives our end to the very executable that it runs in.
const nodeOf = (line) => fs.realpathSync(nodeBinary(line));
const [oldest, newest] = [nodeOf(Math.min(...lines)), nodeOf(Math.max(...lines))];

/** @type {[module: string, child: string, first: any, modes: string[]][]} */
const PAIRS = [
  [OURS, 'Node', { whose: 'Node' }, ['json', 'advanced']],
  [NODE, 'ours by preload', { whose: 'ours' }, ['json', 'advanced']],
  [NODE, 'Node, with children of ours', { whose: 'Node', relay: 'ours' }, ['json', 'advanced']],
  [OURS, 'ours', { whose: 'ours' }, ['json', 'advanced']],
  [OURS, 'Python', null, ['json']],
];

/** What a parent, in a process of its own, has to tell of its child. */
async function run(parentNode, module, child, childNode, mode) {
  const { said, code, stderr, strays } = await runScript(
    async (self) => {
      const { converse } = require(`${self.fixtures}/../helpers/wire-pairs.js`);
      self.say(...(await converse(self.cp, ...self.args)));
    },
    { node: parentNode, root: module, args: [child, childNode, mode] },
  );
  assert.deepStrictEqual([code, stderr, strays], [0, '', []]);
  assert.strictEqual(said.length, 1);
  return said[0];
}

const nameOf = (node) => (node === oldest ? 'the oldest Node' : 'the newest Node');

const ways = [
  [oldest, oldest],
  [newest, newest],
  [oldest, newest],
  [newest, oldest],
];
for (const [parentNode, childNode] of oldest === newest ? [ways[0]] : ways) {
  const isOneNode = parentNode === childNode;
  const title = `${nameOf(parentNode)} to ${isOneNode ? 'itself' : nameOf(childNode)}`;
  describe(title, { concurrency: 2 }, () => {
    for (const [module, child, first, modes] of PAIRS) {
      // Our fork has our end in its own kind of Node only.
      if (!isOneNode && (child === 'ours' || child === 'Python')) continue;
      const skip = child === 'Python' && !hasPython ? 'python3 is not installed' : false;
      for (const mode of modes) {
        const parent = module === OURS ? 'ours' : 'Node';
        it(`${parent} to ${child}, ${mode}`, { skip, timeout: 120_000 }, async () => {
          const [told, verdicts, ...rest] = await run(parentNode, module, child, childNode, mode);
          assert.deepStrictEqual(told, first);
          assert.deepStrictEqual(rest, [true, [0, null]]);
          assert.strictEqual(verdicts.length, VALUES[mode].length);
          assert.deepStrictEqual(new Set(verdicts), new Set(['as sent']));
        });
      }
    }
  });
}
