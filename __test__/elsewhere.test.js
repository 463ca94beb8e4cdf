'use strict';
// The package on a platform for which there is no addon: it is Node's module, and not a word is said.
// The only tests that macOS and Windows run; on Linux the process says that it is one of them.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, it: test } = require('node:test');

const ROOT = path.join(__dirname, '..');
const it = (title, run) => test(title, { timeout: 60_000 }, run);

let tmp;
before(() => {
  tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-elsewhere-'));
});
after(() => fs.rmSync(tmp, { recursive: true, force: true }));

function write(name, source) {
  const file = path.join(tmp, name);
  fs.writeFileSync(file, source);
  return file;
}

/** Preloaded before anything of sprog: what it asks for is another platform. */
function disguise() {
  if (process.platform !== 'linux') return [];
  const source = "Object.defineProperty(process, 'platform', { value: 'darwin' });\n";
  return ['--require', write('disguise.js', source)];
}

function run(args, options = {}) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...disguise(), ...args], {
    cwd: tmp,
    encoding: 'utf8',
    ...options,
  });
  return { stdout, stderr, status };
}

const USE = `
  const cp = require(${JSON.stringify(ROOT)});
  const node = require('node:child_process');
  const others = Object.keys(node).filter((name) => cp[name] !== node[name]);
  const text = cp.execFileSync(process.execPath, ['-p', '6 * 7'], { encoding: 'utf8' });
  const child = cp.fork(__dirname + '/child.js', [], { execArgv: [] });
  child.on('message', (message) => {
    console.log(JSON.stringify([cp.native, cp.nativeError.message, others, text.trim(), message]));
    child.disconnect();
  });
  child.send('there');
`;

describe('where there is no addon for the platform', () => {
  it('every function is Node’s, works, and nothing is printed', () => {
    write('child.js', "process.on('message', (it) => process.send([it, 'and back']));\n");
    const { stdout, stderr, status } = run([write('use.js', USE)]);
    assert.deepStrictEqual([stderr, status], ['', 0]);
    const [native, reason, ...rest] = JSON.parse(stdout);
    assert.strictEqual(native, false);
    assert.match(reason, /^the addon of sprog cannot be loaded: there is none for \w+ on \w+$/);
    assert.deepStrictEqual(rest, [[], '42', ['there', 'and back']]);
  });

  it('ES modules can import every name', () => {
    const url = require('node:url').pathToFileURL(path.join(ROOT, 'index.js')).href;
    const names =
      'ChildProcess, exec, execFile, execFileSync, execSync, fork, native, spawn, spawnSync';
    const source = `import { ${names} } from ${JSON.stringify(url)};\nconsole.log(native, typeof spawn);\n`;
    const { stdout, status } = run([write('import.mjs', source)]);
    assert.deepStrictEqual([status, stdout], [0, 'false function\n']);
  });

  it('registering warns once and changes nothing', () => {
    const source = "console.log(require('node:child_process').spawn.name);\n";
    const args = ['--require', path.join(ROOT, 'register.js'), write('registered.js', source)];
    const { stdout, stderr, status } = run(args);
    assert.deepStrictEqual([status, stdout], [0, 'spawn\n']);
    assert.strictEqual(stderr.match(/SPROG_NOT_NATIVE/g)?.length, 1);
  });

  it('doctor says so and ends with 1', () => {
    const { stdout, status } = run([path.join(ROOT, 'lib/cli/sprog.js'), 'doctor', '--json']);
    const { healthy, checks } = JSON.parse(stdout);
    assert.deepStrictEqual([status, healthy], [1, false]);
    const kernel = checks.find(({ name }) => name === 'kernel');
    assert.strictEqual(kernel.status, 'fallback');
    assert.match(kernel.reason, /Linux on x64 and arm64/);
  });
});
