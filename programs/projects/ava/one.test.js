const cp = require('node:child_process');
const { once } = require('node:events');
const test = require('ava');

test('one: children', async (t) => {
  const child = cp.spawn('sh', ['-c', 'echo one; exit 3']);
  const [data] = await once(child.stdout, 'data');
  t.deepEqual([String(data), await once(child, 'close')], ['one\n', [3, null]]);
});

test('one: messages', async (t) => {
  const child = cp.fork(require.resolve('./echo.js'));
  child.send('one');
  t.is((await once(child, 'message'))[0], 'one');
  child.kill();
  t.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
});
