'use strict';
// `npm run faults`: how every operation ends when system calls fail, under ours and under Node's module,
// as a Markdown table. The faults and operations are those of __test__/faults.test.js.
//
//   npm run faults [-- TEXT]     only faults whose title holds TEXT

const path = require('node:path');
const { FAULTS } = require('../__test__/faults/cases.js');
const { observe, prepare } = require('../__test__/faults/observe.js');
const { OPERATIONS, OURS } = require('../__test__/faults/operations.js');

const ROOT = path.join(__dirname, '..');

function cells({ outcomes, left, strays, end }, names) {
  const bad = [
    end && `ended by ${end.split('\n')[0]}`,
    left?.fds && `${left.fds} descriptors left`,
    left?.zombies && `${left.zombies} zombies left`,
    strays.length > 0 && `${strays.length} processes left`,
  ].filter(Boolean);
  const texts = names.map((name) => outcomes[name] ?? '-');
  return [...texts, bad.join(', ') || 'nothing'];
}

async function main() {
  const reason = await prepare();
  if (reason) throw new Error(reason);
  const text = process.argv[2] ?? '';
  const faults = Object.entries(FAULTS).filter(([title]) => title.includes(text));
  if (faults.length === 0) throw new Error(`no fault whose title holds "${text}"`);
  const names = Object.keys({ ...OPERATIONS, ...OURS });
  const head = ['fault', 'hits', 'module', ...names, 'left over'];
  const print = (row) => console.log(`| ${row.join(' | ')} |`);
  print(head);
  print(head.map(() => '---'));
  for (const [title, fault] of faults) {
    const operations = fault.operations ?? Object.keys(OPERATIONS);
    const isNodes = operations.every((name) => name in OPERATIONS);
    const modules = { sprog: ROOT, ...(isNodes && { node: 'node:child_process' }) };
    for (const [module, place] of Object.entries(modules)) {
      const observed = await observe(place, fault, operations);
      print([title, observed.hits, module, ...cells(observed, names)]);
    }
  }
}

main().catch((error) => {
  process.stderr.write(`faults: ${error.message}\n`);
  process.exitCode = 1;
});
