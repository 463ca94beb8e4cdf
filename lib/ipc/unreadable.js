'use strict';
// Messages that cannot be read although they were written: V8's deserializer needs more of the stack than its
// serializer does, so that what is nested deep enough is lost on the way. In Node that is an uncaught exception
// of the reader; one who knows better has a function under `UNREADABLE` at the ChildProcess, or at `process`.

/** `(malformed) => boolean`: whether that was taken care of. */
const UNREADABLE = Symbol('sprog.unreadable');

/**
 * Of those of one read the first is reported where nobody takes care of them: Node gives up the rest there.
 * @param {any} target
 * @param {{ error: any, source: any, isFirst: boolean }} malformed
 */
function reportUnreadable(target, malformed) {
  if (target[UNREADABLE]?.(malformed)) return;
  if (malformed.isFirst) throw malformed.error;
}

module.exports = { UNREADABLE, reportUnreadable };
