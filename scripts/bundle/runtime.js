'use strict';
// How the files of dist/ load the modules of lib/: those that they hold as functions, and others from
// texts. Put in front of each. In a checkout a file of lib/ that has changed since is taken as it
// is: what one tries is never the code of yesterday.

const fs = require('node:fs');
const path = require('node:path');

/**
 * @param {string} home the directory dist/
 * @param {{ id: string, texts: string[] }} build the texts have to be of the same; the first is read at once
 * @param {any} require that of a file in dist/
 */
function makeLoader(home, build, require) {
  const root = path.dirname(home);
  const definitions = Object.create(null);
  const modules = new Map();
  const texts = build.texts.map((name) => makeText(`${home}/${name}`, build.id));
  // Now: the package may be gone when its code is needed.
  texts[0].read();
  /** When dist/ was made, in a checkout; a published package has no lib/ to compare it with. */
  const made = fs.existsSync(`${root}/scripts/bundle.js`)
    ? fs.statSync(`${home}/${build.texts[0]}`).mtimeMs
    : undefined;

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
    for (const text of texts) {
      const source = text.find(name);
      if (source !== undefined) return compiled(name, source);
    }
    throw new Error(`sprog has no file ${name}`);
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

  return { build: build.id, load, define: (more) => Object.assign(definitions, more) };
}

/** Modules by name, in one file: their places in it stand in its second line, behind the build. */
function makeText(file, build) {
  /** Most of it never becomes a string. @type {Buffer | undefined} */
  let bytes;
  /** @type {Record<string, [number, number]> | undefined} places, counted from `begin` on */
  let index;
  let begin = 0;

  function read() {
    try {
      const found = fs.readFileSync(file);
      if (found.latin1Slice(0, build.length) === build) bytes = found;
    } catch {
      // Told when it is needed.
    }
  }

  function find(name) {
    if (bytes === undefined) read();
    if (bytes === undefined)
      throw new Error(`the files of sprog, ${file} too, are gone or changed`);
    if (index === undefined) {
      const end = bytes.indexOf('\n', build.length + 1);
      index = JSON.parse(bytes.latin1Slice(build.length, end));
      begin = end + 1;
    }
    const place = index?.[name];
    return place && bytes.latin1Slice(begin + place[0], begin + place[1]);
  }

  return { read, find };
}

module.exports = { makeLoader };
