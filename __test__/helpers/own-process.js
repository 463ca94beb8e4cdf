'use strict';
// Parts of a parity case that need a Node process of their own: one that may crash, that must end
// by itself, whose descriptors are limited, or whose descriptors 0-2 are known.

const PRELUDE = `'use strict';
const [, modulePath, ...args] = process.argv;
const cp = require(modulePath);
const log = (...values) => require('node:fs').writeSync(1, JSON.stringify(values) + '\\n');
`;

/**
 * Command line that runs `body(cp, log, args)` in a fresh Node. The function is passed as source
 * text, so it sees nothing of the file it stands in. log() prints its values as a line of JSON.
 *
 * @param {{modulePath: string}} t
 * @param {(cp: any, log: (...values: any[]) => void, args: string[]) => void} body
 * @param {string[]} args
 */
function scriptArguments(t, body, args = []) {
  return ['-e', `${PRELUDE}(${body})(cp, log, args);`, '--', t.modulePath, ...args];
}

/** Starts `body` in a fresh Node as a child of the module under test. */
function startScript(t, body, { args, ...options } = {}) {
  return t.cp.spawn(t.node, scriptArguments(t, body, args), options);
}

/**
 * Runs `body` in a fresh Node to its end and logs each line it logged, then how it ended.
 * `limit` is a shell's `ulimit` argument list, as '-n 64'.
 */
async function runScript(t, body, { args, limit, ...options } = {}) {
  const argv = scriptArguments(t, body, args);
  const child = limit
    ? t.cp.spawn('sh', ['-c', `ulimit ${limit}; exec "$0" "$@"`, t.node, ...argv], options)
    : t.cp.spawn(t.node, argv, options);
  const [stdout, stderr, end] = await Promise.all([
    t.text(child.stdout),
    t.text(child.stderr),
    t.closed(child),
  ]);
  for (const line of stdout.split('\n')) if (line) t.log('script', ...JSON.parse(line));
  t.log('script ended', ...end);
  return stderr;
}

module.exports = { runScript, scriptArguments, startScript };
