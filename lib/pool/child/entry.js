'use strict';
// What a pool forks: loads the worker module and runs its functions for the pool. In dist/ a file that
// calls serve() is forked instead.

const { CMD, OP } = require('../protocol.js');
const { encodeError } = require('../remote-error.js');
const { ambient } = require('./ambient.js');
const { send, sendError } = require('./link.js');
const { loadModule } = require('./load.js');
const { Runner } = require('./runner.js');
const { salvage } = require('../salvage.js');
const { UNREADABLE } = require('../../ipc/unreadable.js');

/** @type {InstanceType<typeof Runner> | undefined} */
let runner;

/**
 * Serves the pool until it is told to end.
 * @param {(url: string) => Promise<any>} importModule
 */
function serve(importModule) {
  process.on(/** @type {any} */ ('internalMessage'), (frame) => {
    if (frame.cmd === CMD) receive(frame, importModule);
  });
  /** @type {any} */ (process)[UNREADABLE] = ({ error, source }) => {
    // The rest of a read was given up: nobody knows what is missing.
    if (source === undefined) throw error;
    const head = salvage(source);
    if (head?.o !== OP.TASKS) return false;
    for (let number = head.b; number < head.b + head.c; number++)
      sendError(number, undefined, error);
    return true;
  };
  // The pool is gone, or the program closed the channel: there is nothing to live for.
  process.on('disconnect', () => process.exit());
  ambient().isWorker = true;
  // Internal messages keep no process alive by themselves.
  /** @type {any} */ (process.channel).ref();
}

function receive(frame, importModule) {
  switch (frame.o) {
    case OP.INIT:
      start(frame, importModule);
      return;
    case OP.NAME:
      runner?.learn(frame.n);
      return;
    case OP.TASKS:
      runner?.take(frame);
      return;
    case OP.CANCEL:
      runner?.cancel(frame.s);
      return;
    case OP.CREDIT:
      runner?.grant(frame.s, frame.n);
      return;
    case OP.RECLAIM:
      runner?.giveBack();
      return;
    case OP.SHUTDOWN:
      end();
  }
}

/** What was written to a pipe may still be under way. */
function end() {
  const written = [process.stdout, process.stderr].map(
    (stream) => new Promise((resolve) => stream.write('', resolve)),
  );
  Promise.all(written).finally(() => process.exit());
}

async function start({ script, concurrency, claims }, importModule) {
  // As if the module had been started itself.
  process.argv[1] = script;
  try {
    const find = await loadModule(script, importModule);
    runner = new Runner(find, concurrency, claims);
    send({ o: OP.READY, c: runner.isOpen });
  } catch (error) {
    tell(error);
    process.exit(1);
  }
}

/** Why it cannot be started. */
function tell(error) {
  try {
    send({ o: OP.FAILED, e: encodeError(error) });
  } catch {
    send({ o: OP.FAILED, e: encodeError(error, true) });
  }
}

module.exports = { serve };

if (require.main === module) serve((url) => import(url));
