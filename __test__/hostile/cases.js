'use strict';
// Hostile acts, each a function of fixtures/wire-hostile.py, and what becomes of a parent: under Node's
// own module, and under ours, where that is not the same. Each difference stands in docs/compat.md.

const MIB = 1024 * 1024;
const PEAK = 64 * MIB;

/**
 * @typedef {object} Case
 * @property {string} sees what a parent sees
 * @property {string | RegExp} [nodeSees] what it sees under Node's module, if that is something else
 * @property {boolean} [nodeLeaks] whether it keeps descriptors there
 * @property {'json' | 'advanced'} [mode]
 * @property {any} [options] more options of spawn
 * @property {(child: any) => string} [parent] what the parent does meanwhile, and what came of it
 * @property {number} [peak] the most memory that it may take in between
 */

/** Sends a hundred thousand messages to one who does not read. */
function sendMuch(child) {
  let refused = 0;
  for (let n = 0; n < 100_000; n++) if (!child.send({ n })) refused++;
  return refused > 50_000 ? 'false' : 'true';
}

const cap = { maxMessageSize: 8 * MIB };
const good = 'messages "good"';
const last = 'messages "last"';
const mine = 'messages "mine", "last"';
const ack = 'answered NODE_HANDLE_ACK';
const nack = 'answered NODE_HANDLE_NACK';
const syntaxError = 'uncaught SyntaxError';
const typeError = 'uncaught TypeError';
const tooLarge = "'error' ERR_SPROG_MESSAGE_TOO_LARGE; 'disconnect'";
const abort = 'the end of the parent: SIGABRT';

/** @type {Record<string, Case>} */
const lines = {
  endless_line: { sees: 'nothing', peak: 3 * PEAK },
  line_past_the_cap: {
    options: cap,
    sees: `messages "good", "xxxxxxx... of 8388608; ${tooLarge}`,
    nodeSees: `messages "good", "xxxxxxx... of 8388608; ${syntaxError}`,
    peak: 2 * PEAK,
  },
  invalid_utf8: { sees: 'messages "a\ufffdb", "\ufffd", "\ufffd\ufffd\ufffd", "last"' },
  malformed_between: {
    sees: `messages "good", "last"; ${syntaxError}`,
    nodeSees: `${good}; ${syntaxError}`,
  },
  malformed_alone: { sees: `messages "good", "last"; ${syntaxError}` },
  two_in_a_line: { sees: `${last}; ${syntaxError}`, nodeSees: syntaxError },
  empty_lines: { sees: `${last}; ${syntaxError} again and again` },
  nul_bytes: { sees: `${last}; ${syntaxError}` },
  deep_nesting: { sees: 'messages 100000 arrays deep, "last"' },
  // It comes in several reads, of which Node keeps the first: the next line is malformed with them.
  deep_nesting_without_an_end: {
    sees: `${last}; ${syntaxError}`,
    nodeSees: `${syntaxError} ×2`,
  },
  prototypes: {
    sees: 'messages {"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}, "last"',
  },
  million_messages: { sees: 'messages 1 ×1000000' },
  cut_off: { sees: `${good}; 'disconnect'` },
  closes_at_once: { sees: "'disconnect'" },
};

/** @type {Record<string, Case>} */
const controls = {
  answers_unasked: { sees: last, nodeSees: `${last}; uncaught Error ×2` },
  socket_lists_unasked: {
    sees: `${last}; answered NODE_SOCKET_COUNT, NODE_SOCKET_ALL_CLOSED`,
    nodeSees: last,
  },
  unknown_control: { sees: 'messages {"cmd":"NODE_"}, "last"' },
  handle_without_descriptor: { sees: `${last}; ${nack}` },
};

/** @type {Record<string, Case>} */
const descriptors = {
  descriptors_unasked: { sees: 'messages "plain" ×1000, "last"', nodeLeaks: true },
  descriptors_on_one_line: {
    sees: 'messages "xxxx", "last"',
    nodeLeaks: true,
  },
  descriptors_on_an_endless_line: { sees: 'nothing', nodeLeaks: true },
  descriptor_in_the_middle: { sees: `${mine}; handles TCP; ${ack}` },
  unknown_type: {
    sees: `${last}; ${ack}`,
    nodeSees: `${last}; ${typeError}; ${ack}`,
    nodeLeaks: true,
  },
  inherited_type: {
    sees: `${last}; ${ack}`,
    nodeSees: `${last}; ${typeError}; ${ack}`,
    nodeLeaks: true,
  },
  regular_file: { sees: `${last}; ${nack}`, nodeSees: abort },
  directory: { sees: `${last}; ${nack}` },
  datagram_as_stream: {
    sees: `${last}; ${ack}`,
    nodeSees: `${mine}; handles Socket; ${typeError}; ${ack}`,
  },
  listening_as_socket: { sees: `${mine}; handles Socket; ${ack}` },
  channel_itself: { sees: `${mine}; handles Socket; ${ack}` },
};

/** @type {Record<string, Case>} */
const frames = {
  // Node 20 throws, Node 26 waits.
  four_gigabytes: {
    sees: `${good}; ${tooLarge}`,
    nodeSees: /^messages "good"(; uncaught Error)?$/,
  },
  two_gigabytes: { sees: good },
  frame_past_the_cap: { options: cap, sees: `${good}; ${tooLarge}`, nodeSees: good },
  empty_frame: { sees: `${last}; uncaught Error` },
  empty_frames: {
    sees: `${last}; uncaught Error again and again`,
    nodeSees: 'uncaught Error again and again',
  },
  garbage: { sees: `${last}; uncaught Error ×3` },
  truncated: { sees: `${last}; uncaught Error` },
  length_bombs: { sees: `${last}; uncaught Error ×6` },
  unknown_view: {
    sees: `${last}; ${typeError}`,
    nodeSees: /^messages "last"; uncaught (Type)?Error$/,
  },
  deep_frame: { sees: `${last}; uncaught RangeError` },
  frame_cut_off: { sees: `${good}; 'disconnect'` },
  frame_prototypes: { sees: 'messages {"__proto__":{"polluted":"1"}}, "last"' },
  frame_handle_without_descriptor: { sees: `${last}; ${nack}` },
};

/** @type {Record<string, Case>} */
const silence = {
  reads_nothing: { parent: sendMuch, sees: 'send false' },
  stops_itself: { parent: sendMuch, sees: 'send false' },
};

for (const frame of Object.values(frames)) frame.mode = 'advanced';

/** By what the acts are made of. */
const GROUPS = { lines, controls, descriptors, frames, silence };

/** @type {Record<string, Case>} by act */
const CASES = Object.assign({}, ...Object.values(GROUPS));

module.exports = { CASES, GROUPS };
