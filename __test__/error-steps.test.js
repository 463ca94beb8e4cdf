'use strict';
// What an error says about a program that could not be started, beside what Node's says: the step that
// failed, where, and the interpreter that was missing.

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const util = require('node:util');
const { after, before, describe, it: test } = require('node:test');
const sprog = require('..');
const node = require('node:child_process');

const it = (title, body) => test(title, { timeout: 60_000 }, body);

let tmp;
before(() => {
  tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-steps-'));
});
after(() => fs.rmSync(tmp, { recursive: true, force: true }));

function program(name, content) {
  const file = path.join(tmp, name);
  fs.writeFileSync(file, content, { mode: 0o755 });
  return file;
}

/** The error of each way to start it: as an event, thrown, or in the result. */
async function errors(file, args, options) {
  const asynchronous = await new Promise((resolve) => {
    try {
      sprog.spawn(file, args, options).on('error', resolve);
    } catch (error) {
      resolve(error);
    }
  });
  return [asynchronous, sprog.spawnSync(file, args, options).error];
}

describe('the step that failed', () => {
  const CASES = {
    exec: ['/nonexistent', {}, 'ENOENT'],
    chdir: ['true', { cwd: '/nonexistent' }, 'ENOENT'],
    fd: ['true', { stdio: [0, 1, 2, 1_000_000] }, 'EBADF'],
  };
  for (const [step, [file, options, code]] of Object.entries(CASES)) {
    it(step, async () => {
      for (const error of await errors(file, [], options)) {
        assert.deepStrictEqual([error.step, error.code], [step, code]);
        assert.strictEqual(error.cwd, options.cwd ?? process.cwd());
        assert.strictEqual(error.interpreter, undefined);
      }
    });
  }

  it('exec, of a program that may not be run', async () => {
    const file = path.join(tmp, 'not-executable');
    fs.writeFileSync(file, '');
    for (const error of await errors(file, [], {})) {
      assert.deepStrictEqual([error.step, error.code], ['exec', 'EACCES']);
    }
  });

  it('setuid and setgid, of a user who may not', {
    skip: process.getuid() !== 0 && 'needs root',
  }, async () => {
    const { runScript } = require('./helpers/script.js');
    const { said } = await runScript((self) => {
      // Loaded as root: the package may be where others cannot read.
      const { spawn, spawnSync } = self.cp;
      spawnSync('true');
      process.setgid(65534);
      process.setuid(65534);
      for (const options of [{ uid: 0 }, { gid: 0 }]) {
        try {
          spawn('true', options);
        } catch (error) {
          self.say(error.step, error.code, spawnSync('true', options).error.step);
        }
      }
    });
    assert.deepStrictEqual(said, [
      ['setuid', 'EPERM', 'setuid'],
      ['setgid', 'EPERM', 'setgid'],
    ]);
  });

  it('is not enumerable: printed and compared, the error is Node’s', async () => {
    const [theirs] = await once(node.spawn('/nonexistent', ['x']), 'error').catch((error) => [
      error,
    ]);
    const [ours] = await once(sprog.spawn('/nonexistent', ['x']), 'error').catch((error) => [
      error,
    ]);
    assert.deepStrictEqual({ ...ours }, { ...theirs });
    assert.strictEqual(ours.message, theirs.message);
    assert.doesNotMatch(util.inspect(ours), /step/);
    assert.strictEqual(ours.step, 'exec');
  });

  it('is on the errors of exec() and execFile() too', async () => {
    const error = await new Promise((resolve) => sprog.execFile('/nonexistent', resolve));
    assert.strictEqual(error.step, 'exec');
    const chdir = await new Promise((resolve) =>
      sprog.exec('true', { cwd: '/nonexistent' }, resolve),
    );
    assert.deepStrictEqual([chdir.step, chdir.cwd], ['chdir', '/nonexistent']);
    assert.throws(() => sprog.execFileSync('/nonexistent'), { step: 'exec' });
  });
});

describe('a missing interpreter is told from a missing program', () => {
  const expectMissing = async (file, interpreter, options) => {
    for (const error of await errors(file, [], { ...options })) {
      assert.deepStrictEqual([error.code, error.step], ['ENOENT', 'exec']);
      assert.strictEqual(error.interpreter, interpreter);
    }
  };

  it('of a script', async () => {
    await expectMissing(program('script', '#!/missing/interpreter -x\n'), '/missing/interpreter');
    await expectMissing(program('blanks', '#! \t /missing/other\n'), '/missing/other');
    await expectMissing(program('windows', '#!/bin/sh\r\necho x\r\n'), '/bin/sh\r');
  });

  it('found by its name, in the PATH of the child', async () => {
    program('by-name', '#!/missing/interpreter\n');
    await expectMissing('by-name', '/missing/interpreter', {
      env: { PATH: `/nonexistent:${tmp}` },
    });
    await expectMissing('./by-name', '/missing/interpreter', { cwd: tmp });
  });

  it('of the interpreter', async () => {
    const between = program('between', '#!/missing/interpreter\n');
    await expectMissing(program('outer', `#!${between}\n`), '/missing/interpreter');
  });

  it('of an ELF file: its loader', async () => {
    const elf = fs.readFileSync('/bin/sh');
    const loader = /\/lib[\w./-]*ld-[\w.-]+\.so\.\d/.exec(elf.toString('latin1'))?.[0];
    if (loader === undefined) return;
    const other = loader.replace(/^\/lib/, '/lob');
    elf.write(other, elf.indexOf(loader), 'latin1');
    await expectMissing(program('elf', elf), other);
  });

  it('and one that is there is not blamed', async () => {
    await expectMissing('/nonexistent', undefined);
    await expectMissing('sprog-nonexistent', undefined);
    for (const error of await errors(program('fine', '#!/bin/sh\n'), [], { cwd: '/nonexistent' })) {
      assert.deepStrictEqual([error.step, error.interpreter], ['chdir', undefined]);
    }
  });
});
