'use strict';
// How the files of dist/ load the modules of lib/: those that they hold as functions, and others from
// one text. Put in front of each. In a checkout a file of lib/ that has changed since is taken as it
// is: what one tries is never the code of yesterday.

const fs = require('node:fs');
const path = require('node:path');

/**
 * @param {string} home the directory dist/
 * @param {string} build which build it is; the text has to be of the same
 * @param {any} require that of a file in dist/
 */
function makeLoader(home, build, require) {
  const root = path.dirname(home);
  const definitions = Object.create(null);
  const modules = new Map();
  /** @type {Record<string, [number, number]> | undefined} the places in `code` by name */
  let index;
  let code = '';
  let text = read();
  /** When dist/ was made, in a checkout; a published package has no lib/ to compare it with. */
  const made = fs.existsSync(`${root}/scripts/bundle.js`)
    ? fs.statSync(`${home}/modules.txt`).mtimeMs
    : undefined;

  function read() {
    try {
      const found = fs.readFileSync(`${home}/modules.txt`, 'utf8');
      return found.startsWith(build) ? found : undefined;
    } catch {
      return undefined;
    }
  }

  function load(name) {
    const known = modules.get(name);
    if (known !== undefined) return known.exports;
    const run = changed(name) ?? definitions[name] ?? compile(name);
    const file = `${home}/${name}`;
    const module = { exports: {} };
    modules.set(name, module);
    let isLoaded = false;
    try {
      run(module, module.exports, require, load, root, file, path.dirname(file));
      isLoaded = true;
    } finally {
      if (!isLoaded) modules.delete(name);
    }
    return module.exports;
  }

  function compile(name) {
    text ??= read();
    if (text === undefined)
      throw new Error(`the files of sprog in ${home} are gone, or were changed`);
    if (index === undefined) {
      // Behind the name of the build, and the index.
      const end = text.indexOf('\n', build.length + 1);
      index = JSON.parse(text.slice(build.length, end));
      code = text.slice(end + 1);
    }
    const place = index?.[name];
    if (place === undefined) throw new Error(`sprog has no file ${name}`);
    return compiled(name, code.slice(...place));
  }

  function compiled(name, source) {
    const parameters = ['module', 'exports', 'require', 'load', 'ROOT', '__filename', '__dirname'];
    const filename = `${root}/lib/${name}`;
    return require('node:vm').compileFunction(source, parameters, { filename });
  }

  /** The function of a file that is not what it was when dist/ was made. */
  function changed(name) {
    if (made === undefined) return undefined;
    const file = `${root}/lib/${name}`;
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    // Gone with the whole package, which works on.
    if (stat === undefined || stat.mtimeMs < made) return undefined;
    const run = compiled(name, fs.readFileSync(file, 'utf8'));
    return (module, exports, require, load, ...rest) => {
      const here = (wanted) => {
        if (!wanted.startsWith('.')) return require(wanted);
        const place = path.posix.join(path.posix.dirname(name), wanted);
        return place.startsWith('../') ? require(`${root}/${place.slice(3)}`) : load(place);
      };
      run(module, exports, here, load, ...rest);
    };
  }

  return { build, load, define: (more) => Object.assign(definitions, more) };
}

module.exports = { makeLoader };
