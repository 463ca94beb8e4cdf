'use strict';
// `npm run programs`: programs that people use, unchanged, under plain Node and under sprog/register.
//
//   npm run programs [-- TITLE...]   those whose title contains one of the words
//   --nodes 20,26                    under these Nodes
//   --quick                          the selection of the tests
//   --output                         also print what each of them printed

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { nodeBinary } = require('../__test__/helpers/nodes.js');
const { setup } = require('../scripts/setup.js');
const { installPrograms } = require('./install.js');
const { PROGRAMS } = require('./list.js');
const { compare } = require('./run.js');

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      nodes: { type: 'string', default: '20,26' },
      quick: { type: 'boolean', default: false },
      output: { type: 'boolean', default: false },
    },
  });
  // Before anything is built or fetched for it.
  const wanted = PROGRAMS.filter(
    ({ title, isQuick }) =>
      (!values.quick || isQuick) &&
      (positionals.length === 0 || positionals.some((word) => title.includes(word))),
  );
  if (wanted.length === 0) throw new Error(`no such program: ${positionals}`);
  setup();
  installPrograms({ isQuick: values.quick });

  let failed = 0;
  console.log(
    '| program | Node | what it was seen to do | Node processes, ours of all | as plain Node |',
  );
  console.log('| --- | --- | --- | --- | --- |');
  for (const program of wanted) {
    for (const major of values.nodes.split(',').map(Number)) {
      if (major < (program.since ?? 0)) continue;
      const { plain, registered, differences } = await compare(program, nodeBinary(major));
      const isWell = plain.code === (program.code ?? 0) && differences.length === 0;
      if (!isWell) failed += 1;
      console.log(row(program, major, registered, isWell));
      if (plain.code !== (program.code ?? 0)) console.log(`  plain Node: exit ${plain.code}`);
      for (const line of differences) console.log(`  ${line}`);
      if (values.output) console.log(plain.lines.map((line) => `  ${line}`).join('\n'));
    }
  }
  return failed === 0 ? 0 : 1;
}

function row({ title, package: name, does }, major, { processes }, isWell) {
  const ours = processes.filter(({ isOurs }) => isOurs).length;
  const version = name ? ` ${versionOf(name)}` : '';
  const seen = `${ours} of ${processes.length}`;
  return `| ${title}${version} | ${major} | ${does} | ${seen} | ${isWell ? 'yes' : 'NO'} |`;
}

function versionOf(name) {
  const manifest = path.join(__dirname, 'node_modules', name, 'package.json');
  return JSON.parse(fs.readFileSync(manifest, 'utf8')).version;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(`programs: ${error.message}`);
    process.exitCode = 1;
  },
);
