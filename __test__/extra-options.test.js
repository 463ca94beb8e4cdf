'use strict';
// The options of ours where they cannot be had: a synchronous call refuses them before it starts anything.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { describe, it } = require('node:test');
const sprog = require('..');

const REFUSED = {
  tree: true,
  dieWithParent: true,
  limits: { openFiles: 100 },
  nice: 5,
  affinity: [0],
  umask: 0o22,
  noNewPrivileges: true,
  usage: 'exact',
};

describe('a synchronous call', () => {
  for (const [name, value] of Object.entries(REFUSED)) {
    it(`starts nothing with the option ${name}`, (t) => {
      const home = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-sync-options-'));
      t.after(() => fs.rmSync(home, { recursive: true, force: true }));
      const file = path.join(home, 'started');
      const options = { [name]: value };
      const error = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE', message: RegExp(name) };
      assert.throws(() => sprog.spawnSync('touch', [file], options), error);
      assert.throws(() => sprog.execFileSync('touch', [file], options), error);
      assert.throws(() => sprog.execSync(`touch ${file}`, options), error);
      assert.strictEqual(fs.existsSync(file), false);
    });
  }

  it('takes them where they ask for nothing', () => {
    for (const name of Object.keys(REFUSED)) {
      for (const value of [undefined, null, false]) {
        const { status } = sprog.spawnSync('true', { [name]: value });
        assert.strictEqual(status, 0, `${name}: ${value}`);
      }
    }
  });
});
