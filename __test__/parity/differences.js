'use strict';
// The deliberate differences: 'file: title' of a case whose events under sprog are meant to differ
// from Node's, with the reason. Each stands in docs/compat.md too. Such a case must differ: when
// Node's behaviour catches up, the entry has to go.

module.exports = {
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
