'use strict';

const assert = require('node:assert');
const cp = require('node:child_process');
const { once } = require('node:events');

describe('two', () => {
  it('has children', async () => {
    const child = cp.spawn('sh', ['-c', 'echo two; exit 3']);
    const [data] = await once(child.stdout, 'data');
    assert.deepStrictEqual([String(data), await once(child, 'close')], ['two\n', [3, null]]);
  });
  it('has messages', async () => {
    const child = cp.fork(require.resolve('./echo.js'));
    child.send('two');
    assert.deepStrictEqual((await once(child, 'message'))[0], 'two');
    child.kill();
    assert.deepStrictEqual(await once(child, 'exit'), [null, 'SIGTERM']);
  });
  it('fails on purpose', () => {
    cp.execFileSync('sh', ['-c', 'exit 4'], { stdio: 'ignore' });
  });
});
