'use strict';
// Strings as they cross into the addon, where they become C strings. Pure.

/** A list as the system takes it: every entry ended by a NUL. Anything may stand in it, and nothing. */
function terminated(list) {
  return list.length === 0 ? '' : `${Array.from(list, untilNul).join('\0')}\0`;
}

/** What is not a string is converted, and ends at its first NUL, as any C string. */
function untilNul(value) {
  const text = typeof value === 'string' ? value : `${value}`;
  const end = text.indexOf('\0');
  return end === -1 ? text : text.slice(0, end);
}

module.exports = { terminated, untilNul };
