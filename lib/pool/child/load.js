'use strict';
// The worker module: loaded the way its kind asks for, and its functions found by name.

const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

/**
 * @param {string} script an absolute path
 * @param {(url: string) => Promise<any>} importModule
 * @returns {Promise<(name: string) => Function | undefined>} finds an exported function
 */
async function loadModule(script, importModule) {
  const file = createRequire(script).resolve(script);
  const exported = await evaluate(file, importModule);
  return (name) => find(exported, name);
}

async function evaluate(file, importModule) {
  // require() is several milliseconds cheaper than the loader of ES modules.
  if (isCommonJs(file)) {
    try {
      return withDefault(createRequire(file)(file));
    } catch (error) {
      // It may throw anything, null too.
      const code = /** @type {any} */ (error)?.code;
      if (code !== 'ERR_REQUIRE_ESM' && code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error;
    }
  }
  return importModule(pathToFileURL(file).href);
}

/** As import() gives it, for modules whose exports are one function. */
function withDefault(exports) {
  return { default: exports };
}

function isCommonJs(file) {
  const kind = path.extname(file);
  if (kind === '.cjs' || kind === '.cts') return true;
  return kind === '.js' && packageType(path.dirname(file)) !== 'module';
}

/** `type` of the package that a directory belongs to. */
function packageType(directory) {
  for (let at = directory; ; at = path.dirname(at)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(at, 'package.json'), 'utf8')).type;
    } catch (error) {
      if (/** @type {any} */ (error).code !== 'ENOENT') return undefined;
    }
    if (at === path.dirname(at)) return undefined;
  }
}

/** A getter of the program's that throws makes for a function that does, as long as the getter does. */
function find(exported, name) {
  try {
    return own(exported, name);
  } catch {
    return (...args) => own(exported, name)?.(...args);
  }
}

function own(exported, name) {
  for (const holder of [exported, exported.default]) {
    if (holder === null || (typeof holder !== 'object' && typeof holder !== 'function')) continue;
    if (Object.hasOwn(holder, name) && typeof holder[name] === 'function') return holder[name];
  }
  return undefined;
}

module.exports = { loadModule };
