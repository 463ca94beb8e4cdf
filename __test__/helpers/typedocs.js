'use strict';
// What an editor would show of the typings: whether each thing that is exported has a text.

const path = require('node:path');

/**
 * Names of what has no text: exports that are declared in the package, the ways to call its functions,
 * and the properties and methods of its interfaces.
 * @param {any} ts the compiler's API (TypeScript 5)
 * @param {string} place the package's directory
 * @returns {string[]}
 */
function undocumented(ts, place) {
  const index = path.join(place, 'index.d.ts');
  const program = ts.createProgram([index], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const missing = [];

  const isOurs = (node) => !path.relative(place, node.getSourceFile().fileName).startsWith('..');
  const check = (thing, name) => {
    if (thing.getDocumentationComment(checker).length === 0) missing.push(name);
  };

  const module = checker.getSymbolAtLocation(program.getSourceFile(index));
  for (const exported of checker.getExportsOfModule(module)) {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
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

module.exports = { undocumented };
