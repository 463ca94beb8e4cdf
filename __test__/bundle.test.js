'use strict';
// dist/, which is lib/ in few files: that it holds all of it, that a program reads no more than it needs,
// and that in a checkout a file of lib/ counts as soon as it is changed.

const assert = require('node:assert');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, it: test } = require('node:test');
const { bundle, contents } = require('../scripts/bundle.js');
const { ENTRIES } = require('../scripts/bundle/modules.js');
const { writeFile } = require('./helpers/files.js');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');
const { copyPackage } = require('./helpers/package.js');
const { runScript } = require('./helpers/script.js');
const { ROOT, files } = require('./helpers/source.js');

const it = (title, run) => test(title, { timeout: 60_000 }, run);

let tmp;
before(() => {
  tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-bundle-'));
});
after(() => fs.rmSync(tmp, { recursive: true, force: true }));

const published = () => {
  const root = path.join(tmp, 'published');
  return fs.existsSync(root) ? root : copyPackage(root);
};

/** A copy that has what a checkout has: lib/, and what makes dist/ of it. */
function checkout(name) {
  const root = copyPackage(path.join(tmp, name));
  for (const place of ['lib', 'scripts']) {
    fs.cpSync(path.join(ROOT, place), path.join(root, place), { recursive: true });
  }
  bundle(root);
  return root;
}

/** Adds a line to a file of lib/; its time is later than that of dist/ by a margin for coarse clocks. */
function change(root, file, line) {
  const place = path.join(root, 'lib', file);
  fs.appendFileSync(place, `\n${line}\n`);
  const later = new Date(Date.now() + 60_000);
  fs.utimesSync(place, later, later);
}

const requiredBy = (self) => {
  const { cp } = self;
  const root = require('node:path').dirname(require.resolve(self.args[0]));
  self.say(
    cp.native,
    Object.keys(require.cache)
      .filter((file) => file.startsWith(root) && !file.endsWith('.node'))
      .map((file) => file.slice(root.length)),
  );
};

describe('dist/', () => {
  it('has every file of lib/, and each of them loads', () => {
    const names = files('lib', '.js')
      .map((file) => file.slice('lib/'.length))
      .filter((name) => !ENTRIES.includes(name));
    const { load } = require(path.join(published(), 'dist', 'main.js'));
    // What acts as soon as it is loaded is loaded elsewhere.
    for (const name of names.filter((it) => !/(?:preload|inherited)\.js$/.test(it))) {
      assert.deepStrictEqual(
        Object.keys(load(name)),
        Object.keys(require(path.join(ROOT, 'lib', name))),
        name,
      );
    }
    assert.throws(() => load('nowhere.js'), /no file nowhere\.js/);
  });

  it('is up to date: npm run bundle has nothing to write', () => {
    bundle();
    for (const [name, text] of contents()) {
      assert.strictEqual(fs.readFileSync(path.join(ROOT, 'dist', name), 'utf8'), text, name);
    }
    assert.strictEqual(bundle(), false);
  });

  for (const major of selectedLines()) {
    it(`is all that a program reads, on Node ${major}`, async () => {
      const root = published();
      const { said, code, stderr } = await runScript(requiredBy, {
        root,
        args: [root],
        node: nodeBinary(major),
      });
      assert.deepStrictEqual([code, stderr], [0, '']);
      assert.deepStrictEqual(said, [[true, ['/index.js', '/lib/entry.js', '/dist/main.js']]]);
    });
  }

  for (const major of selectedLines()) {
    it(`makes a start that loads no network module and compiles no text, on Node ${major}`, () => {
      const file = writeFile(
        tmp,
        'start.js',
        `require('node:vm').compileFunction = () => process.exit(1);
         require(${JSON.stringify(published())});
         const costly = ['child_process', 'net', 'dgram', 'stream'];
         const loaded = costly.filter((it) => process.moduleLoadList.includes('NativeModule ' + it));
         process.exitCode = 10 + loaded.length;`,
      );
      assert.strictEqual(spawnSync(nodeBinary(major), [file]).status, 10);
    });
  }

  it('is all that a forked child reads, and one with it where that requires the package', async () => {
    const root = published();
    const file = writeFile(
      tmp,
      'reads.js',
      `const read = () => Object.keys(require.cache).filter((it) => !it.endsWith('.node'));
       const before = read();
       const sprog = require(${JSON.stringify(root)});
       const child = sprog.spawn('true');
       child.on('close', (code) => {
         process.send([before, read(), code]);
         process.disconnect();
       });`,
    );
    const { said, code, stderr } = await runScript(
      (self) => {
        self.cp.fork(self.args[0]).on('message', (message) => self.say(...message));
      },
      { root, args: [file] },
    );
    assert.deepStrictEqual([code, stderr], [0, '']);
    const preload = path.join(root, 'dist/ipc/preload.js');
    const rest = ['index.js', 'lib/entry.js', 'dist/main.js'].map((it) => path.join(root, it));
    assert.deepStrictEqual(said, [[[preload, file], [preload, file, ...rest], 0]]);
  });

  it('gives the lines of lib/ to stack traces', async () => {
    const root = published();
    const { said } = await runScript(
      (self) => {
        try {
          self.cp.spawn(1);
        } catch (error) {
          self.say(error.stack);
        }
      },
      { root },
    );
    const [, place, line] = /at validateString \((.+\/lib\/validate\.js):(\d+):\d+\)/.exec(said[0]);
    assert.strictEqual(place, path.join(root, 'lib/validate.js'));
    const source = fs.readFileSync(path.join(ROOT, 'lib/validate.js'), 'utf8').split('\n');
    assert.match(source[Number(line) - 1], /throw invalidArgType\(name, 'string', value\)/);
  });

  it('is not mixed from two builds', async () => {
    const root = copyPackage(path.join(tmp, 'mixed'));
    const text = path.join(root, 'dist/modules.txt');
    fs.writeFileSync(text, `0123456789abcdef${fs.readFileSync(text, 'utf8').slice(16)}`);
    const { said } = await runScript(
      (self) => {
        try {
          self.cp.spawnSync('true');
        } catch (error) {
          self.say(error.message);
        }
      },
      { root },
    );
    assert.match(said[0][0], /gone or changed/);
  });
});

describe('in a checkout', () => {
  const told = (root, ...args) =>
    execFileSync(process.execPath, [...args, '-e', `require(${JSON.stringify(root)}).spawn`], {
      encoding: 'utf8',
    });

  it('a file that was changed counts at once, whether it is loaded early or late', () => {
    const root = checkout('changed');
    change(root, 'api.js', "console.log('early');");
    change(root, 'spawn.js', "console.log('late', typeof require('./errors.js').abortError);");
    assert.strictEqual(told(root), 'early\n');
    const code = `require(${JSON.stringify(root)}).spawn('true')`;
    const printed = execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' });
    assert.strictEqual(printed, 'early\nlate function\n');
    assert.strictEqual(bundle(root), true);
    assert.strictEqual(told(root), 'early\n');
  });

  it('and so does a new file, and one that a forked child begins with', () => {
    const root = checkout('new');
    change(root, 'new.js', "console.log('new');");
    change(root, 'api.js', "require('./new.js');");
    assert.strictEqual(told(root), 'new\n');
    change(root, 'ipc/control.js', "console.log('in the child');");
    const code = `require(${JSON.stringify(root)}).fork(${JSON.stringify(
      path.join(ROOT, '__test__/fixtures/exit-quietly.js'),
    )})`;
    const file = writeFile(tmp, 'forks.js', code);
    const printed = execFileSync(process.execPath, [file], { encoding: 'utf8' });
    assert.match(printed, /^in the child$/m);
  });

  it('without dist/ the files of lib/ are taken', () => {
    const root = checkout('without');
    fs.rmSync(path.join(root, 'dist'), { recursive: true });
    change(root, 'api.js', "console.log(typeof require('./errors.js').abortError);");
    assert.strictEqual(told(root), 'function\n');
  });
});
