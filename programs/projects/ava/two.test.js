const cp = require('node:child_process');
const { once } = require('node:events');
const test = require('ava');

test('two: children', async (t) => {
  const child = cp.spawn('sh', ['-c', 'echo two; exit 3']);
  const [data] = await once(child.stdout, 'data');
  t.deepEqual([String(data), await once(child, 'close')], ['two\n', [3, null]]);
});

test('two: messages', async (t) => {
  const child = cp.fork(require.resolve('./echo.js'));
  child.send('two');
  t.is((await once(child, 'message'))[0], 'two');
  child.kill();
  t.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
});
