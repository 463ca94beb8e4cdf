'use strict';

const { execFileSync, fork } = require('node:child_process');
const { once } = require('node:events');

describe('three', () => {
  it('starts a program', () => {
    expect(String(execFileSync('echo', ['three']))).toBe('three\n');
  });

  it('talks to a child', async () => {
    const child = fork('./echo.js');
    child.send('three');
    expect((await once(child, 'message'))[0]).toEqual({ echo: 'three' });
    child.kill();
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
  });
});

describe('failures', () => {
  it('is told', () => {
    expect(execFileSync('echo').length).toBe(2);
  });
});
