'use strict';
// Command lines of the scripts. A wrong one ends the script with 2 and says which options there are, without a
// stack.

const { parseArgs } = require('node:util');

/**
 * `--name VALUE`, all of them numbers.
 * @template {Record<string, number>} T
 * @param {T} defaults what may be given, and what holds otherwise
 * @param {string[]} [args]
 * @returns {T}
 */
function readArguments(defaults, args = process.argv.slice(2)) {
  const values = { ...defaults };
  for (let at = 0; at < args.length; at += 2) {
    const name = args[at].replace(/^--/, '');
    const value = Number(args[at + 1]);
    if (!Object.hasOwn(defaults, name) || !Number.isFinite(value) || args[at + 1] === undefined) {
      const known = Object.keys(defaults).map((key) => `--${key} NUMBER`);
      refuse(`not understood: ${args.slice(at, at + 2).join(' ')}`, known);
    }
    /** @type {any} */ (values)[name] = value;
  }
  return values;
}

/**
 * The values of options as util.parseArgs() describes them.
 * @template {import('node:util').ParseArgsConfig['options']} T
 * @param {T} options
 */
function readOptions(options) {
  try {
    return parseArgs({ options }).values;
  } catch (/** @type {any} */ error) {
    const known = Object.entries(options ?? {}).map(([name, { type }]) =>
      type === 'string' ? `--${name} VALUE` : `--${name}`,
    );
    return refuse(error.message, known);
  }
}

/** @param {string} what @param {string[]} known @returns {never} */
function refuse(what, known) {
  process.stderr.write(`${what}\noptions: ${known.join(', ')}\n`);
  return process.exit(2);
}

module.exports = { readArguments, readOptions };
