'use strict';
// The code blocks of a Markdown page, and how each is run: as a user would, in a directory of the page
// where sprog is installed.
//
// A mark is an HTML comment on the line before the block:
//
//   <!-- part -->              a file that other blocks need: it is written, not run
//   <!-- not run: REASON -->   cannot be run here
//   <!-- output -->            not code: what the block before it prints, all of it; `...` is anything
//   <!-- fails: CODE -->       ends with that exit code
//
// A first line `// NAME` or `# NAME` is the name of the file. What is neither JavaScript, TypeScript, a
// shell's nor JSON is left alone.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');
const LIMIT_MS = 60_000;

const EXTENSIONS = { js: '.js', cjs: '.cjs', mjs: '.mjs', ts: '.mts', sh: '.sh', json: '.json' };

/**
 * @typedef {object} Snippet
 * @property {string} language
 * @property {string} code
 * @property {number} line where it begins
 * @property {string} [name] of its file
 * @property {string} [mark] part, not run, output, fails
 * @property {string} [value] of the mark
 */

/** @returns {Snippet[]} */
function snippets(text) {
  const lines = text.split('\n');
  const found = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [, indent, language] = /^( *)```(\w*)/.exec(lines[at]) ?? [];
    if (indent === undefined) continue;
    const end = lines.findIndex((line, index) => index > at && line === `${indent}\`\`\``);
    if (end === -1) throw new Error(`line ${at + 1}: a block without an end`);
    const code = lines.slice(at + 1, end).map((line) => line.slice(indent.length));
    const before = lines.slice(0, at).filter(Boolean).at(-1) ?? '';
    const [, mark, value] = /^ *<!-- ([\w ]+?)(?:: (.+?))? -->$/.exec(before) ?? [];
    const [, name] = /^(?:\/\/|#) ([\w./-]+\.\w+)$/.exec(code[0] ?? '') ?? [];
    found.push({ language, code: `${code.join('\n')}\n`, line: at + 1, name, mark, value });
    at = end;
  }
  return found;
}

const MARKS = ['part', 'not run', 'output', 'fails'];

/** What is to be done with the blocks of a page: which are run, and what each has to print. */
function plan(text) {
  const steps = [];
  for (const snippet of snippets(text)) {
    const { language, mark, line, value } = snippet;
    if (mark === 'output') {
      const before = steps.at(-1);
      if (!before || before.output !== undefined) throw new Error(`line ${line}: output of what?`);
      before.output = snippet.code;
      continue;
    }
    if (!Object.hasOwn(EXTENSIONS, language)) continue;
    // Any other comment is a remark, and none of ours.
    if (mark === 'not run' && !value) throw new Error(`line ${line}: not run, and no reason`);
    steps.push({ ...snippet, mark: MARKS.includes(mark) ? mark : undefined });
  }
  return steps;
}

/** A directory in which the package is installed, as is what its types need. */
function makeHome(home) {
  const modules = path.join(home, 'node_modules');
  fs.mkdirSync(path.join(modules, '.bin'), { recursive: true });
  fs.symlinkSync(ROOT, path.join(modules, 'sprog'));
  fs.symlinkSync(path.join(ROOT, 'node_modules/@types'), path.join(modules, '@types'));
  fs.symlinkSync(path.join(ROOT, 'lib/cli/sprog.js'), path.join(modules, '.bin/sprog'));
}

/** Writes a block into its file; answers the name. */
function place(home, snippet, index) {
  const { language, code } = snippet;
  const isModule = language === 'js' && /^(import|export|await|for await) ?[\w{*(]/m.test(code);
  const extension = isModule ? '.mjs' : EXTENSIONS[language];
  const name = snippet.name ?? `block-${index}${extension}`;
  const file = path.join(home, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, code);
  return name;
}

const TSC = path.join(ROOT, 'node_modules/typescript/bin/tsc');
const TSC_OPTIONS = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024'];

function commandOf({ language }, name) {
  if (language === 'ts') return [process.execPath, [TSC, ...TSC_OPTIONS, '--skipLibCheck', name]];
  if (language === 'sh') return ['sh', ['-e', name]];
  if (language === 'json') return [process.execPath, ['-e', `require('./${name}')`]];
  return [process.execPath, [name]];
}

/** Runs a block to its end, or to the limit. */
async function run(home, snippet, name) {
  const [command, args] = commandOf(snippet, name);
  const child = spawn(command, args, {
    cwd: home,
    // A group of its own, so that what it started ends with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PATH: `${path.join(home, 'node_modules/.bin')}${path.delimiter}${process.env.PATH}`,
      // The runner of the tests tells its children so, and they would report to it.
      NODE_TEST_CONTEXT: undefined,
      NO_COLOR: '1',
    },
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', (text) => {
      output[stream] += text;
    });
  }
  const timer = setTimeout(() => endGroup(child.pid), LIMIT_MS);
  const [code, signal] = await new Promise((resolve) => {
    child.on('close', (...end) => resolve(end));
  });
  clearTimeout(timer);
  return { ...output, end: signal ?? code };
}

function endGroup(leader) {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Gone meanwhile.
  }
}

/** Whether `printed` is what the page shows. */
function matches(printed, shown) {
  const parts = shown.trimEnd().split('...');
  const pattern = parts
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[\\s\\S]*?');
  return new RegExp(`^${pattern}$`).test(printed.trimEnd());
}

module.exports = { makeHome, matches, place, plan, run, snippets };
