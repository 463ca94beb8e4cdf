'use strict';
// The wrapper packages among the peers, brought to one shape: run a program to its end, answer with
// its output. They stand on the runtime's own child_process.

const { promisify } = require('node:util');

const WRAPPERS = {
  async execa() {
    const { execa } = await import('execa');
    return {
      run: (file, args, { encoding = 'utf8' } = {}) =>
        execa(file, args, {
          encoding,
          maxBuffer: Number.POSITIVE_INFINITY,
          stripFinalNewline: false,
        }),
      // With a limit of its own kind: characters for text, bytes for buffers.
      encodings: ['buffer', 'utf8'],
    };
  },
  async tinyexec() {
    const { x } = await import('tinyexec');
    return { run: (file, args) => x(file, args, { throwOnError: true }), encodings: ['utf8'] };
  },
};

function isWrapper(name) {
  return Object.hasOwn(WRAPPERS, name);
}

function loadWrapper(name) {
  return WRAPPERS[name]();
}

/**
 * What a peer has for a program as a promise of its stdout: run(), the wrapper itself, Bun.spawn, or the
 * promisified execFile().
 */
async function promiseApi(name) {
  if (isWrapper(name)) {
    const { run } = await loadWrapper(name);
    return async (file, args) => (await run(file, args)).stdout;
  }
  const module = require(name);
  if (module.run) return async (file, args) => (await module.run(file, args)).stdout;
  const bun = /** @type {any} */ (globalThis).Bun;
  if (bun) {
    return async (file, args) => {
      const child = bun.spawn([file, ...args], { stdin: 'ignore', stderr: 'pipe' });
      const [text, , code] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      if (code !== 0) throw new Error(`${file} ended with ${code}`);
      return text;
    };
  }
  const execFile = promisify(module.execFile);
  return async (file, args) => (await execFile(file, args)).stdout;
}

module.exports = { isWrapper, loadWrapper, promiseApi };
