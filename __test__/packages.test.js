'use strict';
// What is published, as a user gets it: the tarballs of `npm run pack`, installed into an empty project
// by npm with neither a network nor a compiler.

const assert = require('node:assert');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, it: test } = require('node:test');
const { inspect } = require('../scripts/pack/addon.js');
const { programs } = require('../scripts/pack/elf.js');
const { targets } = require('../scripts/pack/stage.js');
const { writeFile } = require('./helpers/files.js');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');
const { pretendVersion } = require('./helpers/package.js');
const { ROOT } = require('./helpers/script.js');

const it = (title, run) => test(title, { timeout: 120_000 }, run);
const manifest = require('../package.json');

const tarball = (name) => path.join(out, `${name}-${manifest.version}.tgz`);

let tmp;
let out;
/** The target that this machine is. */
let here;
/** A project with both packages, one without the platform's, one where their versions differ. */
let complete;
let bare;
let mixed;

before(() => {
  tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-packages-'));
  out = path.join(tmp, 'out');
  execFileSync(process.execPath, [path.join(ROOT, 'scripts/pack/pack.js'), '--out', out]);
  here = targets(manifest).find(({ name }) => fs.existsSync(path.join(out, name)));
  complete = project('complete', [manifest.name, here.name]);
  bare = project('bare', [manifest.name]);
  mixed = project('mixed', [manifest.name, here.name]);
  pretendVersion(path.join(mixed, 'node_modules', manifest.name), '9.9.9');
});
after(() => fs.rmSync(tmp, { recursive: true, force: true }));

/** Node and npm, and nothing else that could build or fetch anything. */
function poorPath() {
  const bin = path.join(tmp, 'bin');
  if (fs.existsSync(bin)) return bin;
  fs.mkdirSync(bin);
  fs.symlinkSync(process.execPath, path.join(bin, 'node'));
  const places = process.env.PATH.split(path.delimiter);
  for (const name of ['npm', 'npx', 'sh', 'env']) {
    const found = places.map((place) => path.join(place, name)).find((it) => fs.existsSync(it));
    assert.ok(found, `${name} is not in PATH`);
    fs.symlinkSync(fs.realpathSync(found), path.join(bin, name));
  }
  return bin;
}

function poorEnvironment() {
  return { PATH: poorPath(), HOME: path.join(tmp, 'home') };
}

function project(name, packages) {
  const home = path.join(tmp, name);
  writeFile(home, 'package.json', '{ "private": true }\n');
  const options = ['--offline', '--no-audit', '--no-fund', '--foreground-scripts'];
  execFileSync('npm', ['install', ...options, ...packages.map(tarball)], {
    cwd: home,
    env: poorEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return home;
}

function run(home, args, { node = process.execPath } = {}) {
  const { stdout, stderr, status } = spawnSync(node, args, {
    cwd: home,
    env: poorEnvironment(),
    encoding: 'utf8',
  });
  return { stdout, stderr, status };
}

const USE = `
  const text = execFileSync('node', ['-p', '6 * 7'], { encoding: 'utf8' });
  const child = fork('./child.js');
  child.on('message', (message) => {
    console.log(JSON.stringify([native, text, message]));
    child.disconnect();
  });
  child.send('there');
`;

/** Programs of a user's, each of which prints whether sprog is native and that it works. */
function programsIn(home) {
  writeFile(home, 'child.js', "process.on('message', (it) => process.send([it, 'and back']));\n");
  const names = '{ execFileSync, fork, native }';
  return [
    writeFile(home, 'required.js', `const ${names} = require('sprog');\n${USE}`),
    writeFile(home, 'imported.mjs', `import ${names} from 'sprog';\n${USE}`),
  ];
}

const WORKS = (native) => `${JSON.stringify([native, '42\n', ['there', 'and back']])}\n`;

describe('the tarballs', () => {
  const staged = (name) =>
    JSON.parse(fs.readFileSync(path.join(out, name, 'package.json'), 'utf8'));

  it('hold no script that npm would run, and need no other package', () => {
    for (const name of [manifest.name, here.name]) {
      const { scripts, dependencies, devDependencies, napi } = staged(name);
      assert.deepStrictEqual(
        [scripts, dependencies, devDependencies, napi],
        Array(4).fill(undefined),
      );
    }
  });

  it('name a package for every target, of the same version', () => {
    assert.deepStrictEqual(staged(manifest.name).optionalDependencies, {
      'sprog-linux-x64-gnu': manifest.version,
      'sprog-linux-arm64-gnu': manifest.version,
      'sprog-linux-x64-musl': manifest.version,
      'sprog-linux-arm64-musl': manifest.version,
    });
    const { version, os: systems, cpu, libc } = staged(here.name);
    assert.deepStrictEqual(
      [version, systems, cpu, libc],
      [manifest.version, ['linux'], [process.arch], [here.libc]],
    );
  });

  it('hold the licence, the changelog and what the types need', () => {
    const place = path.join(complete, 'node_modules', manifest.name);
    for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md', 'types', 'index.d.ts']) {
      assert.ok(fs.existsSync(path.join(place, name)), name);
    }
    assert.ok(!fs.existsSync(path.join(place, 'src')));
  });
});

describe('the addon', () => {
  const addon = () => path.join(out, here.name, here.file);

  it('is small, and content with glibc 2.28', () => {
    const { bytes, glibc, tooNew, problems } = inspect(addon(), here);
    assert.deepStrictEqual([tooNew, problems], [[], []]);
    assert.ok(bytes < 1_500_000, `${bytes} bytes`);
    if (here.libc === 'glibc') assert.match(glibc, /^2\.(\d|1\d|2[0-8])(\.\d+)?$/);
  });

  it('would be refused if it asked for more', () => {
    const [{ wanted }] = programs(fs.readFileSync(addon()));
    assert.ok(wanted.length > 20);
    if (here.libc !== 'glibc') return;
    const newer = writeFile(
      tmp,
      'newer.node',
      Buffer.from(
        fs.readFileSync(addon(), 'latin1').replaceAll('GLIBC_2.28', 'GLIBC_2.99'),
        'latin1',
      ),
    );
    const { tooNew, problems } = inspect(newer, here);
    assert.ok(tooNew.length > 0 && tooNew.every((name) => name.endsWith('@GLIBC_2.99')));
    assert.match(problems.join(), /needs more than glibc 2\.28/);
  });

  it('would be refused if it were another machine’s, too large or no addon', () => {
    const other = here.arch === 'x64' ? 'arm64' : 'x64';
    const problems = (file, target) => inspect(file, target).problems.join();
    assert.match(problems(addon(), { ...here, arch: other }), /is, in part, for/);
    assert.match(problems(process.execPath, here), /debug build/);
    assert.match(problems(__filename, here), /no ELF file/);
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        path.join(ROOT, 'scripts/pack/pack.js'),
        '--addons',
        tmp,
        '--out',
        path.join(tmp, 'refused'),
      ],
      { encoding: 'utf8' },
    );
    assert.strictEqual(status, 1);
    assert.match(stderr, /\.node is missing/);
  });
});

describe('an empty project with both packages', () => {
  for (const major of selectedLines()) {
    it(`requires and imports it on Node ${major}, natively and without a word`, () => {
      for (const file of programsIn(complete)) {
        const { stdout, stderr, status } = run(complete, [file], { node: nodeBinary(major) });
        assert.deepStrictEqual([stderr, status, stdout], ['', 0, WORKS(true)], file);
      }
    });
  }

  it('registers it', () => {
    const file = writeFile(
      complete,
      'registered.js',
      "console.log(require('node:child_process').spawn === require('sprog').spawn);\n",
    );
    for (const args of [
      ['--require', 'sprog/register', file],
      ['--import', 'sprog/register', file],
    ]) {
      assert.deepStrictEqual(run(complete, args), { stdout: 'true\n', stderr: '', status: 0 });
    }
  });

  it('has the command `sprog`', () => {
    const npx = fs.realpathSync(path.join(poorPath(), 'npx'));
    const { stdout, status } = run(complete, [npx, '--offline', 'sprog', 'doctor', '--json']);
    const { version, healthy } = JSON.parse(stdout);
    assert.deepStrictEqual([status, version, healthy], [0, manifest.version, true]);
  });

  it('compiles against it', () => {
    const types = path.join(complete, 'node_modules', '@types');
    fs.mkdirSync(types, { recursive: true });
    fs.symlinkSync(path.join(ROOT, 'node_modules/@types/node'), path.join(types, 'node'));
    const undici = path.join(ROOT, 'node_modules/undici-types');
    fs.symlinkSync(undici, path.join(complete, 'node_modules/undici-types'));
    const source = (type) =>
      `import { native, spawn } from 'sprog';
       import { register } from 'sprog/register';
       const said: ${type} = native;
       spawn('ls', { stdio: ['ignore', 'pipe', 'inherit'] }).stdout.on('data', () => register());
       console.log(said);\n`;
    const right = writeFile(complete, 'right.mts', source('boolean'));
    const wrong = writeFile(complete, 'wrong.mts', source('number'));
    const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'];
    assert.deepStrictEqual(run(complete, [tsc, ...options, right]), {
      stdout: '',
      stderr: '',
      status: 0,
    });
    assert.match(run(complete, [tsc, ...options, wrong]).stdout, /TS2322/);
  });
});

describe('without the platform’s package, which npm forgets at times', () => {
  const REASONS = {
    'not installed': [() => bare, /the package sprog-linux-\S+ is not installed/],
    'of another version': [() => mixed, /sprog is 9\.9\.9, its addon \d+\.\d+\.\d+/],
  };

  for (const [title, [home, reason]] of Object.entries(REASONS)) {
    it(`everything is Node's, and what to do is said once: ${title}`, () => {
      for (const file of programsIn(home())) {
        const { stdout, stderr, status } = run(home(), [file]);
        assert.deepStrictEqual([status, stdout], [0, WORKS(false)], stderr);
        assert.match(stderr, reason);
        assert.match(stderr, /to mend it, .*npm install/);
        assert.strictEqual(stderr.match(/SPROG_NOT_NATIVE/g).length, 1);
      }
    });

    it(`nativeError says so: ${title}`, () => {
      const code = "const { nativeError } = require('sprog'); console.log(nativeError.message)";
      const { stdout } = run(home(), ['--no-warnings', '-e', code]);
      assert.match(stdout, reason);
      assert.match(stdout, /to mend it, .*npm install/);
    });

    it(`sprog/register warns, and leaves Node's module as it is: ${title}`, () => {
      const file = writeFile(home(), 'plain.js', "console.log(require('sprog').native);\n");
      const { stdout, stderr, status } = run(home(), ['--require', 'sprog/register', file]);
      assert.deepStrictEqual([status, stdout], [0, 'false\n']);
      assert.strictEqual(stderr.match(/SPROG_NOT_NATIVE/g).length, 1);
    });
  }
});
