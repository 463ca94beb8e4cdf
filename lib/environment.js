// The environment of a child, as the `KEY=value` strings that execve takes.

const { passesFlagsOn, passFlagsOn } = require('./permission.js');
const { refuseNul } = require('./validate.js');

// From Node 22 on, what process.env inherits is not handed down.
const OWN_KEYS_ONLY = Number.parseInt(process.versions.node, 10) >= 22;

/**
 * @param {Record<string, any> | null | undefined} requested `options.env`; a falsy one means process.env
 * @param {unknown[]} args of the child, which may carry permission flags
 * @returns {string[]}
 */
function environmentPairs(requested, args) {
  if (requested) {
    // Coverage must not end at a child whose environment was written by hand. Node adds the
    // variable to the caller's own object.
    const coverage = process.env.NODE_V8_COVERAGE;
    if (coverage && requested !== process.env && !Object.hasOwn(requested, 'NODE_V8_COVERAGE')) {
      requested.NODE_V8_COVERAGE = coverage;
    }
    if (passesFlagsOn) passFlagsOn(requested, args);
    return toPairs(requested);
  }
  if (passesFlagsOn) {
    const env = { ...process.env };
    passFlagsOn(env, args);
    return toPairs(env);
  }
  if (OWN_KEYS_ONLY && inherits(process.env)) return toPairs({ ...process.env });
  return toPairs(process.env);
}

function toPairs(env) {
  const pairs = [];
  // `for...in` over process.env costs twice as much as its own keys do, so it is kept for objects
  // that inherit variables: those count too.
  if (inherits(env)) for (const key in env) addPair(pairs, env, key);
  else for (const key of Object.keys(env)) addPair(pairs, env, key);
  return pairs;
}

function inherits(env) {
  for (const _ in Object.getPrototypeOf(env)) return true;
  return false;
}

function addPair(pairs, env, key) {
  const value = env[key];
  if (value === undefined) return;
  const pair = `${key}=${value}`;
  pairs.push(pair.includes('\0') ? withoutNul(pair, key, value) : pair);
}

/** Only text is refused; what was made into text ends at its first NUL, as any C string. */
function withoutNul(pair, key, value) {
  const name = `options.env['${key}']`;
  refuseNul(key, name);
  refuseNul(value, name);
  return pair.slice(0, pair.indexOf('\0'));
}

module.exports = { environmentPairs };
