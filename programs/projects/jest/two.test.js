const cp = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');

const node = process.execPath;

test('two: a child process', async () => {
  const child = cp.spawn(node, ['-p', '6 * 7']);
  expect(child).toBeInstanceOf(cp.ChildProcess);
  expect(child.stdout).toBeInstanceOf(net.Socket);
  const [data] = await once(child.stdout, 'data');
  expect(String(data)).toBe('42\n');
  expect(await once(child, 'close')).toEqual([0, null]);
});

test('two: messages', async () => {
  const child = cp.fork(require.resolve('./echo.js'));
  child.send({ text: 'two' });
  expect(await once(child, 'message')).toEqual([{ text: 'two' }, undefined]);
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('two: the synchronous calls, their buffers and errors', () => {
  const output = cp.execFileSync('echo', ['two']);
  expect(output.toString()).toBe('two\n');
  expect(cp.spawnSync('no-such-program').error.code).toBe('ENOENT');
  expect(() => cp.execSync('exit 3', { stdio: 'ignore' })).toThrow('exit 3');
  expect(() => cp.spawn('')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
});

test('two: an environment of its own, and exec by a callback', (done) => {
  process.env.PROJECT_TEST = 'two';
  // A sandbox has a process of its own, whose environment children do not get by themselves.
  cp.exec('echo "$PROJECT_TEST"', { env: process.env }, (error, stdout) => {
    expect([error, stdout]).toEqual([null, 'two\n']);
    done();
  });
});

test('two: mocked', () => {
  const spy = jest.spyOn(cp, 'execSync').mockReturnValue('mocked');
  expect(require('node:child_process').execSync('false')).toBe('mocked');
  spy.mockRestore();
});
