import { execFile, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';

test('one: a promise', async () => {
  const running = promisify(execFile)('echo', ['one']);
  expect(running.child.pid).toBeGreaterThan(0);
  expect(await running).toEqual({ stdout: 'one\n', stderr: '' });
});

test('one: messages', async () => {
  const child = fork(new URL('./echo.mjs', import.meta.url), { stdio: 'pipe' });
  child.send(['one']);
  expect((await once(child, 'message'))[0]).toEqual(['one']);
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('one: sync', () => {
  expect(spawnSync('cat', { input: 'one', encoding: 'utf8' }).stdout).toBe('one');
});

test('one: mocked', async () => {
  vi.doMock('node:child_process', () => ({ execSync: () => 'mocked' }));
  expect((await import('node:child_process')).execSync('false')).toBe('mocked');
  vi.doUnmock('node:child_process');
});
