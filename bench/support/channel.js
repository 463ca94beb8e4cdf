'use strict';
// Opens the channel of an IPC case: forks children/ipc.js with the serialization and the kind of
// child that the row asks for, and makes sure that the child is of that kind.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { check, loadModule, params } = require('./case.js');

const CHILD = path.join(__dirname, '..', 'children', 'ipc.js');

/** A forked child that answers; `close` ends it and waits for its exit. */
async function openChannel() {
  const { fork } = loadModule();
  const options = { serialization: params.serialization ?? 'json' };
  const plain = params.child === 'plain';
  const foreign = plain ? foreignNode() : undefined;
  const child = fork(CHILD, [], plain ? { ...options, execPath: foreign.path } : options);
  child.send({ command: 'who' });
  const { native } = await nextMessage(child);
  if (plain) check(!native, 'the child was to be a plain Node');
  return {
    child,
    async close() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await exited;
      foreign?.remove();
    },
  };
}

/** The child's next message; a child that ends first is a failure. */
function nextMessage(child) {
  return new Promise((resolve, reject) => {
    const settle = (act) => (value, signal) => {
      for (const [event, listener] of Object.entries(listeners)) child.off(event, listener);
      act(value, signal);
    };
    const listeners = {
      message: settle(resolve),
      error: settle(reject),
      exit: settle((code, signal) => {
        reject(new Error(`the child ended with ${signal ?? code} before it answered`));
      }),
    };
    for (const [event, listener] of Object.entries(listeners)) child.on(event, listener);
  });
}

// The same Node under another path: a child that sprog takes for a stranger, and so leaves alone.
function foreignNode() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-bench-'));
  const link = path.join(directory, 'node');
  fs.symlinkSync(process.execPath, link);
  return { path: link, remove: () => fs.rmSync(directory, { recursive: true, force: true }) };
}

module.exports = { openChannel, nextMessage };
