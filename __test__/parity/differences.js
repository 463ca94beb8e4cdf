'use strict';
// The deliberate differences: 'file: title' of a case whose events under sprog are meant to differ
// from Node's, with the reason. Each stands in docs/compat.md too. Such a case must differ: when
// Node's behaviour catches up, the entry has to go.

const always = {
  'exits.js: after a disconnect by the parent the exit comes, and close':
    'As below: close after a disconnect by the parent.',
  'ipc-lifecycle.js: close after a disconnect by the parent':
    'Node never emits close after a disconnect() of the parent; a program that waits for it hangs.',
  'ipc-lifecycle.js: lines after a malformed one in the same read':
    'Node loses the rest of the read; here only the malformed line is lost.',
  'ipc-lifecycle.js: a message that a disconnect interrupts, and the events after it':
    'Node drops the message that it waits for and then reports an error; here it is delivered.',
  'handles.js: data that comes while a socket is under way':
    'Node goes on reading a socket that it is about to give away; here the receiver gets it all.',
  'handles.js: a socket for a child whose death is not yet known':
    'Node says that it was sent and never closes it; here the callback gets the error.',
  'handles.js: a child that ends with a handle unanswered':
    'Node never closes the handle, emits no disconnect and forgets what waits behind; here all that ends.',
};

/**
 * In a registered program every child is handed a preload by NODE_OPTIONS. These cases look at the
 * environment of a child that is not Node; it is the one thing in which they may differ.
 */
const registered = [
  'environment.js: the variables of a child are those of options.env and no others',
  'environment.js: values are made into text, and undefined ones are dropped',
  'environment.js: inherited variables count',
  'environment.js: names that differ in case stay apart',
  'environment.js: odd names are passed on',
  'environment.js: the order is that of the object',
  'environment.js: anything that is truthy is taken for an environment',
  'environment.js: a process.env that was replaced is the one that counts',
  'environment.js: what is on Object.prototype is inherited too',
  'environment.js: coverage is handed down into an environment that lacks it',
  'environment.js: cwd does not change PWD',
  'environment.js: a lone surrogate becomes the replacement character',
  'fork.js: a child that is not Node sees two variables of the channel and the given environment',
  'fork.js: a child that is not Node gets the environment of the parent by default',
  'fork.js: a grandchild inherits nothing of the channel',
  'sync.js: environment: inherited keys, undefined and null',
  'validation.js: a NUL byte in converted text ends it',
];

/** What `ChildProcess.prototype` has beyond Node's, by name or by the text of its symbol. */
const added = [
  'killTree',
  'oomKilled',
  'resourceUsage',
  'usage',
  'Symbol(Symbol.asyncDispose)',
  'Symbol(nodejs.asyncDispose)',
];

module.exports = { added, always, registered };
