'use strict';
// Signal names and numbers.

const { signals } = require('node:os').constants;
const { invalidArgType, unknownSignal } = require('./errors.js');

/** @type {Map<string, number>} */
const NUMBERS = new Map(Object.entries(signals));
const KNOWN = new Set(NUMBERS.values());
/** @type {Map<number, string>} where several names share a number, Node reports the first */
const NAMES = new Map();
for (const [name, number] of NUMBERS) if (!NAMES.has(number)) NAMES.set(number, name);

/**
 * The number for kill(): undefined means SIGTERM, 0 only asks whether the process exists.
 * Real-time signals have no name here and are refused, as Node does.
 */
function toSignalNumber(signal) {
  if (signal === undefined) return signals.SIGTERM;
  return signal === 0 ? 0 : known(signal);
}

/** The number of `options.killSignal`, or undefined if there is none. */
function sanitizeKillSignal(killSignal) {
  if (killSignal === null || killSignal === undefined) return undefined;
  if (typeof killSignal !== 'string' && typeof killSignal !== 'number') {
    throw invalidArgType('options.killSignal', ['string', 'number'], killSignal);
  }
  return known(killSignal);
}

function known(signal) {
  if (typeof signal === 'number' && KNOWN.has(signal)) return signal;
  const number = typeof signal === 'string' ? NUMBERS.get(signal.toUpperCase()) : undefined;
  if (number === undefined) throw unknownSignal(signal);
  return number;
}

/** The name of a signal that ended a process; '' for real-time signals, as Node reports them. */
function signalName(number) {
  return NAMES.get(number) ?? '';
}

module.exports = { toSignalNumber, sanitizeKillSignal, signalName };
