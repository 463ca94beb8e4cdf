'use strict';
// The rules of the house that no linter knows: which way the layers point, where `unsafe` may live,
// how long a file may be, and that the version is the same wherever it is written.

const assert = require('node:assert');
const path = require('node:path');
const { describe, it } = require('node:test');
const { files, jsCode, modulePath, read, rustCode } = require('./helpers/source.js');

const RUST_LINES = 400;
const JS_LINES = 250;

/** Files that may be longer, each with the reason why it is one concern all the same. */
const LONGER = {};

/** Crates beside the addon's: no Node-API, no tokio, and no module of the addon. */
const CRATES = 'crates';

// From the ground up. A module may use what stands before its own row and, within the middle row, what
// does not use it in turn.
const GROUND = 'sys';
const TOP = 'bindings';

const rust = files('src', '.rs').map((file) => {
  const text = read(file);
  return { file, text, code: rustCode(text), module: modulePath(file) };
});
const crates = files(CRATES, '.rs').map((file) => {
  const text = read(file);
  return { file, text, code: rustCode(text) };
});
const product = ['lib', 'index.js', 'register.js', 'worker.js'].flatMap((place) =>
  files(place, '.js'),
);
const ours = [
  'lib',
  'index.js',
  'register.js',
  'worker.js',
  'scripts',
  'examples',
  'bench',
  'programs',
  '__test__',
];
const javascript = ours.flatMap((place) => files(place, '.js'));

/** Lines of `code` that match, as file:line, for a message that leads there. */
function places({ file, code }, pattern) {
  return code
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
}

function none(found, rule) {
  assert.deepStrictEqual(found, [], rule);
}

describe('layers', () => {
  const home = ({ module }) => module[0];

  it('sys does not know napi', () => {
    const sys = rust.filter((source) => home(source) === GROUND);
    none(
      sys.flatMap((source) => places(source, /\b(napi|napi_derive|napi_sys)\b/)),
      'src/sys is system calls and plain types',
    );
  });

  it('only bindings know napi', () => {
    const others = rust.filter((source) => home(source) !== TOP);
    none(
      others.flatMap((source) => places(source, /\b(napi|napi_derive|napi_sys)\b/)),
      'what crosses into JavaScript lives in src/bindings',
    );
  });

  it('the crates beside the addon know neither napi nor tokio', () => {
    none(
      crates.flatMap((source) => places(source, /\b(napi|napi_derive|napi_sys|tokio)\b/)),
      'crates/ is what programs without Node use too',
    );
  });

  it('no module uses one above it, and no two use each other', () => {
    const uses = dependencies();
    for (const [module, used] of uses) {
      if (module === GROUND) none([...used], 'sys uses no other module of ours');
      if (module !== TOP) assert.ok(!used.has(TOP), `${module} uses ${TOP}`);
    }
    for (const module of uses.keys()) {
      assert.ok(!reaches(uses, module, module), `${module} uses itself through other modules`);
    }
  });

  it('only the loader requires the generated binding', () => {
    const users = javascript
      .filter((file) => /require\(['"][^'"]*\/binding(\.js)?['"]\)/.test(jsCode(read(file))))
      .filter((file) => file !== 'lib/native.js');
    none(users, 'lib/native.js is the loader');
  });

  it('the entry points take lib/ through lib/entry.js', () => {
    // Another way would load a second instance beside that of dist/.
    for (const file of ['index.js', 'register.js', 'worker.js']) {
      const required = [...jsCode(read(file)).matchAll(/require\(['"](\.[^'"]*)['"]\)/g)];
      assert.deepStrictEqual(
        required.map(([, place]) => place),
        ['./lib/entry.js'],
        file,
      );
    }
  });

  it('the product requires nothing from tests, scripts or examples', () => {
    const isPublished = (file) => file.startsWith('lib/') || !file.includes('/');
    const strays = product.flatMap((file) =>
      [...jsCode(read(file)).matchAll(/require\(['"](\.[^'"]*)['"]\)/g)]
        .map(([, given]) => path.posix.join(path.posix.dirname(file), given))
        .filter((wanted) => !isPublished(wanted))
        .map((wanted) => `${file}: ${wanted}`),
    );
    none(strays, 'what is published stands alone');
  });

  it('index.js holds requires and exports only', () => {
    const [directive, ...statements] = jsCode(read('index.js'))
      .split(';')
      .map((statement) => statement.trim())
      .filter(Boolean);
    assert.strictEqual(directive, "'use strict'");
    for (const statement of statements) {
      assert.match(statement, /^(const [\s\S]+ = require\(|(module\.)?exports(\.\w+)? = )/);
      assert.doesNotMatch(statement, /=>|\b(function|class|if|for|while|new)\b/);
    }
  });

  /** For each top-level module of the crate, the other ones that its files name. */
  function dependencies() {
    const modules = new Set(rust.filter(({ file }) => file !== 'src/lib.rs').map(home));
    const uses = new Map([...modules].map((module) => [module, new Set()]));
    for (const source of rust) {
      if (!uses.has(home(source))) continue;
      for (const name of named(source)) {
        if (modules.has(name) && name !== home(source)) uses.get(home(source)).add(name);
      }
    }
    return uses;
  }

  /** The first segments of the paths from the crate's root that a file spells out. */
  function named({ code, module }) {
    const names = [];
    for (const [, group] of code.matchAll(/\bcrate::\{([^;]*)\}/g)) {
      names.push(...outermost(group));
    }
    for (const [, name] of code.matchAll(/\bcrate::(\w+)/g)) names.push(name);
    for (const [, supers, name] of code.matchAll(/\b((?:super::)+)(\w+)/g)) {
      if (supers.length / 'super::'.length >= module.length) names.push(name);
    }
    return names;
  }

  /** `a::{b, c}, d` names a and d. */
  function outermost(group) {
    let depth = 0;
    const flat = [...group].filter((character) => {
      if (character === '{') depth += 1;
      const kept = depth === 0;
      if (character === '}') depth -= 1;
      return kept;
    });
    return flat
      .join('')
      .split(',')
      .map((item) => item.trim().split('::')[0]);
  }

  function reaches(uses, from, goal, seen = new Set()) {
    return [...uses.get(from)].some((next) => {
      if (next === goal) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(uses, next, goal, seen);
    });
  }
});

describe('unsafe', () => {
  const mayBeUnsafe = ({ file }) =>
    ['src/sys/', 'src/bindings/raw.rs', 'src/bindings/raw/'].some((place) =>
      file.startsWith(place),
    ) || /^crates\/[^/]+\/src\/sys\b/.test(file);

  it('lives in sys and in bindings/raw only', () => {
    const others = [...rust, ...crates].filter((source) => !mayBeUnsafe(source));
    none(
      others.flatMap((source) => places(source, /\bunsafe\b|\ballow\(.*unsafe_code/)),
      'unsafe code is confined',
    );
  });

  it('says in a SAFETY comment why it holds', () => {
    const bare = [...rust, ...crates].filter(mayBeUnsafe).flatMap((source) => {
      const lines = source.text.split('\n');
      const code = source.code.split('\n');
      return code.flatMap((line, index) =>
        /\bunsafe\s*(\{|impl\b)/.test(line) && !isExplained(lines, code, index)
          ? [`${source.file}:${index + 1}: ${line.trim()}`]
          : [],
      );
    });
    none(bare, 'every unsafe block is preceded by // SAFETY:');
  });

  // The comment stands on the line itself or above the statement that the block is part of.
  function isExplained(lines, code, index) {
    if (lines[index].includes('SAFETY:')) return true;
    for (let above = index - 1; above >= 0; above -= 1) {
      if (lines[above].includes('SAFETY:')) return true;
      const isCode = code[above].trim() !== '';
      if (isCode && /[;{}]\s*$/.test(code[above])) return false;
      if (lines[above].trim() === '') return false;
    }
    return false;
  }
});

describe('panics', () => {
  it('of what JS calls become errors there', () => {
    // Without it the process is aborted: no panic may unwind through frames of C++.
    const bare = rust.flatMap(({ file, code }) => {
      const functions = code.matchAll(
        /#\[napi(\([^\]]*\))?\]\s+(?:#\[[^\]]*\]\s+)*pub (?:async )?fn (\w+)/g,
      );
      return [...functions]
        .filter(([, options = '']) => !options.includes('catch_unwind'))
        .map(([, , name]) => `${file}: ${name}`);
    });
    none(bare, 'write #[napi(catch_unwind)] before a function');
  });
});

describe('files', () => {
  it('are short, or say why not', () => {
    const capped = [
      ...[...rust, ...crates].map(({ file }) => [file, RUST_LINES]),
      ...files('lib', '.js').map((file) => [file, JS_LINES]),
    ];
    for (const [file, cap] of capped) {
      const lines = read(file).trimEnd().split('\n').length;
      if (LONGER[file]) assert.ok(lines > cap, `${file} is short: drop its exception`);
      else assert.ok(lines <= cap, `${file} has ${lines} lines, ${cap} is the cap: two concerns?`);
    }
    none(
      Object.keys(LONGER).filter((file) => !capped.some(([known]) => known === file)),
      'exceptions for files that are gone',
    );
  });

  it('begin by saying what they are for', () => {
    const silent = [
      ...[...rust, ...crates].filter(({ text }) => !text.startsWith('//!')).map(({ file }) => file),
      ...javascript.filter((file) => !/^(#!.*\n)?('use strict';\n+)?\/[/*]/.test(read(file))),
    ];
    // What stands for a program of somebody else's says nothing about itself.
    const others = ['__test__/fixtures/', 'programs/projects/'];
    const isOther = (file) => others.some((place) => file.startsWith(place));
    none(
      silent.filter((file) => file !== 'index.js' && !isOther(file)),
      'the first thing in a file is its purpose',
    );
  });

  it('leave nothing to do for later', () => {
    const later = new RegExp(`\\b(TO${'DO'}|FIX${'ME'})\\b`);
    const texts = [
      ...[...rust, ...crates].map(({ file }) => file),
      ...javascript,
      ...files('', '.md').filter((file) => !file.includes('/fixtures/')),
    ];
    none(
      texts.flatMap((file) => places({ file, code: read(file) }, later)),
      'what is not done is an issue, not a comment',
    );
  });
});

describe('the steps of a spawn', () => {
  it('have each a number, a place among the reports and a name', () => {
    const source = read('src/sys/linux/step.rs');
    const numbered = [...source.matchAll(/^ {4}(\w+) = (\d+),$/gm)];
    const reported = [...source.matchAll(/^ {12}Step::(\w+),$/gm)].map(([, name]) => name);
    // What is not in the list of reports would be told as a failure of exec.
    const steps = numbered.map(([, name]) => name).filter((name) => name !== 'Exec');
    assert.deepStrictEqual(reported, steps, 'Step::from_report');
    const [, names] = /const STEPS = \[([^\]]*)\]/.exec(read('lib/failed-start.js'));
    const numbers = numbered.map(([, , number]) => Number(number));
    assert.deepStrictEqual(
      numbers,
      [...names.matchAll(/'\w+'/g)].map((_, index) => index).slice(1),
      'STEPS of lib/failed-start.js',
    );
  });
});

describe('package', () => {
  const manifest = JSON.parse(read('package.json'));

  it('has one version everywhere', () => {
    const version = /^version = "(.+)"$/m;
    const locked = /name = "sprog"\nversion = "(.+)"/;
    assert.strictEqual(version.exec(read('Cargo.toml'))[1], manifest.version, 'Cargo.toml');
    assert.strictEqual(locked.exec(read('Cargo.lock'))[1], manifest.version, 'Cargo.lock');
    const lock = JSON.parse(read('package-lock.json'));
    assert.strictEqual(require('../lib/version.js'), manifest.version, 'lib/version.js');
    assert.strictEqual(lock.version, manifest.version, 'package-lock.json');
    assert.strictEqual(lock.packages[''].version, manifest.version, 'package-lock.json');
    const entry = /^## .*$/m.exec(read('CHANGELOG.md'))?.[0] ?? '';
    assert.ok(entry.includes(manifest.version), `the changelog opens with "${entry}"`);
  });

  it('publishes files that exist and that index.js needs', () => {
    for (const place of manifest.files) {
      assert.ok(files(place, '').length > 0, `${place} is listed in "files" and missing`);
    }
  });

  it('locks versions, not the place they were fetched from', () => {
    for (const lockfile of files('', 'package-lock.json')) {
      none(places({ file: lockfile, code: read(lockfile) }, /https?:\/\/[^"]*\.tgz/), 'resolved');
    }
  });
});
