'use strict';

const { execFileSync, fork } = require('node:child_process');
const { once } = require('node:events');

describe('two', () => {
  it('starts a program', () => {
    expect(String(execFileSync('echo', ['two']))).toBe('two\n');
  });

  it('talks to a child', async () => {
    const child = fork('./echo.js');
    child.send('two');
    expect((await once(child, 'message'))[0]).toEqual({ echo: 'two' });
    child.kill();
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
  });
});
