'use strict';

const { execFileSync, fork } = require('node:child_process');
const { once } = require('node:events');

describe('one', () => {
  it('starts a program', () => {
    expect(String(execFileSync('echo', ['one']))).toBe('one\n');
  });

  it('talks to a child', async () => {
    const child = fork('./echo.js');
    child.send('one');
    expect((await once(child, 'message'))[0]).toEqual({ echo: 'one' });
    child.kill();
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
  });
});
