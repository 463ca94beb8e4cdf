'use strict';
// Why sprog exists, in two bars: how long one spawn() stalls the event loop of a process with 1 GB of
// resident memory, under node:child_process and under sprog.
//
//   node examples/loop-stall.js [GIGABYTES]

const { once } = require('node:events');
const os = require('node:os');
const node = require('node:child_process');
const sprog = require('sprog');
const { bar, bold, dim, green, line, milliseconds, red } = require('./support/terminal.js');

const GIGABYTE = 2 ** 30;
const BLOCK = 2 ** 26;
const ROUNDS = 15;

async function main() {
  const wanted = Number(process.argv[2] ?? 1) * GIGABYTE;
  const memory = hold(Math.min(wanted, os.freemem() / 2));
  const resident = (process.memoryUsage().rss / GIGABYTE).toFixed(1);
  line(dim(`  ${resident} GB resident; ${ROUNDS} times spawn('/bin/true') under each, in turn`));

  const stalls = { node: [], sprog: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    stalls.node.push(await stall(node));
    stalls.sprog.push(await stall(sprog));
  }
  if (memory.length === 0) throw new Error('no memory was held');
  draw(median(stalls.node), median(stalls.sprog));
}

/** Buffers that are written to, since memory counts as resident only then. */
function hold(bytes) {
  return Array.from({ length: Math.ceil(bytes / BLOCK) }, () => Buffer.alloc(BLOCK, 1));
}

/** Milliseconds for which the call itself kept everything else from running. */
async function stall(childProcess) {
  const before = process.hrtime.bigint();
  const child = childProcess.spawn('/bin/true', { stdio: 'ignore' });
  const after = process.hrtime.bigint();
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`/bin/true ended with code ${code}`);
  return Number(after - before) / 1e6;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function draw(theirs, ours) {
  const longest = Math.max(theirs, ours);
  line(`  node:child_process ${bar(theirs / longest, 40, red)} ${bold(milliseconds(theirs))}`);
  line(`  sprog              ${bar(ours / longest, 40, green)} ${bold(milliseconds(ours))}`);
  line(
    dim(
      `  under node:child_process the loop stands still ${(theirs / ours).toFixed(1)} times as long`,
    ),
  );
}

main();
