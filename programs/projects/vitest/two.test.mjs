import { execFile, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';

test('two: a promise', async () => {
  const running = promisify(execFile)('echo', ['two']);
  expect(running.child.pid).toBeGreaterThan(0);
  expect(await running).toEqual({ stdout: 'two\n', stderr: '' });
});

test('two: messages', async () => {
  const child = fork(new URL('./echo.mjs', import.meta.url), { stdio: 'pipe' });
  child.send(['two']);
  expect((await once(child, 'message'))[0]).toEqual(['two']);
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('two: sync', () => {
  expect(spawnSync('cat', { input: 'two', encoding: 'utf8' }).stdout).toBe('two');
});

test('two: mocked', async () => {
  vi.doMock('node:child_process', () => ({ execSync: () => 'mocked' }));
  expect((await import('node:child_process')).execSync('false')).toBe('mocked');
  vi.doUnmock('node:child_process');
});
