'use strict';
// Command lines of the scripts: `--name VALUE`, all of them numbers.

/**
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
      throw new Error(`${args[at]} ${args[at + 1] ?? ''}: known are ${known.join(', ')}`);
    }
    /** @type {any} */ (values)[name] = value;
  }
  return values;
}

module.exports = { readArguments };
