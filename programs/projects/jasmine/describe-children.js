'use strict';
// What each spec file does, in a worker of its own.

const { execFileSync, fork } = require('node:child_process');
const { once } = require('node:events');

module.exports = (name) =>
  describe(name, () => {
    it('starts a program', () => {
      expect(String(execFileSync('echo', [name]))).toBe(`${name}\n`);
    });

    it('talks to a child', async () => {
      const child = fork('./echo.js');
      child.send(name);
      expect((await once(child, 'message'))[0]).toEqual({ echo: name });
      child.kill();
      expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
    });
  });
