'use strict';

const assert = require('node:assert');
const cp = require('node:child_process');
const { once } = require('node:events');
const test = require('node:test');

test('one', async () => {
  const child = cp.fork(require.resolve('./echo.js'));
  child.send('one');
  assert.deepStrictEqual((await once(child, 'message'))[0], 'one');
  child.disconnect();
  assert.strictEqual(cp.execFileSync('node', ['-p', '1'], { encoding: 'utf8' }), '1\n');
});
