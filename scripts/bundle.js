'use strict';
// `npm run bundle`: makes dist/ of lib/, the same code in few files. A program's start, and that of a
// forked child, is as long as the list of files that it reads and the code that it compiles. So what
// each needs at once is one file, and the rest is text, compiled module by module when it is wanted:
//
//   dist/main.js               what require('sprog') needs
//   dist/ipc/preload.js        what a forked child needs before its program runs
//   dist/register/preload.js   what every child of a registered program gets
//   dist/pool/child/entry.js   what a pool forks
//   dist/modules.txt           every file of lib/ but for those of the next, read as a whole with either
//                              of the first two: the package may be gone when its code is needed
//   dist/more-modules.txt      what needs the files of the package anyway: pools and commands
//
// Comments are left out. The text keeps its lines, so that a stack trace names those of lib/.

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const { readModules, withoutComments } = require('./bundle/modules.js');

const ROOT = path.join(__dirname, '..');
const RUNTIME = path.join(__dirname, 'bundle', 'runtime.js');
/** The texts, and which modules each has: the first that takes one. */
const TEXTS = {
  'modules.txt': (name) => !/^(?:pool|cli)\//.test(name),
  'more-modules.txt': () => true,
};
const PARAMETERS = 'module, exports, require, load, ROOT, __filename, __dirname';

/** The files that hold code at once, each with the modules that it begins with. */
const MAIN = ['parts.js', 'api.js', 'run/api.js', 'child.js', 'exec.js', 'pool/lazy.js'];
const CHILD = ['ipc/preload.js', 'ipc/child-end.js'];

/** What dist/ is to hold, by the names there. @param {string} [root] */
function contents(root = ROOT) {
  const modules = readModules(path.join(root, 'lib'));
  const id = crypto.createHash('sha256');
  for (const [name, { code }] of modules) id.update(`${name}\n${code}\n`);
  const build = id.update(fs.readFileSync(RUNTIME)).digest('hex').slice(0, 16);

  const runtime = withoutComments(fs.readFileSync(RUNTIME, 'utf8'), 'runtime.js');
  const head = [
    "'use strict';",
    '// Made by scripts/bundle.js.',
    dense(runtime.slice(0, runtime.lastIndexOf('module.exports'))),
    `const BUILD = ${JSON.stringify({ id: build, texts: Object.keys(TEXTS) })};`,
  ].join('\n');

  return new Map([
    ...texts(modules, build),
    ['ipc/preload.js', [head, definitions(modules, CHILD), forChild].join('\n')],
    ['register/preload.js', fs.readFileSync(path.join(root, 'lib/register/preload.js'), 'utf8')],
    ['register/inherited.js', forInherited],
    ['pool/child/entry.js', forWorker],
    ['main.js', [head, definitions(modules, MAIN), forMain].join('\n')],
  ]);
}

/** @returns {[string, string][]} each text by its name */
function texts(modules, build) {
  const rest = new Map(modules);
  return Object.entries(TEXTS).map(([text, takes]) => {
    const index = {};
    let code = '';
    for (const [name, module] of rest) {
      if (!takes(name)) continue;
      rest.delete(name);
      index[name] = [code.length, code.length + module.code.length];
      code += module.code;
    }
    return [text, [build, JSON.stringify(index), code].join('\n')];
  });
}

const forMain = `
const begun = require.cache?.[path.join(__dirname, 'ipc', 'preload.js')]?.exports;
const loader = begun?.build === BUILD.id ? begun : makeLoader(__dirname, BUILD, require);
loader.define(DEFINITIONS);
loader.parts = loader.load('parts.js');
module.exports = loader;
`;

const forChild = `
module.exports = makeLoader(path.dirname(__dirname), BUILD, require);
module.exports.define(DEFINITIONS);
module.exports.load('ipc/preload.js');
`;

const forInherited = `'use strict';
// Made by scripts/bundle.js.
require('../main.js').load('register/inherited.js');
`;

// What its preload has read is enough. Code that was compiled from text cannot import.
const forWorker = `'use strict';
// Made by scripts/bundle.js.
const preload = require.resolve('../../ipc/preload.js');
const { load } = require.cache[preload]?.exports ?? require('../../main.js');
load('pool/child/entry.js').serve((url) => import(url));
`;

/** The modules that some need at once, as functions. */
function definitions(modules, roots) {
  const wanted = new Set();
  const add = (name) => {
    if (wanted.has(name)) return;
    wanted.add(name);
    modules.get(name).needs.forEach(add);
  };
  roots.forEach(add);
  const each = [...wanted].map(
    (name) => `'${name}': function (${PARAMETERS}) {\n${dense(modules.get(name).code)}\n},`,
  );
  return `const DEFINITIONS = {\n__proto__: null,\n${each.join('\n')}\n};`;
}

/** Without empty lines: a stack trace names these lines by the file in dist/. */
function dense(code) {
  return code.replace(/\n(?: *\n)+/g, '\n').trim();
}

/** Writes what has changed, each file at once or not at all. Quick where nothing has. */
function bundle(root = ROOT) {
  const dist = path.join(root, 'dist');
  let isChanged = false;
  for (const [name, text] of contents(root)) {
    // Throws where it is no JavaScript.
    if (name.endsWith('.js')) vm.compileFunction(text);
    const file = path.join(dist, name);
    if (read(file) === text) {
      // Readers in a checkout go by the time.
      fs.utimesSync(file, new Date(), new Date());
      continue;
    }
    isChanged = true;
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const draft = `${file}.${process.pid}`;
    fs.writeFileSync(draft, text);
    fs.renameSync(draft, file);
  }
  return isChanged;
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

module.exports = { bundle, contents };

if (require.main === module) bundle();
