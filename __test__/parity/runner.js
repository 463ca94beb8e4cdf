'use strict';
// Runs the cases of one file under one implementation and writes what they observed as JSON.
//
//   node runner.js <node|sprog|registered> <case file> <output file> [title]
//
// A case is `async (t) => {}`; see ./context.js for what `t` offers. The cases of a file run one
// after the other in this one process; a case that needs a process of its own starts one.

const fs = require('node:fs');
const path = require('node:path');
const { makeContext } = require('./context.js');

const [implementation, file, output, only] = process.argv.slice(2);
const CASE_TIMEOUT_MS = 30_000;

async function main() {
  const cases = require(path.resolve(file));
  const results = {};
  for (const [title, run] of Object.entries(cases)) {
    if (only && only !== title) continue;
    const { t, events, dispose } = makeContext(implementation);
    let timer;
    const timeout = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`case timed out: ${title}`)), CASE_TIMEOUT_MS);
    });
    try {
      await Promise.race([run(t), timeout]);
    } catch (error) {
      events.push(['case threw', String(error?.stack || error)]);
    } finally {
      clearTimeout(timer);
      dispose();
    }
    results[title] = events;
  }
  fs.writeFileSync(output, JSON.stringify(results));
}

main().then(() => process.exit(0));
