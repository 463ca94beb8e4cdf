'use strict';
// Lists of strings as they cross into the addon. Pure.

/**
 * A list as the system takes it: every entry ended by a NUL. Anything may stand in it; what is
 * not a string is converted, and an entry ends at its first NUL, as any C string.
 */
function terminated(list) {
  return list.length === 0 ? '' : `${list.map(toText).join('\0')}\0`;
}

function toText(value) {
  const text = typeof value === 'string' ? value : `${value}`;
  const end = text.indexOf('\0');
  return end === -1 ? text : text.slice(0, end);
}

module.exports = { terminated };
