const cp = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');

const node = process.execPath;

test('three: a child process', async () => {
  const child = cp.spawn(node, ['-p', '6 * 7']);
  expect(child).toBeInstanceOf(cp.ChildProcess);
  expect(child.stdout).toBeInstanceOf(net.Socket);
  const [data] = await once(child.stdout, 'data');
  expect(String(data)).toBe('42\n');
  expect(await once(child, 'close')).toEqual([0, null]);
});

test('three: messages', async () => {
  const child = cp.fork(require.resolve('./echo.js'));
  child.send({ text: 'three' });
  expect(await once(child, 'message')).toEqual([{ text: 'three' }, undefined]);
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('three: the synchronous calls, their buffers and errors', () => {
  const output = cp.execFileSync('echo', ['three']);
  expect(output.toString()).toBe('three\n');
  expect(cp.spawnSync('no-such-program').error.code).toBe('ENOENT');
  expect(() => cp.execSync('exit 3', { stdio: 'ignore' })).toThrow('exit 3');
  expect(() => cp.spawn('')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
});

test('three: an environment of its own, and exec by a callback', (done) => {
  process.env.PROJECT_TEST = 'three';
  // A sandbox has a process of its own, whose environment children do not get by themselves.
  cp.exec('echo "$PROJECT_TEST"', { env: process.env }, (error, stdout) => {
    expect([error, stdout]).toEqual([null, 'three\n']);
    done();
  });
});

test('three: mocked', () => {
  const spy = jest.spyOn(cp, 'execSync').mockReturnValue('mocked');
  expect(require('node:child_process').execSync('false')).toBe('mocked');
  spy.mockRestore();
});
