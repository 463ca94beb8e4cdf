'use strict';

const { execFileSync } = require('node:child_process');

require('../describe-children.js')('three');

describe('failures', () => {
  it('is told', () => {
    expect(execFileSync('echo').length).toBe(2);
  });
});
