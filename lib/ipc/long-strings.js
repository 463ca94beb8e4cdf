'use strict';
// Long strings in JSON messages. Putting one into JSON and taking it out again costs V8 many times what
// copying it does; most need no change. They pass beside the text that holds them, a name in their
// place; on the wire everything stands where JSON.stringify would have put it.

const { stringify, parse } = JSON;

/** From here on a string is long; src/channel/literals.rs has the same. */
const LONG = 64 * 1024;
/** After a long text without long strings so many are not looked into. */
const PAUSE = 50;

/** After a message with a long string so many are looked into. */
const LOOKS = 8;

/** What no string of a program has in it. */
let secret = '';

class LongStrings {
  /** How many messages are looked into, if none of them has a long string. */
  #expected = 0;
  /** How many long texts there will be before one is looked into. */
  #pause = 0;

  /**
   * Sends a message in pieces, if long strings are to be expected and are there.
   * @param {any} message
   * @param {number} descriptor -1 if there is none
   * @param {(pieces: string[]) => number} send
   * @returns {number | string | undefined} what `send` answers; or the text, which is still to be
   *   sent; or undefined if the message was not looked into
   */
  send(message, descriptor, send) {
    if (this.#expected === 0 || descriptor !== -1) return undefined;
    const { text, strings } = take(message);
    if (strings.length === 0) {
      const isLong = text.length >= LONG;
      this.#expected = isLong ? 0 : this.#expected - 1;
      if (isLong) this.#pause = PAUSE;
      return text;
    }
    this.#expected = LOOKS;
    const { EILSEQ } = require('node:os').constants.errno;
    const pieces = split(text, strings);
    const sent = strings.every(isWellFormed) ? send(pieces) : -EILSEQ;
    if (sent !== -EILSEQ) return sent;
    return pieces.map((piece, n) => (n % 2 ? stringify(piece).slice(1, -1) : piece)).join('');
  }

  /** A text is sent as a whole. */
  note(text) {
    if (text.length < LONG) return;
    if (this.#pause > 0) this.#pause -= 1;
    else this.#expected = LOOKS;
  }
}

/** Lone surrogates are escapes in JSON. */
function isWellFormed(string) {
  return /** @type {any} */ (string).isWellFormed();
}

/** The text of a message with a name in the place of each long string. */
function take(message) {
  secret ||= `sprog ${Array.from({ length: 4 }, () => Math.random().toString(36)).join('')} `;
  /** @type {string[]} */
  const strings = [];
  const text = stringify(message, (_key, value) => {
    if (typeof value !== 'string' || value.length < LONG) return value;
    return `${secret}${strings.push(value) - 1}`;
  });
  // As the codec has it, where JSON has no text for the message.
  return { text: `${text}`, strings };
}

/** The text around the strings, and the strings between. */
function split(text, strings) {
  const pieces = [];
  let at = 0;
  for (const [index, string] of strings.entries()) {
    const name = `"${secret}${index}"`;
    const start = text.indexOf(name, at);
    pieces.push(text.slice(at, start + 1), string);
    at = start + name.length - 1;
  }
  pieces.push(text.slice(at));
  return pieces;
}

/**
 * Parses a text whose long strings were taken out.
 * @param {string} text
 * @param {Map<string, string>} literals by their names
 */
function parseWith(text, literals) {
  return parse(text, (_key, value) =>
    typeof value === 'string' ? (literals.get(value) ?? value) : value,
  );
}

module.exports = { LongStrings, parseWith };
