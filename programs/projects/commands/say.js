const { GIVEN, FROM_FILE, NODE_OPTIONS } = process.env;
const [, , word, code] = process.argv;
console.log(word, GIVEN ?? '-', FROM_FILE ?? '-', NODE_OPTIONS.split('--require').length);
process.exitCode = Number(code ?? 0);
