'use strict';

const assert = require('node:assert');
const cp = require('node:child_process');
const { once } = require('node:events');

describe('one', () => {
  it('has children', async () => {
    const child = cp.spawn('sh', ['-c', 'echo one; exit 3']);
    const [data] = await once(child.stdout, 'data');
    assert.deepStrictEqual([String(data), await once(child, 'close')], ['one\n', [3, null]]);
  });
  it('has messages', async () => {
    const child = cp.fork(require.resolve('./echo.js'));
    child.send('one');
    assert.deepStrictEqual((await once(child, 'message'))[0], 'one');
    child.kill();
    assert.deepStrictEqual(await once(child, 'exit'), [null, 'SIGTERM']);
  });
  it('fails on purpose', () => {
    cp.execFileSync('sh', ['-c', 'exit 4'], { stdio: 'ignore' });
  });
});
