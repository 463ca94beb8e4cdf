'use strict';
// The typings as a user's compiler sees them: the package as it is published, beside @types/node of
// every line, in every way to resolve and import it. The cases are in __test__/typings.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, it: test } = require('node:test');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');
const { files, read } = require('./helpers/source.js');
const { undocumented, valueNames } = require('./helpers/typedocs.js');
const { CASES, LINES, typescript, workspace } = require('./helpers/typings.js');

const it = (title, run) => test(title, { timeout: 120_000 }, run);

/** The files of a run: all cases, and the ways to import that its settings allow. */
const including = (...imports) => ['cases', ...imports.map((name) => `imports/${name}`)];
const EVERY_MODULE = including(
  'module.mts',
  'require.cts',
  'checked.cjs',
  'named.ts',
  'declared.ts',
);

/** Settings of the newest compiler; `types: []` shows that the package finds Node's types itself. */
const MODES = {
  'nodenext, with every declaration checked, and written': {
    files: EVERY_MODULE,
    options: { module: 'nodenext', skipLibCheck: false, declaration: true, types: [] },
  },
  'node16, with exact optional properties': {
    files: EVERY_MODULE,
    options: { module: 'node16', exactOptionalPropertyTypes: true },
  },
  'a bundler': {
    files: including('named.ts', 'default.ts'),
    options: { module: 'esnext', moduleResolution: 'bundler', declaration: true },
  },
  'commonjs, with the library of ES2020': {
    files: including('named.ts', 'default.ts'),
    options: {
      module: 'commonjs',
      moduleResolution: 'bundler',
      target: 'es2020',
      skipLibCheck: false,
      types: [],
    },
  },
  'a project that is not strict': {
    files: ['loose/loose.ts', 'loose/plain.cjs'],
    options: { module: 'nodenext', strict: false },
  },
};

/** What only older compilers know, and the oldest that will do. */
const OLDER = {
  'TypeScript 5.4, nodenext': {
    version: '5.4',
    line: '20',
    files: EVERY_MODULE,
    options: { module: 'nodenext', declaration: true },
  },
  'TypeScript 5.9, commonjs without esModuleInterop': {
    version: '5.9',
    line: '24',
    files: including('named.ts'),
    options: { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: false },
  },
};

let root;
let compile;
let projectWith;
let installed;

before(() => {
  root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-typings-')));
  ({ compile, projectWith, installed } = workspace(root));
});

after(() => fs.rmSync(root, { recursive: true, force: true }));

for (const line of LINES) {
  describe(`@types/node ${line}`, { concurrency: os.availableParallelism() }, () => {
    for (const [title, { files, options }] of Object.entries(MODES)) {
      it(title, async () => {
        assert.deepStrictEqual(await compile(line, files, options), []);
      });
    }
  });
}

describe('older compilers', { concurrency: os.availableParallelism() }, () => {
  for (const [title, { version, line, files, options }] of Object.entries(OLDER)) {
    it(title, async () => {
      const errors = await compile(line, files, options, typescript(version));
      assert.deepStrictEqual(errors, []);
    });
  }
});

describe('the cases themselves', { concurrency: os.availableParallelism() }, () => {
  it('every negative case fails if the functions take and give anything', async () => {
    const anything = '<A = any, B = any>(...args: any[]) => any';
    const name = projectWith('anything', anything);
    // What the parameters of a callback are is then not known either, and not what is asked.
    const options = { module: 'nodenext', noImplicitAny: false };
    const errors = await compile(name, ['cases'], options);
    const unused = errors.filter((error) => error.includes('TS2578')).map(placeOf);
    // What is no function of Node's has its negative cases still.
    const expected = directives().filter(
      (place) => !/^cases\/(assignable|pool|pool-subtypes)\.ts/.test(place),
    );
    assert.ok(expected.length > 40);
    assert.deepStrictEqual(unused.sort(), expected.sort());
  });

  it('a function that is not as Node has it fails, and the module with it', async () => {
    const name = projectWith('other', '(command: number) => void');
    const errors = await compile(name, ['cases/assignable.ts'], { module: 'nodenext' });
    const text = fs.readFileSync(path.join(CASES, 'cases', 'assignable.ts'), 'utf8');
    const claims = text.split('\n').flatMap((line, index) => {
      return line.startsWith('fits<typeof node') && !line.includes('.ChildProcess>')
        ? [`cases/assignable.ts(${index + 1}`]
        : [];
    });
    assert.strictEqual(claims.length, 8);
    const failed = new Set(errors.map(placeOf));
    assert.deepStrictEqual(
      claims.filter((claim) => !failed.has(claim)),
      [],
    );
  });
});

describe('what an editor shows', () => {
  it('every export, way to call and option has a text', () => {
    assert.deepStrictEqual(undocumented(require(typescript('5.9')), installed('newest')), []);
  });

  it('every code of an error of ours is named', () => {
    const texts = files('types', '.ts').concat('index.d.ts').map(read).join('\n');
    const codes = files('lib', '.js').flatMap(
      (file) => read(file).match(/ERR_SPROG_[A-Z_]+/g) ?? [],
    );
    assert.ok(codes.length > 10);
    assert.deepStrictEqual(
      [...new Set(codes)].filter((code) => !texts.includes(code)),
      [],
    );
  });

  it('nothing is reported where there is nothing', () => {
    const place = installed('bare');
    fs.mkdirSync(place, { recursive: true });
    fs.writeFileSync(
      path.join(place, 'index.d.ts'),
      'export const f: { (a: string): void };\nexport interface O {\n  p: string;\n}\n',
    );
    const found = undocumented(require(typescript('5.9')), place);
    assert.deepStrictEqual(found.sort(), ['O', 'O.p', 'f', 'f(a: string): void']);
  });
});

describe('at run time', () => {
  for (const major of selectedLines()) {
    it(`what the typings name can be imported on Node ${major}`, () => {
      const names = valueNames(require(typescript('5.9')), installed('newest')).sort();
      const own = ['native', 'nativeError', '_forkChild', 'Pool'];
      const runs = ['RunError', 'pipeline', 'run', 'runSync'];
      const nodes = ['ChildProcess', 'exec', 'execFile', 'execFileSync', 'execSync', 'fork'];
      assert.deepStrictEqual(names, [...own, ...runs, ...nodes, 'spawn', 'spawnSync'].sort());
      const script = path.join(root, 'newest', `imports-${major}.mjs`);
      fs.writeFileSync(
        script,
        `import { createRequire } from 'node:module';
         import sprog, { ${names.join(', ')} } from 'sprog';
         import * as everything from 'sprog';
         const named = { ${names.join(', ')} };
         const required = createRequire(import.meta.url)('sprog');
         const isSame = (name) => [named, everything, required].every((it) => it[name] === sprog[name]);
         console.log(JSON.stringify(Object.keys(named).filter((name) => isSame(name))));
         console.log(JSON.stringify(Object.keys(required)));
        `,
      );
      const stdout = execFileSync(nodeBinary(major), [script], { encoding: 'utf8' });
      const [same, keys] = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.deepStrictEqual(same, names);
      assert.deepStrictEqual(keys.sort(), names);
    });
  }
});

/** `file(line` of a complaint. */
function placeOf(error) {
  return error.slice(0, error.indexOf(','));
}

/** Where the cases expect an error, as `placeOf()` has it. */
function directives() {
  return fs.readdirSync(path.join(CASES, 'cases')).flatMap((file) => {
    const lines = fs.readFileSync(path.join(CASES, 'cases', file), 'utf8').split('\n');
    return lines.flatMap((line, index) =>
      line.startsWith('// @ts-expect-error') ? [`cases/${file}(${index + 1}`] : [],
    );
  });
}
