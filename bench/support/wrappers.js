'use strict';
// The wrapper packages among the peers, brought to one shape: run a program to its end, answer with
// its output. They stand on the runtime's own child_process.

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

module.exports = { isWrapper, loadWrapper };
