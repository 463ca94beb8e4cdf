'use strict';
// What the typings say to whom does not compile: which names are there at run time, and whether each
// thing that is exported has a text for an editor to show.

const path = require('node:path');

/**
 * Names of what has no text: exports that are declared in the package, the ways to call its functions,
 * and the properties and methods of its interfaces.
 * @param {any} ts the compiler's API (TypeScript 5)
 * @param {string} place the package's directory
 * @returns {string[]}
 */
function undocumented(ts, place) {
  const { checker, symbols } = load(ts, place);
  const missing = [];

  const isOurs = (node) => !path.relative(place, node.getSourceFile().fileName).startsWith('..');
  const check = (thing, name) => {
    if (thing.getDocumentationComment(checker).length === 0) missing.push(name);
  };

  for (const symbol of symbols) {
    if (!symbol.declarations?.some(isOurs)) continue;
    check(symbol, symbol.name);
    const isValue = (symbol.flags & ts.SymbolFlags.Value) !== 0;
    const type = isValue
      ? checker.getTypeOfSymbol(symbol)
      : checker.getDeclaredTypeOfSymbol(symbol);
    // An alias has one text for all that it stands for.
    if ((symbol.flags & ts.SymbolFlags.TypeAlias) !== 0) continue;
    for (const signature of type.getCallSignatures()) {
      if (!isOurs(signature.declaration)) continue;
      check(signature, symbol.name + checker.signatureToString(signature));
    }
    for (const member of checker.getPropertiesOfType(type)) {
      // Methods of a ChildProcess that are Node's have Node's texts.
      if (member.declarations?.some(isOurs)) check(member, `${symbol.name}.${member.name}`);
    }
  }
  return missing;
}

/** Names that the typings say are there at run time. */
function valueNames(ts, place) {
  const { symbols } = load(ts, place);
  return symbols
    .filter(({ flags }) => (flags & ts.SymbolFlags.Value) !== 0)
    .map(({ name }) => name);
}

let last;

/** What the package exports. The last package is kept: reading Node's types takes seconds. */
function load(ts, place) {
  if (last?.place === place) return last;
  const index = path.join(place, 'index.d.ts');
  const program = ts.createProgram([index], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(index));
  const symbols = checker.getExportsOfModule(module).map((symbol) => {
    const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
    return isAlias ? checker.getAliasedSymbol(symbol) : symbol;
  });
  last = { place, checker, symbols };
  return last;
}

module.exports = { undocumented, valueNames };
