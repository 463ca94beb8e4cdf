'use strict';
// The `stdio` option: from all its forms to one plan, with nothing opened yet.

const { invalidArgValue, ipcOnePipe, ipcSyncFork, invalidSyncForkInput } = require('./errors.js');
const { Pipe } = require('./pipe-handle.js');

/** What the addon makes of an entry; src/bindings/spawn.rs has the same numbers. */
const KIND = {
  IGNORE: 0,
  SOCKET: 1,
  FIFO: 2,
  FD: 3,
  LEND: 4,
  CHANNEL: 5,
  FIFO_OR_SOCKET: 6,
  SAME: 7,
};

/** What the option cannot say: an entry of the plan, for callers inside of the package. */
class Planned {
  /** @param {Entry} entry */
  constructor(entry) {
    this.entry = entry;
  }
}

/** A pipe that holds at least what pipes hold by default; where there is none, a socket. */
const ROOMY_PIPE = new Planned({ kind: KIND.FIFO_OR_SOCKET });
/** For stderr: the very pipe that stdout is. */
const SAME_AS_STDOUT = new Planned({ kind: KIND.SAME, value: 1 });

/**
 * @typedef {object} Entry
 * @property {number} kind
 * @property {number} [value] the descriptor to inherit, the token of the stream that is lent, or the
 *   place of the entry that this one is the same as
 * @property {any} [stream] the stream object that is lent, if there is one
 * @property {boolean} [isInput] of a pipe: whether the child reads from it, in a sync call
 */

/**
 * @typedef {object} StdioPlan
 * @property {Entry[]} entries one for each descriptor of the child, from 0 on
 * @property {number} ipcIndex where 'ipc' stood in the option, which is what the child is told; -1
 *   without a channel
 * @property {number} channelEntry the place of the channel in `entries`, which holes move
 */

/**
 * @param {any} stdio a string, or an array, which is padded to three entries in place (as Node does)
 * @param {boolean} sync whether the call waits for the child: no channel then, and input allowed
 * @returns {StdioPlan}
 */
function parseStdio(stdio, sync) {
  const list = typeof stdio === 'string' ? fromWord(stdio) : stdio;
  if (!Array.isArray(list)) throw invalidArgValue('stdio', stdio);
  while (list.length < 3) list.push(undefined);
  /** @type {StdioPlan} */
  const plan = { entries: [], ipcIndex: -1, channelEntry: -1 };
  // Holes in the array are no entries, as in Node.
  list.forEach((item, index) => {
    if (item === 'ipc') {
      if (sync || plan.ipcIndex !== -1) throw sync ? ipcSyncFork() : ipcOnePipe();
      plan.ipcIndex = index;
      plan.channelEntry = plan.entries.length;
      plan.entries.push({ kind: KIND.CHANNEL });
    } else {
      const entry = parseEntry(item, index, sync);
      if (entry) plan.entries.push(entry);
    }
  });
  return plan;
}

function fromWord(word) {
  switch (word) {
    case 'ignore':
    case 'overlapped':
    case 'pipe':
    case 'fifo':
      return [word, word, word];
    case 'inherit':
      return [0, 1, 2];
    default:
      throw invalidArgValue('stdio', word);
  }
}

/**
 * @returns {Entry | undefined} nothing for text and bytes in a sync call, which Node passes over:
 *   what follows moves up
 */
function parseEntry(item, index, sync) {
  item ??= index < 3 ? 'pipe' : 'ignore';
  if (item === 'ignore') return { kind: KIND.IGNORE };
  if (item === 'pipe' || item === 'overlapped' || isNegative(item)) {
    return { kind: KIND.SOCKET, isInput: index === 0 };
  }
  if (item === 'fifo') return { kind: KIND.FIFO, isInput: index === 0 };
  if (item instanceof Planned) return item.entry;
  if (item === 'inherit') return { kind: KIND.FD, value: index };
  const handle = handleOf(item);
  if (handle instanceof Pipe) {
    return { kind: KIND.LEND, value: handle.token, stream: streamOf(item) };
  }
  if (typeof item === 'number') return { kind: KIND.FD, value: item };
  if (typeof item.fd === 'number') return { kind: KIND.FD, value: item.fd };
  if (handle !== undefined) return { kind: KIND.FD, value: handle.fd, stream: streamOf(item) };
  if (ArrayBuffer.isView(item) || typeof item === 'string') {
    if (!sync) throw invalidSyncForkInput(item);
    return undefined;
  }
  throw invalidArgValue('stdio', item);
}

function isNegative(item) {
  return typeof item === 'number' && item < 0;
}

/** Names of Node's own handle classes whose descriptor can become stdio. */
const NATIVE_HANDLES = new Set(['Pipe', 'TTY', 'TCP', 'UDP']);

/** The handle that `item` is, or has under one of the names that Node looks at. */
function handleOf(item) {
  return [item, item.handle, item._handle].find(
    (it) => it instanceof Pipe || (it && NATIVE_HANDLES.has(it.constructor?.name) && it.fd >= 0),
  );
}

/** A stream has to be paused while its descriptor is another child's; a server has not. */
function streamOf(item) {
  return typeof item.pause === 'function' ? item : undefined;
}

module.exports = { parseStdio, KIND, ROOMY_PIPE, SAME_AS_STDOUT };
