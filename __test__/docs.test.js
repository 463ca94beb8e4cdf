'use strict';
// What the pages say: every code block runs and prints what is shown, links lead somewhere, and each trap
// of docs/gotchas.md names a test that there is.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, it: test } = require('node:test');
const { makeHome, matches, place, plan, run, snippets } = require('./helpers/snippets.js');
const { ROOT } = require('./helpers/script.js');

const it = (title, ...rest) => {
  const [options, body] = rest.length === 2 ? rest : [{}, rest[0]];
  return test(title, { timeout: 120_000, ...options }, body);
};

const manifest = require('../package.json');

const PAGES = ['.', 'docs'].flatMap((place) =>
  fs
    .readdirSync(path.join(ROOT, place))
    .filter((name) => name.endsWith('.md') && name !== 'CHANGELOG.md')
    .map((name) => path.join(place, name)),
);

let tmp;
before(() => {
  tmp = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-docs-')));
});
after(() => fs.rmSync(tmp, { recursive: true, force: true }));

const read = (page) => fs.readFileSync(path.join(ROOT, page), 'utf8');

/** `npm run NAME` of this repository: too long to be run here, and tested elsewhere. */
function scriptsOf({ language, code }) {
  if (language !== 'sh') return undefined;
  const lines = code.split('\n').map((line) => line.replace(/ *#.*/, '').trim());
  const commands = lines
    .filter(Boolean)
    .map((line) => /^npm (?:run )?([\w:-]+)( -- .*)?$/.exec(line));
  return commands.every(Boolean) ? commands.map(([, name]) => name) : undefined;
}

for (const page of PAGES) {
  const steps = plan(read(page));
  if (steps.length === 0) continue;
  describe(page, () => {
    let home;
    let names;
    before(() => {
      home = path.join(tmp, page.replaceAll('/', '-'));
      makeHome(home);
      names = steps.map((step, index) => place(home, step, index));
    });

    for (const [index, step] of steps.entries()) {
      const { line, language, mark, value, output } = step;
      if (mark === 'part') continue;
      const skip = mark === 'not run' ? value : false;
      const scripts = scriptsOf(step);
      it(`line ${line} (${language})`, { skip }, async () => {
        if (scripts) {
          const unknown = scripts.filter((name) => !Object.hasOwn(manifest.scripts, name));
          assert.deepStrictEqual(unknown, []);
          return;
        }
        const { stdout, stderr, end } = await run(home, step, names[index]);
        assert.strictEqual(String(end), mark === 'fails' ? value : '0', `${stdout}${stderr}`);
        if (output === undefined) return;
        assert.ok(matches(stdout, output), `it printed:\n${stdout}\n${stderr}`);
      });
    }
  });
}

describe('the pages', () => {
  it('link to what there is', () => {
    const broken = PAGES.flatMap((page) => {
      const text = read(page).replace(/^ *```[\s\S]*?^ *```$/gm, '');
      return [...text.matchAll(/\]\(([^)]+)\)/g)]
        .map(([, link]) => link)
        .filter((link) => !/^\w+:/.test(link) && !leads(page, link))
        .map((link) => `${page}: ${link}`);
    });
    assert.deepStrictEqual(broken, []);
  });

  it('are all in the index of docs/', () => {
    const index = read('docs/README.md');
    const missing = PAGES.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md')
      .map((page) => path.basename(page))
      .filter((name) => !index.includes(`(${name})`));
    assert.deepStrictEqual(missing, []);
  });

  it('leave few blocks unrun, each for a reason', () => {
    const all = PAGES.flatMap((page) => plan(read(page)));
    const unrun = all.filter(({ mark }) => mark === 'not run');
    assert.ok(all.length > 20);
    assert.ok(unrun.length < all.length / 4, `${unrun.length} of ${all.length}`);
  });

  it('name tests that there are, in docs/gotchas.md', () => {
    const rows = [...read('docs/gotchas.md').matchAll(/^\|.*\| ([\w./-]+\.js): (.+?) +\|$/gm)];
    assert.ok(rows.length > 15);
    const missing = rows.filter(([, file, title]) => {
      const place = path.join(ROOT, '__test__', file);
      return !fs.existsSync(place) || !hasTitle(fs.readFileSync(place, 'utf8'), title);
    });
    assert.deepStrictEqual(
      missing.map(([, file, title]) => `${file}: ${title}`),
      [],
    );
  });

  /** Whether a link leads to a file, and to a heading of it. */
  function leads(page, link) {
    const [file, heading] = link.split('#');
    const target = file === '' ? page : path.join(path.dirname(page), file);
    if (!fs.existsSync(path.join(ROOT, target))) return false;
    if (!heading) return true;
    const headings = [...read(target).matchAll(/^#+ (.+)$/gm)].map(([, text]) => anchor(text));
    return headings.includes(heading);
  }

  /** As GitHub makes them of headings. */
  function anchor(text) {
    const words = text.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '');
    return words.trim().replaceAll(' ', '-');
  }

  /** A title may be put together: then it is what stands before the first part of it. */
  function hasTitle(source, title) {
    return source.includes(title.replaceAll('`', '\\`')) || source.includes(title);
  }
});

describe('the reader of pages', () => {
  it('finds blocks, their names and their marks', () => {
    const text = [
      'text',
      '```js',
      '// a.js',
      'one();',
      '```',
      '',
      '<!-- output -->',
      '```text',
      'one ... two',
      '```',
      '<!-- not run: needs a daemon -->',
      '```sh',
      'docker run',
      '```',
      '```ini',
      'a=b',
      '```',
    ].join('\n');
    assert.strictEqual(snippets(text).length, 4);
    const [first, second, ...rest] = plan(text);
    assert.deepStrictEqual(rest, []);
    assert.deepStrictEqual(
      [first.name, first.output, first.line, second.mark, second.value],
      ['a.js', 'one ... two\n', 2, 'not run', 'needs a daemon'],
    );
    assert.ok(matches('one and two\n', first.output));
    assert.ok(!matches('one and three\n', first.output));
    assert.throws(() => plan('<!-- output -->\n```\nnothing\n```'), /output of what/);
    assert.throws(() => plan('<!-- not run -->\n```js\n```'), /no reason/);
  });

  it('sees what a block does', async () => {
    const home = path.join(tmp, 'reader');
    makeHome(home);
    const outcome = (language, code) => {
      const step = { language, code, line: 1 };
      return run(home, step, place(home, step, 0));
    };
    assert.strictEqual((await outcome('js', 'throw new Error();\n')).end, 1);
    assert.strictEqual(
      (await outcome('js', "await import('sprog');\nconsole.log(1);\n")).stdout,
      '1\n',
    );
    assert.strictEqual((await outcome('ts', 'const a: string = 1;\n')).end, 1);
    assert.strictEqual((await outcome('sh', 'sprog --version\nfalse\n')).end, 1);
    assert.strictEqual((await outcome('json', '{ "a": }\n')).end, 1);
  });
});
