'use strict';
// How Node's error messages speak of what was expected and of what they got instead. Pure.

const util = require('node:util');
const { NODE_MAJOR } = require('./node-version.js');

function kindOf(name) {
  return name.includes('.') ? 'property' : 'argument';
}

const PRIMITIVES = ['string', 'function', 'number', 'object', 'boolean', 'bigint', 'symbol'];

function describeExpected(expected) {
  const types = expected.filter((name) => PRIMITIVES.includes(name));
  const classes = expected.filter((name) => /^[A-Z]/.test(name));
  const others = expected.filter((name) => !types.includes(name) && !classes.includes(name));
  const parts = [];
  if (types.length)
    parts.push(`${types.length > 1 ? 'one of type' : 'of type'} ${enumerate(types)}`);
  if (classes.length) parts.push(`an instance of ${enumerate(classes)}`);
  if (others.length) parts.push(`${others.length > 1 ? 'one of ' : ''}${enumerate(others)}`);
  return parts.join(' or ');
}

/** a / a or b / a, b, or c */
function enumerate(names, word = 'or') {
  if (names.length < 3) return names.join(` ${word} `);
  return `${names.slice(0, -1).join(', ')}, ${word} ${names[names.length - 1]}`;
}

function describeType(value) {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') {
    const name = constructorName(value);
    return name === undefined ? util.inspect(value, { depth: -1 }) : `an instance of ${name}`;
  }
  if (typeof value === 'string') {
    const shown = value.length > 28 ? `${value.slice(0, 25)}...` : value;
    return `type string (${shown.includes("'") ? JSON.stringify(shown) : `'${shown}'`})`;
  }
  return `type ${typeof value} (${util.inspect(value, { colors: false })})`;
}

function constructorName(value) {
  const Class = value.constructor;
  if (Class === null || Class === undefined) return undefined;
  const { name } = Class;
  // Node 26 no longer takes an empty name, or one that is no string, for a name.
  if (NODE_MAJOR >= 26) return typeof name === 'string' && name !== '' ? name : undefined;
  return 'name' in Object(Class) ? name : undefined;
}

function showNumber(value) {
  return isHuge(value) ? groupDigits(value) : util.inspect(value);
}

function isHuge(value) {
  if (typeof value === 'bigint') return value > 2n ** 32n || value < -(2n ** 32n);
  return Number.isInteger(value) && Math.abs(value) > 2 ** 32;
}

/** 12_345. Node counts characters, not digits, so that 1e22 becomes 1e_+22. */
function groupDigits(value) {
  const grouped = String(value).replace(/(?<=.)(?<!^-)(?=(?:.{3})+$)/g, '_');
  return typeof value === 'bigint' ? `${grouped}n` : grouped;
}

module.exports = { describeExpected, describeType, enumerate, kindOf, showNumber };
